import { z } from 'zod';
import { operationKinds } from '../operation/request';
import { text } from '../documents/text';
import {
  channel,
  clock,
  condition,
  dayOfAnyYear,
  duration,
  groupId,
  identifier,
  name,
  plainFact,
  slug,
  teamNames,
  userId,
} from './schema-words';

/**
 * Shapes of the files that policy is made of: pure, so that JSON Schemas can be generated from them. What the values
 * mean (teams that exist, conditions that compile, days that are in the calendar) is checked by `policy.ts`.
 */
const team = z.union([
  teamNames,
  z.strictObject({
    slack_group: groupId.optional(),
    users: z.array(userId).min(1).max(200).optional(),
    /** Union with other teams. */
    teams: teamNames.optional(),
    /** Whoever is on call by this file: `oncall/<name>.yaml`. */
    schedule: text()
      .regex(/^oncall\/[^/]+\.ya?ml$/, 'has to be a file such as oncall/platform.yaml')
      .optional(),
    /** The owners of the paths that a change touches, by CODEOWNERS of the service's repository. */
    codeowners: z.literal(true).optional(),
    /** The team that owns the service. */
    owner: z.literal(true).optional(),
  }),
]);

const cron = text().max(100);

/** Weekly (`days`, `from`, `to`) or cron-like (`cron`, `for`). */
const window = z.strictObject({
  days: z.union([text(), z.array(text()).min(1)]).optional(),
  from: clock.optional(),
  to: clock.optional(),
  /** Minute, hour, day of the month, month, day of the week: it opens whenever the wall clock shows that. */
  cron: cron.optional(),
  /** How long it stays open. */
  for: duration.optional(),
  timezone: text().optional(),
});

/** A shadow rule is judged and told of, and binds nobody. */
const mode = z.enum(['enforce', 'shadow']);

const count = z.number().int().min(1).max(10);

const seat = z.union([
  identifier,
  z.strictObject({ team: identifier, count }),
  /** One seat that somebody of any of these teams fills. */
  z.strictObject({ any_of: teamNames, count: count.optional() }),
]);

const quietHours = z.union([z.literal('none'), z.strictObject({ from: clock, to: clock })]);

/** What happens when nobody decides: `after` is counted from the opening of the ballot. */
const escalation = z.strictObject({
  after: duration,
  remind: z.literal(true).optional(),
  /** May fill the seats that are still free, from then on. */
  widen: identifier.optional(),
  /** Is mentioned and written to. */
  page: identifier.optional(),
  /** Pages people in their quiet hours too. */
  urgent: z.boolean().optional(),
  expire: z.literal(true).optional(),
  reject: z.literal(true).optional(),
});

/** One approval rule, wherever it stands. */
export const approval = z.strictObject({
  name,
  mode: mode.optional(),
  when: condition.optional(),
  /** One seat each; `none` says on purpose that nobody has to approve. */
  require: z.union([z.literal('none'), z.array(seat).min(1).max(10)]),
  order: z.enum(['parallel', 'sequence']).optional(),
  timeout: duration.optional(),
  remind: z.array(duration).max(10).optional(),
  escalate: z.array(escalation).max(10).optional(),
  /** When its people are left in peace, each in their own time zone; without it, the company's. */
  quiet_hours: quietHours.optional(),
  channel: channel.optional(),
  /** `soft` (the default) gives way to break-glass, `hard` does not, `advisory` is only said. */
  level: z.enum(['advisory', 'soft', 'hard']).optional(),
  one_click: z.boolean().optional(),
  /** Approving takes a code from the approver's authenticator. */
  second_factor: z.literal('required').optional(),
});

const environment = z.strictObject({
  branch: text().optional(),
  path: text().optional(),
  channel: channel.optional(),
  watch: duration.optional(),
  /** Environments in which the same version has to have succeeded before. */
  after: z.array(slug).max(10).optional(),
  /** How long ago that has to be. */
  soak: duration.optional(),
  windows: z
    .array(z.union([slug, window]))
    .max(20)
    .optional(),
  /** `soft`: those whom `overrides` names let work pass while its windows are closed. */
  windows_level: z.enum(['soft', 'hard']).optional(),
  /** Refuses new work while the newest policy commit cannot be read. */
  strict: z.boolean().optional(),
  /** While the policy repository does not answer: `refuse` (the default of strict ones), or go by the last known policy. */
  when_unreachable: z.enum(['refuse', 'use_last']).optional(),
  /** Teams whose members may ask; without it, every full member of the workspace. */
  request: teamNames.optional(),
  /** Machines (token names) that may ask; without it, every machine with a token. */
  machines: z.array(text()).optional(),
  /** A rule set of its own: its seats add to the company's. */
  approvals: z.array(approval).max(100).optional(),
});

const declaredFact = z.union([z.literal('bool'), z.array(slug).min(2).max(10)]);

const factRule = z.strictObject({
  mode: mode.optional(),
  set: z.record(identifier, plainFact),
  when: condition.optional(),
});

/** Who may override a soft rule, always with a reason. */
const overrideRule = z.strictObject({
  who: teamNames,
  /** Whether whoever asked may override it themselves; without it, not. */
  self: z.boolean().optional(),
  /** How long the operation waits for somebody to do it. */
  timeout: duration.optional(),
});
const whenFrozen = z.enum(['finish', 'finish_step', 'finish_stage', 'hold', 'roll_back']);

/** Dated (`from`, `to`), of every year (`every: year`, `from`, `to`) or cron-like (`cron`, `for`). */
const freeze = z.strictObject({
  name,
  mode: mode.optional(),
  every: z.literal('year').optional(),
  from: dayOfAnyYear.optional(),
  to: dayOfAnyYear.optional(),
  cron: cron.optional(),
  for: duration.optional(),
  timezone: text().optional(),
  environments: z.array(slug).min(1).optional(),
  services: z.array(slug).min(1).optional(),
  /** Only work of which this holds. */
  when: condition.optional(),
  effect: z.enum(['wait', 'deny']).optional(),
  /** `soft`: those who may override it let work pass while it lasts. */
  level: z.enum(['soft', 'hard']).optional(),
  override: overrideRule.optional(),
  /** What happens to an operation that is running when the freeze begins. */
  running: whenFrozen.optional(),
  /** Kinds and labels that it does not hold back. */
  except: z.array(identifier).optional(),
});

const level = z.enum(['advisory', 'soft', 'hard']);

const companyRule = z.strictObject({
  name,
  mode: mode.optional(),
  when: condition,
  /** `hard` (the default) refuses, `soft` waits for an override, `advisory` is only said. */
  level: level.optional(),
  /** One full sentence of the company's own. */
  message: text().max(500),
  override: overrideRule.optional(),
});

const regime = { level: level.optional(), override: overrideRule.optional() };
/** `three_people`: whoever wrote a change may not ask for it either. */
const segregated = { ...regime, segregation: z.enum(['approvers', 'three_people']).optional() };
const compliance = z.strictObject({
  sox: z.strictObject(segregated).optional(),
  pci_dss: z.strictObject(segregated).optional(),
  gdpr: z
    .strictObject({
      ...regime,
      /** Where personal data may be; `*` stands for any part of a name. */
      regions: z.array(text()).min(1).max(100),
      privacy_assessment: z.union([z.literal('none'), z.strictObject({ max_age: duration })]).optional(),
    })
    .optional(),
  hipaa: z.strictObject(regime).optional(),
});

const handler = z.strictObject({
  for: text().regex(/^[a-z_]+(\.[a-z_]+)?$/, 'has to be a kind of work such as deploy or rollout.target'),
  when: condition.optional(),
  paths: z.array(text()).min(1).optional(),
  runbook: slug,
});

const metric = z.strictObject({
  connection: slug,
  query: text().max(4_000),
  unit: z.enum(['ratio', 'percent', 's', 'ms', 'count', 'bytes']),
  /** What an empty answer means; without it, an empty answer never passes. */
  absent: z.number().optional(),
});

const promotion = z.strictObject({
  from: slug,
  to: slug,
  how: z.enum(['copy', 'merge']),
  paths: z.array(text()).min(1).optional(),
});

/** `policy.yaml` */
export const policySchema = z.strictObject({
  version: z.literal(1),
  timezone: text().optional(),
  policy_changes: z.enum(['open', 'gated']).optional(),
  /** Newer commits bind only if each of them is signed by one of these keys. */
  verify: z.strictObject({ signers: z.array(text().max(4_000)).min(1).max(200) }).optional(),
  channels: z
    .strictObject({
      default: channel.optional(),
      policy: channel.optional(),
      rollback: channel.optional(),
      incidents: channel.optional(),
      watch: channel.optional(),
    })
    .optional(),
  teams: z.record(identifier, team).optional(),
  windows: z.record(slug, window).optional(),
  environments: z.record(slug, environment),
  facts: z
    .strictObject({
      declare: z.record(identifier, declaredFact).optional(),
      rules: z.array(factRule).max(100).optional(),
      /** Metrics that conditions see as `measured.<name>`: name -> name under `metrics`. */
      measure: z.record(identifier, identifier).optional(),
      /** Globs of files that change a database: what `change.has_migration` looks for. */
      migrations: z.array(text().max(200)).min(1).max(50).optional(),
    })
    .optional(),
  labels: z.record(identifier, z.strictObject({ who: teamNames.optional() })).optional(),
  approvals: z.array(approval).max(100).optional(),
  /** Approving takes a code from the approver's authenticator, whatever the rule. */
  second_factor: z.strictObject({ approvals: z.literal('required') }).optional(),
  /** What the company refuses, in its own words. */
  rules: z.array(companyRule).max(200).optional(),
  /** Who may override soft rules that name nobody themselves. */
  overrides: overrideRule.optional(),
  /** What services under a regime have to keep to; which those are, the service files say. */
  compliance: compliance.optional(),
  /** When reminders and pages leave people in peace, each in their own time zone. */
  quiet_hours: quietHours.optional(),
  freezes: z.array(freeze).max(200).optional(),
  break_glass: z
    .strictObject({
      who: teamNames,
      /** Where and for what it may be claimed; a key that is absent says nothing, without `for` it is everything. */
      for: z
        .strictObject({
          environments: z.array(slug).min(1).max(100).optional(),
          services: z.array(slug).min(1).max(200).optional(),
          kinds: z.array(z.enum(operationKinds)).min(1).optional(),
        })
        .optional(),
      review_by: teamNames.optional(),
      within: duration.optional(),
    })
    .optional(),
  /** Teams whose members may act on every running operation, besides those that have a say in it anyway. */
  operators: teamNames.optional(),
  /** Teams whose members may read what the programs of steps wrote, besides those that have a say in the operation. */
  logs: z.strictObject({ who: teamNames }).optional(),
  /** How long logs, and the bodies of plans and files in the blob store, are kept; a day at least. */
  retention: z.strictObject({ logs: duration.optional(), blobs: duration.optional() }).optional(),
  /** An open incident holds back its service; kinds and labels in `except` it does not. */
  incidents: z
    .strictObject({ freeze: z.enum(['service', 'none']).optional(), except: z.array(identifier).optional() })
    .optional(),
  /** Who may lock, freeze and stop by command, and what passes; what is absent is said in docs/policy.md. */
  holds: z
    .strictObject({
      lock: z.strictObject({ who: teamNames.optional(), max: duration.optional() }).optional(),
      /** Somebody else's lock: unlock it, hand it over, take it. */
      unlock: z.strictObject({ who: teamNames }).optional(),
      freeze: z
        .strictObject({
          who: teamNames.optional(),
          except: z.array(identifier).optional(),
          running: whenFrozen.optional(),
        })
        .optional(),
      stop: z.strictObject({ who: teamNames.optional(), except: z.array(identifier).optional() }).optional(),
    })
    .optional(),
  /** Without it a rollback asks nobody and waits for nothing, and who may ask for work may roll it back. */
  rollback: z
    .strictObject({
      who: teamNames.optional(),
      approvals: z.enum(['none', 'as_deploy']).optional(),
      windows: z.enum(['ignore', 'keep']).optional(),
      freezes: z.enum(['ignore', 'keep']).optional(),
      /** The company's own `rules`. */
      rules: z.enum(['ignore', 'keep']).optional(),
    })
    .optional(),
  /** `extra_seat`: one more seat, of the service's owner, when nobody knows who wrote a change. */
  unknown_authors: z.enum(['say', 'extra_seat']).optional(),
  /** Workflow types that may call `requestApproval`, and `client` for those who start it directly; without it, nobody. */
  approval_callers: z.array(text()).optional(),
  handlers: z.array(handler).max(200).optional(),
  metrics: z.record(identifier, metric).optional(),
  promotions: z.array(promotion).max(50).optional(),
});

export type PolicyFile = z.infer<typeof policySchema>;
export type EnvironmentRules = z.infer<typeof environment>;
export type ApprovalRule = z.infer<typeof approval>;
export type FreezeRule = z.infer<typeof freeze>;
export type MetricRule = z.infer<typeof metric>;
export type TeamRule = z.infer<typeof team>;
export type OverrideText = z.infer<typeof overrideRule>;
export type WindowRule = z.infer<typeof window>;
