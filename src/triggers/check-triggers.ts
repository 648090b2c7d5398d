import { didYouMean } from '../documents/nearest';
import { compileCondition, compileExpression } from '../expressions/cel';
import type { NameSpace } from '../expressions/names';
import type { Json } from '../json';
import type { Found } from '../runbooks/check-step';
import { parseDuration } from '../runbooks/duration';
import { bareCondition, hasTemplate, templateParts } from '../runbooks/expressions';
import { inputProblem, wanted } from '../runbooks/inputs';
import type { Library } from '../runbooks/library';
import type { Runbook } from '../runbooks/schema';
import type { AlertTrigger, ScheduleTrigger, TriggerName, Triggers, WebhookTrigger } from '../runbooks/trigger-schema';
import { metricProblems } from './check-metric';
import { pushProblems } from './check-push';
import { timesProblems } from './schedule-times';

/** What the expressions of a trigger see. */
const events: { readonly [trigger in TriggerName]: NameSpace } = {
  push: {
    event: {
      fields: { repository: 'text', branch: 'text', commit: 'text', before: 'text', authors: 'list', paths: 'list' },
    },
  },
  schedule: { event: { fields: { scheduled_at: 'text' } } },
  alert: { event: { fields: { labels: 'open', annotations: 'open', starts_at: 'text', fingerprint: 'text' } } },
  metric: { event: { fields: { labels: 'open', value: 'number', since: 'text', at: 'text' } } },
  webhook: { event: { fields: { by: 'text', at: 'text', body: 'open' } } },
};

/** What is wrong with the meaning of a runbook's `on`. */
export function triggerProblems(
  runbook: Runbook,
  library: Pick<Library, 'policy' | 'connections' | 'metrics'>,
): readonly Found[] {
  const { push, schedule, alert, metric, webhook } = runbook.on ?? {};
  const common = (name: TriggerName, trigger: NonNullable<Triggers[TriggerName]>): readonly Found[] => [
    ...ownerProblems(trigger.owner, library),
    ...inputsProblems({ runbook, given: trigger.inputs ?? {}, names: events[name] }),
  ];
  return [
    ...(push
      ? under('push', [...pushProblems(push, library), ...oftenProblems(push, events.push), ...common('push', push)])
      : []),
    ...(schedule ? under('schedule', [...scheduleProblems(schedule), ...common('schedule', schedule)]) : []),
    ...(alert ? under('alert', [...alertProblems(alert), ...common('alert', alert)]) : []),
    ...(metric
      ? under('metric', [
          ...metricProblems(metric, library),
          ...oftenProblems(metric, events.metric),
          ...common('metric', metric),
        ])
      : []),
    ...(webhook ? under('webhook', [...webhookProblems(webhook), ...common('webhook', webhook)]) : []),
  ];
}

function under(name: TriggerName, problems: readonly Found[]): readonly Found[] {
  return problems.map((problem) => ({ ...problem, path: ['on', name, ...problem.path] }));
}

function scheduleProblems(schedule: ScheduleTrigger): readonly Found[] {
  return timesProblems(schedule).map(({ key, ...problem }) => ({ path: [key], ...problem }));
}

function alertProblems(alert: AlertTrigger): readonly Found[] {
  const found: Found[] = [];
  if (Object.keys(alert.match).length === 0)
    found.push({
      path: ['match'],
      message: 'every alert would start it',
      hint: 'name a label, as in alertname: HighCpu',
    });
  return [...found, ...oftenProblems(alert, events.alert)];
}

function webhookProblems(webhook: WebhookTrigger): readonly Found[] {
  const compiled =
    webhook.if === undefined
      ? undefined
      : compileCondition({ source: bareCondition(webhook.if), names: events.webhook });
  const problems = compiled && !compiled.ok ? compiled.problems : [];
  return [...problems.map((problem) => ({ path: ['if'], ...problem })), ...oftenProblems(webhook, events.webhook)];
}

function oftenProblems({ key, cooldown }: Pick<AlertTrigger, 'key' | 'cooldown'>, names: NameSpace): readonly Found[] {
  const found: Found[] = [];
  if (key !== undefined) {
    const compiled = compileExpression({ source: bareCondition(key), names });
    if (!compiled.ok) found.push(...compiled.problems.map((problem) => ({ path: ['key'], ...problem })));
  }
  if (cooldown !== undefined && parseDuration(cooldown) === undefined)
    found.push({ path: ['cooldown'], message: `"${cooldown}" is not a duration`, hint: 'write 5m or 1h' });
  return found;
}

function ownerProblems(owner: string, { policy }: Pick<Library, 'policy'>): readonly Found[] {
  if (!policy || policy.teams.includes(owner)) return [];
  const hint = didYouMean(owner, policy.teams) ?? `the policy has: ${policy.teams.join(', ') || 'none'}`;
  return [{ path: ['owner'], message: `there is no team "${owner}"`, hint }];
}

function inputsProblems(input: {
  readonly runbook: Runbook;
  readonly given: { readonly [name: string]: unknown };
  readonly names: NameSpace;
}): readonly Found[] {
  const { runbook, given, names } = input;
  const declared = runbook.inputs ?? {};
  const found: Found[] = [];
  for (const [name, value] of Object.entries(given)) {
    const spec = Object.hasOwn(declared, name) ? declared[name] : undefined;
    const path = ['inputs', name];
    if (!spec) {
      const known = Object.keys(declared);
      const hint = didYouMean(name, known) ?? (known.length > 0 ? `it has: ${known.join(', ')}` : 'it has none');
      found.push({ path, message: `the runbook has no input "${name}"`, hint });
    } else if (hasTemplate(value)) found.push(...templateProblems(value, names).map((each) => ({ path, ...each })));
    else {
      const wrong = inputProblem(spec, value as Json);
      if (wrong !== undefined) found.push({ path, message: `"${name}" ${wrong}` });
    }
  }
  for (const [name, spec] of Object.entries(declared))
    if (spec.default === undefined && !Object.hasOwn(given, name))
      found.push({
        path: [],
        message: `the input "${name}" is missing, and nobody is there to be asked`,
        hint: `give it ${wanted(spec)} under "inputs"`,
      });
  return found;
}

function templateProblems(
  value: unknown,
  names: NameSpace,
): readonly { readonly message: string; readonly hint?: string }[] {
  if (typeof value === 'object' && value !== null)
    return Object.values(value).flatMap((item) => templateProblems(item, names));
  if (typeof value !== 'string') return [];
  const cut = templateParts(value);
  if (!cut.ok) return [{ message: cut.message }];
  return cut.parts.flatMap((part) => {
    if (part.kind === 'text') return [];
    const compiled = compileExpression({ source: part.source, names });
    return compiled.ok ? [] : compiled.problems;
  });
}
