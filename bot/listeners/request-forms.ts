import type { App, SlackViewMiddlewareArgs, ViewSubmitAction } from '@slack/bolt';
import { severities, type Asked, type AskedOf } from '../../src/commands/asked';
import { isName, isVersion } from '../../src/commands/names';
import { decodeMeta, MODALS, type ModalMeta } from '../../src/messages/actions';
import { readInputs } from '../../src/messages/inputs';
import { fieldOf, inputsIn } from '../../src/messages/runbook-fields';
import { parseDuration } from '../../src/runbooks/duration';
import { validateInputs } from '../../src/runbooks/inputs';
import { answer, catalogueIn, declare, type Answer } from '../answers';
import type { OfferedRunbook } from '../deps';
import { runbookForm } from '../runbooks';
import { messageOf } from '../show-answer';
import { tellPrivately } from '../tell';
import { guarded, type ListenerDeps, type Register } from './listener';

type Fields = { readonly [name: string]: string };
type Submission = SlackViewMiddlewareArgs<ViewSubmitAction>;
/** What the form asks for, or what is wrong with it by block id. */
type Read = { readonly ok: true; readonly asked: Asked } | { readonly ok: false; readonly errors: Fields };

const readers: { readonly [callback: string]: (fields: Fields) => Read } = {
  [MODALS.deploy]: (fields) =>
    checked(fields, ['service', 'environment', 'version'], () => ({
      kind: 'deploy',
      service: fields.service!,
      environment: fields.environment!,
      version: fields.version!.trim(),
      ...reasonOf(fields),
      labels: [],
    })),
  [MODALS.rollback]: (fields) =>
    checked(fields, ['service', 'environment'], () => ({
      kind: 'rollback',
      service: fields.service!,
      environment: fields.environment!,
      ...(fields.version === undefined ? {} : { version: fields.version.trim() }),
      ...reasonOf(fields),
    })),
  [MODALS.provision]: (fields) => runbook('provision', fields),
  [MODALS.runbook]: (fields) => runbook('runbook.run', fields),
  [MODALS.incident]: (fields) =>
    checked(fields, ['summary'], () => ({
      kind: 'incident.declare',
      severity: severities.find((each) => each === fields.severity) ?? 'sev3',
      summary: fields.summary!.trim(),
      ...(fields.service === undefined ? {} : { service: fields.service }),
      ...(fields.environment === undefined ? {} : { environment: fields.environment }),
    })),
};

/** The forms behind commands without arguments, and behind "Open incident". */
export const register: Register = (app: App, deps) => {
  for (const callback of Object.keys(readers))
    app.view<ViewSubmitAction>({ callback_id: callback, type: 'view_submission' }, async (given) => {
      const meta = decodeMeta(given.view.private_metadata) ?? {};
      const click = { user: given.body.user.id, ...(meta.channel === undefined ? {} : { channel: meta.channel }) };
      await guarded(deps, { what: callback, click, ack: () => given.ack() }, () => submitted(deps, given, meta));
    });
};

async function submitted(deps: ListenerDeps, { ack, body, view }: Submission, meta: ModalMeta): Promise<void> {
  const filled = readInputs(view.state.values);
  const isOfRunbook = view.callback_id === MODALS.provision || view.callback_id === MODALS.runbook;
  // The form of one runbook does not ask which.
  const fields = isOfRunbook && meta.action !== undefined ? { runbook: meta.action, ...filled } : filled;
  const read = readers[view.callback_id]!(fields);
  if (!read.ok) {
    await ack({ response_action: 'errors', errors: read.errors });
    return;
  }
  if ('runbook' in read.asked) {
    const more = await runbookStep(deps, { asked: read.asked, callback: view.callback_id, meta });
    if (more !== undefined) {
      await ack(more);
      return;
    }
  }
  const user = body.user.id;
  const team = body.team?.id ?? body.user.team_id;
  const from = {
    requester: { kind: 'person', id: user, ...(team === undefined ? {} : { team }), via: 'slack' },
    ...(meta.channel === undefined ? {} : { channel: meta.channel }),
    // A modal is submitted once: its own id is the id of the request.
    deliveryId: `${view.root_view_id ?? view.id}/${view.callback_id}/${user}`,
  } as const;
  const operationId = meta.value?.o;
  const answered: Answer =
    read.asked.kind === 'incident.declare' && operationId !== undefined
      ? await declare(deps, read.asked, { ...from, operationId })
      : await answer(deps, read.asked, from);
  if (answered.kind === 'refused' && answered.code === 'bad_request') {
    const block = view.blocks.find((each) => each.type === 'input');
    await ack({
      response_action: 'errors',
      errors: { [block?.block_id ?? 'service']: answered.sentence.slice(0, 2_000) },
    });
    return;
  }
  await ack();
  await tellPrivately(
    deps,
    { user, ...(meta.channel === undefined ? {} : { channel: meta.channel }) },
    messageOf(answered, deps.render),
  );
}

/**
 * What comes before the request of a runbook: the form of the chosen one, or what is wrong with its inputs, each at its
 * field. Nothing when it can be asked for. Policy looks at the inputs once more.
 */
async function runbookStep(
  deps: ListenerDeps,
  {
    asked,
    callback,
    meta,
  }: { readonly asked: AskedOf<'provision' | 'runbook.run'>; readonly callback: string; readonly meta: ModalMeta },
): Promise<ViewAnswer | undefined> {
  const catalogue = await catalogueIn(deps);
  const runbook = catalogue?.runbooks.find((each) => each.name === asked.runbook);
  if (catalogue === undefined || runbook === undefined) return undefined;
  const isChosen = meta.action === asked.runbook;
  if (!isChosen && (Object.keys(runbook.inputs).length > 0 || runbook.lease !== undefined)) {
    const of = callback === MODALS.provision ? 'provision' : 'runbook';
    return { response_action: 'update', view: runbookForm({ runbook, of, meta }, catalogue) };
  }
  const checked = validateInputs({ declared: runbook.inputs, given: asked.inputs, known: catalogue });
  const lease = asked.kind === 'provision' ? leaseProblem(asked.lease, runbook) : undefined;
  if (checked.ok && lease === undefined) return undefined;
  const errors = (checked.ok ? [] : checked.problems).map(({ input, message }) => [
    Object.hasOwn(runbook.inputs, input) ? fieldOf(input) : 'reason',
    message.slice(0, 2_000),
  ]);
  if (lease !== undefined) errors.push(['lease', lease]);
  return { response_action: 'errors', errors: Object.fromEntries(errors) as Fields };
}

/** What is wrong with how long something is to live. Policy looks at it once more. */
function leaseProblem(asked: string | undefined, { lease }: OfferedRunbook): string | undefined {
  if (asked === undefined || lease === undefined) return undefined;
  const ms = parseDuration(asked);
  if (ms === undefined || ms <= 0) return 'Write a length of time such as 12h or 3d, or leave it empty.';
  return ms > (parseDuration(lease.most) ?? Infinity)
    ? `It may live for ${lease.most} at most; ask for less, or have the owner of the policy repository change resource.lease.max.`
    : undefined;
}

type ViewAnswer = Extract<Parameters<Submission['ack']>[0], { response_action: 'update' | 'errors' }>;

function runbook(kind: 'provision' | 'runbook.run', fields: Fields): Read {
  return checked(fields, ['runbook'], () => ({
    kind,
    runbook: fields.runbook!,
    positional: [],
    inputs: inputsIn(fields),
    ...(kind === 'provision' && fields.lease !== undefined ? { lease: fields.lease.trim().toLowerCase() } : {}),
    ...(fields.check === undefined ? {} : { check: true as const }),
    ...(fields.environment === undefined ? {} : { environment: fields.environment }),
    ...reasonOf(fields),
    labels: [],
  }));
}

function checked(fields: Fields, needed: readonly string[], asked: () => Asked): Read {
  const errors: Record<string, string> = {};
  for (const name of needed) if ((fields[name] ?? '').trim() === '') errors[name] = 'This is needed.';
  for (const name of ['service', 'environment', 'runbook'])
    if (fields[name] !== undefined && !isName(fields[name]))
      errors[name] = 'A name has letters, digits, dots, hyphens and underscores, at most 63.';
  if (fields.version !== undefined && !isVersion(fields.version.trim()))
    errors.version = 'Write a tag, a branch or a commit, such as v2.4.0.';
  return Object.keys(errors).length > 0 ? { ok: false, errors } : { ok: true, asked: asked() };
}

function reasonOf(fields: Fields): { readonly reason?: string } {
  return fields.reason === undefined ? {} : { reason: fields.reason.trim() };
}
