import { z } from 'zod';
import { text } from '../documents/text';

/**
 * Shapes of the files that policy is made of: pure, so that JSON Schemas can be generated from them. What the values
 * mean (teams that exist, conditions that compile, days that are in the calendar) is checked by `policy.ts`.
 */
const name = text().max(80);
const identifier = text()
  .max(60)
  .regex(/^[a-z][a-z0-9_]*$/, 'has to be lower-case letters, digits and _, a letter first');
const slug = text()
  .max(60)
  .regex(/^[a-z0-9][a-z0-9_-]*$/i, 'has to be letters, digits, - and _');
const duration = text()
  .max(20)
  .regex(/^(\d{1,9}(ms|s|m|h|d))+$/, 'has to be a length of time such as 30s, 5m, 4h or 2d');
const condition = text().max(2_000);
const channel = text().regex(/^(#[\p{L}\p{N}_.-]{1,80}|[CG][A-Z0-9]{2,})$/u, 'has to be a channel such as "#deploys"');
const userId = text().regex(/^[UW][A-Z0-9]+$/, 'has to be a Slack user id such as U0LEE');
const groupId = text().regex(/^S[A-Z0-9]+$/, 'has to be a Slack user group id such as S0SECURITY');
const day = text().regex(/^\d{4}-\d{2}-\d{2}$/, 'has to be a day such as 2026-12-18');
const dayOfAnyYear = text().regex(
  /^(\d{4}-)?\d{2}-\d{2}$/,
  'has to be a day such as 2026-12-18, or "12-18" with every: year',
);
const clock = text().regex(/^\d{1,2}:\d{2}$/, 'has to be a time of day such as "09:00"');
const teamNames = z.array(identifier).min(1).max(20);
const plainFact = z.union([z.boolean(), text()]);

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

const approval = z.strictObject({
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
    .strictObject({ who: teamNames, review_by: teamNames.optional(), within: duration.optional() })
    .optional(),
  /** Teams whose members may act on every running operation, besides those that have a say in it anyway. */
  operators: teamNames.optional(),
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

/** `people.yaml`: by Slack user id, every other name of the same person. */
export const peopleSchema = z.strictObject({
  people: z.record(
    userId,
    z.strictObject({
      name: text().optional(),
      email: text().optional(),
      /** Further Slack accounts of the same person. */
      accounts: z.array(userId).optional(),
      /** Author names and addresses in Git. */
      git: z.array(text()).optional(),
      timezone: text().optional(),
      /** Who sits in for them, dates inclusive. */
      delegate: z.strictObject({ to: userId, from: day, until: day }).optional(),
    }),
  ),
});

const localTime = text().regex(
  /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2})?$/,
  'has to be a day or a day and time such as 2026-12-24T09:00',
);

/** `oncall/<name>.yaml`: who is on call when. */
export const scheduleSchema = z.strictObject({
  timezone: text(),
  /** One after the other, and from the beginning again. */
  rotation: z.array(userId).min(1).max(100),
  /** The first shift begins at the first handoff on or after this day. */
  start: day,
  /** `day` only where `length` is whole weeks. */
  handoff: z.strictObject({ day: text().optional(), at: clock }).optional(),
  /** Whole days, or hours that divide a day. */
  length: duration,
  /** Swaps and holidays; of several at one time the last one listed counts. */
  overrides: z
    .array(z.strictObject({ from: localTime, until: localTime, who: userId }))
    .max(500)
    .optional(),
});

const named = z.union([text(), z.looseObject({ name: text() })]);

/** `configs/services/<name>.yaml`: an open format of which these keys act. */
export const serviceSchema = z.strictObject({
  service: z.looseObject({
    name: slug,
    owner: identifier.optional(),
    /** A connection of the kind `git`: where its code is. */
    repository: slug.optional(),
    /** Its folder there. */
    path: text()
      .max(1_000)
      .regex(
        /^(?!\/)(?!(?:.*\/)?\.\.?(?:\/|$))[^\\:%]+$/,
        'has to be a folder of the repository, such as services/checkout',
      )
      .optional(),
    /** How a version is called as a tag there: `v{version}`. */
    version_tag: text()
      .max(100)
      .regex(/^[^{}]*\{version\}[^{}]*$/, 'has to have {version} in it, such as "v{version}"')
      .optional(),
    /** A rule set of its own: its seats add to the company's and the environment's. */
    approvals: z.array(approval).max(50).optional(),
    compliance: z
      .looseObject({
        pci_dss: text().optional(),
        sox: text().optional(),
        gdpr: text().optional(),
        hipaa: text().optional(),
        /** The newest privacy impact assessment. */
        privacy_assessment: z.looseObject({ date: day }).optional(),
        encryption: z.looseObject({ at_rest: z.boolean().optional(), in_transit: z.boolean().optional() }).optional(),
        /** Where the log of access is. */
        access_log: z.union([z.boolean(), text()]).optional(),
      })
      .optional(),
    deployment: z
      .looseObject({
        regions: z.array(text()).optional(),
        requires_dual_approval: z.boolean().optional(),
        blackout_windows: z
          .array(z.looseObject({ start: day, end: day, timezone: text().optional(), reason: text().optional() }))
          .max(100)
          .optional(),
      })
      .optional(),
    monitoring: z.looseObject({ custom_metrics: z.array(named).optional() }).optional(),
    dependencies: z
      .looseObject({ internal: z.array(named).optional(), external: z.array(named).optional() })
      .optional(),
  }),
});

export type PolicyFile = z.infer<typeof policySchema>;
export type EnvironmentRules = z.infer<typeof environment>;
export type ApprovalRule = z.infer<typeof approval>;
export type FreezeRule = z.infer<typeof freeze>;
export type HandlerRule = z.infer<typeof handler>;
export type MetricRule = z.infer<typeof metric>;
export type ServiceDocument = z.infer<typeof serviceSchema>['service'];
export type PersonEntry = z.infer<typeof peopleSchema>['people'][string];
export type ScheduleDocument = z.infer<typeof scheduleSchema>;
export type TeamRule = z.infer<typeof team>;
export type OverrideText = z.infer<typeof overrideRule>;
export type WindowRule = z.infer<typeof window>;
