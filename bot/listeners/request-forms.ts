import type { App, SlackViewMiddlewareArgs, ViewSubmitAction } from '@slack/bolt';
import { severities, type Asked } from '../../src/commands/asked';
import { isName, isVersion } from '../../src/commands/names';
import { decodeMeta, MODALS, type ModalMeta } from '../../src/messages/actions';
import { readInputs } from '../../src/messages/inputs';
import { provisionModal, runbookModal } from '../../src/messages/request-modals';
import { answer, catalogueIn, declare, type Answer } from '../answers';
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
  const fields = readInputs(view.state.values);
  const read = readers[view.callback_id]!(fields);
  if (!read.ok) {
    await ack({ response_action: 'errors', errors: read.errors });
    return;
  }
  const isRunbook = read.asked.kind === 'provision' || read.asked.kind === 'runbook.run';
  if (isRunbook && meta.action !== fields.runbook) {
    const next = await inputsOf(deps, { callback: view.callback_id, meta, runbook: fields.runbook! });
    if (next !== undefined) {
      await ack({ response_action: 'update', view: next });
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

/** The form again with the chosen runbook's inputs; nothing when it has none, so that it starts at once. */
async function inputsOf(
  deps: ListenerDeps,
  asked: { readonly callback: string; readonly meta: ModalMeta; readonly runbook: string },
) {
  const catalogue = await catalogueIn(deps);
  const chosen = catalogue?.runbooks.find((each) => each.name === asked.runbook);
  if (catalogue === undefined || chosen === undefined || chosen.fields.length === 0) return undefined;
  const offer = {
    meta: { ...asked.meta, action: asked.runbook },
    runbooks: catalogue.runbooks.map((each) => each.name),
    environments: catalogue.environments,
    chosen,
  };
  return asked.callback === MODALS.provision ? provisionModal(offer) : runbookModal(offer);
}

function runbook(kind: 'provision' | 'runbook.run', fields: Fields): Read {
  return checked(fields, ['runbook'], () => ({
    kind,
    runbook: fields.runbook!,
    positional: [],
    inputs: Object.fromEntries(
      Object.entries(fields).flatMap(([name, value]) =>
        name.startsWith('input.') ? [[name.slice('input.'.length), value]] : [],
      ),
    ),
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
