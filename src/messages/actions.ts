import { z } from 'zod';

/**
 * Names of everything a person can press or submit. The bot registers its listeners by these, the renderers put them
 * on buttons; a change breaks cards that are already posted.
 */
export const ACTIONS = {
  approve: 'vote.approve',
  reject: 'vote.reject',
  /** Override a soft rule, or close a review: an approval with a reason. */
  approveWithReason: 'vote.with_reason',
  withdraw: 'vote.withdraw',
  cancel: 'operation.cancel',
  abort: 'operation.abort',
  rollback: 'operation.rollback',
  retry: 'operation.retry',
  finishWatch: 'operation.finish_watch',
  pause: 'operation.pause',
  resume: 'operation.resume',
  retryStep: 'operation.retry_step',
  skipStep: 'operation.skip_step',
  stopHere: 'operation.stop_here',
  show: 'operation.show',
  follow: 'operation.follow',
  retryUndo: 'hands.retry_undo',
  doneByHand: 'hands.done',
  leaveIt: 'hands.leave',
  incidentOpen: 'incident.open',
  incidentUpdate: 'incident.update',
  incidentAssign: 'incident.assign',
  incidentMitigate: 'incident.mitigate',
  incidentResolve: 'incident.resolve',
  /** Opens the form of a runbook. */
  runbookRun: 'runbook.run',
  runbookPrevious: 'runbook.previous',
  runbookNext: 'runbook.next',
  extendLease: 'resource.extend',
  /** What the programs of a step wrote, and another step's in the dialog that shows it. */
  log: 'log.open',
  logOther: 'log.other',
  /** Carries out what the declared servers differ by. */
  bringAbout: 'resource.servers',
  homeDeploy: 'home.deploy',
  homeRefresh: 'home.refresh',
  /** Every link button sends a payload too; it is acknowledged and nothing else. */
  openLink: 'link.open',
} as const;

export type ActionId = (typeof ACTIONS)[keyof typeof ACTIONS];

/** Callback ids of the modals. */
export const MODALS = {
  approve: 'modal.approve',
  reject: 'modal.reject',
  approveWithReason: 'modal.with_reason',
  reason: 'modal.reason',
  deploy: 'modal.deploy',
  rollback: 'modal.rollback',
  provision: 'modal.provision',
  runbook: 'modal.runbook',
  incident: 'modal.incident',
  incidentUpdate: 'modal.incident_update',
  incidentAssign: 'modal.incident_assign',
  destroy: 'modal.destroy',
  log: 'modal.log',
  losing: 'modal.losing',
} as const;

/** Block ids of inputs; the action id of every input is `value`. */
export const INPUT = 'value';

const id = z.string().min(1).max(255);
/** Of longer paths no button can tell. */
export const stepPathMax = 800;
/** No version is longer; see `isVersion`. */
export const versionMax = 128;

/** What a button says: ids, and what its question named; never a decision's content. */
const values = z.strictObject({
  /** Operation. */
  o: id.optional(),
  /** Ballot. */
  b: id.optional(),
  /** Digest of the ballot, or of the servers that a form shows as losing their data. */
  d: z.string().max(128).optional(),
  /** Incident. */
  i: id.optional(),
  /** One click is enough: no modal (policy, for low risk). */
  q: z.literal(1).optional(),
  /** Approving takes a code from an authenticator. */
  f: z.literal(1).optional(),
  /** Resource, `<kind>/<name>`. */
  t: z.string().max(140).optional(),
  /** Group of servers; without it, all of them. */
  g: z.string().max(40).optional(),
  /** Environment. */
  e: z.string().max(140).optional(),
  /** Length of time, ms. */
  m: z.int().positive().optional(),
  /** Version that the question named; null when it said "the version before". */
  v: z.string().min(1).max(versionMax).nullable().optional(),
  /** Path of a step whose log is meant. */
  l: z.string().min(1).max(stepPathMax).optional(),
  /** Question that is decided, or path of the step that is passed over. */
  a: z.string().min(1).max(stepPathMax).optional(),
  /** Whose log of it: that of its undo. */
  w: z.literal('undo').optional(),
  /** Runbook. */
  r: id.optional(),
  /** Which list of runbooks, its page from 0, and what was searched for. */
  k: z.enum(['runbook', 'provision']).optional(),
  p: z.int().min(0).max(9_999).optional(),
  s: z.string().max(200).optional(),
});

export type ActionValue = z.infer<typeof values>;

/** A decision needs all three. */
export type VoteValue = ActionValue & { readonly o: string; readonly b: string; readonly d: string };

/** The value of a button: compact JSON below Slack's 2000 characters. */
export function encodeValue(value: ActionValue): string {
  return JSON.stringify(values.parse(value));
}

/** What a button said, or undefined when it is not ours. */
export function decodeValue(text: string | undefined): ActionValue | undefined {
  return decode(values, text);
}

export function decodeVoteValue(text: string | undefined): VoteValue | undefined {
  const value = decodeValue(text);
  return value?.o && value.b && value.d !== undefined ? (value as VoteValue) : undefined;
}

const metas = z.strictObject({
  value: values.optional(),
  /** Which button of several the modal was opened from, or the runbook whose form it is. */
  action: z.string().max(200).optional(),
  /** Where the modal was asked for; private answers go there. */
  channel: z.string().max(40).optional(),
  ts: z.string().max(40).optional(),
  /** Slack's id of the click that opened it: what a vote or an act is keyed by. */
  actionId: z.string().max(200).optional(),
});

export type ModalMeta = z.infer<typeof metas>;

/** A modal's `private_metadata`. */
export function encodeMeta(meta: ModalMeta): string {
  return JSON.stringify(metas.parse(meta));
}

export function decodeMeta(text: string | undefined): ModalMeta | undefined {
  return decode(metas, text);
}

function decode<Value>(schema: z.ZodType<Value>, text: string | undefined): Value | undefined {
  if (!text || text.length > 3000) return undefined;
  try {
    const parsed = schema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
