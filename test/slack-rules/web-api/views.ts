import type { Workspace } from '../state';
import type { Json, StoredView } from '../types';
import { checkView } from '../view-rules';
import { withIds } from '../message-content';
import { presentView } from './present';
import { knownUser, required, SlackError, text, type Method, type MethodCall, type Methods } from './method';

/** docs.slack.dev/surfaces/modals: a root view and two pushed on it. */
export const STACK_MAX = 3;
/** docs.slack.dev/reference/methods/views.open: `view_too_large` from 250 kB. */
const VIEW_MAX_BYTES = 250_000;

const open: Method = {
  tier: 'T4',
  run(call) {
    const { workspace } = call;
    const wanted = readView(call, 'modal');
    checkExternalId(workspace, wanted);
    const user = exchangeTrigger(call);
    const view = createView(workspace, user, wanted, null);
    workspace.modals.set(user, [view]);
    workspace.changed();
    return { view: presentView(workspace, view) };
  },
};

const push: Method = {
  tier: 'T4',
  run(call) {
    const { workspace } = call;
    const wanted = readView(call, 'modal');
    checkExternalId(workspace, wanted);
    const user = exchangeTrigger(call);
    const view = pushView(workspace, user, wanted);
    return { view: presentView(workspace, view) };
  },
};

const update: Method = {
  tier: 'T4',
  run(call) {
    const { workspace, args } = call;
    const wanted = readView(call, undefined);
    const id = text(args, 'view_id');
    const externalId = text(args, 'external_id');
    if ((id === undefined) === (externalId === undefined)) throw new SlackError('invalid_arguments');
    const view = workspace.findView((one) => (id === undefined ? one.external_id === externalId : one.id === id));
    if (!view) throw new SlackError('not_found');
    checkHash(args, view);
    checkExternalId(workspace, wanted, view);
    replaceView(workspace, view, wanted);
    return { view: presentView(workspace, view) };
  },
};

const publish: Method = {
  tier: 'T4',
  run(call) {
    const { workspace, args } = call;
    const user = knownUser(workspace, required(args, 'user_id'));
    const wanted = readView(call, 'home');
    const current = workspace.homes.get(user.id);
    if (current) {
      checkHash(args, current);
      replaceView(workspace, current, wanted);
      return { view: presentView(workspace, current) };
    }
    const view = createView(workspace, user.id, wanted, null);
    workspace.homes.set(user.id, view);
    workspace.changed();
    return { view: presentView(workspace, view) };
  },
};

export const viewMethods: Methods = {
  'views.open': open,
  'views.push': push,
  'views.update': update,
  'views.publish': publish,
};

/** Puts a view on a person's stack. Throws `push_limit_reached` on the fourth and `not_found` without a first. */
export function pushView(workspace: Workspace, user: string, wanted: Json): StoredView {
  const stack = workspace.stack(user);
  const top = stack.at(-1);
  if (!top) throw new SlackError('not_found');
  if (stack.length >= STACK_MAX) throw new SlackError('push_limit_reached');
  const view = createView(workspace, user, wanted, top);
  stack.push(view);
  workspace.changed();
  return view;
}

/** New content in the same place: new hash; values whose block and action stay are kept, as Slack keeps what was typed. */
export function replaceView(workspace: Workspace, view: StoredView, wanted: Json): void {
  Object.assign(view, contentOf(wanted), { hash: newHash(workspace), updates: view.updates + 1 });
  const blockIds = new Set(view.blocks.map((block) => String(block.block_id)));
  view.values = Object.fromEntries(Object.entries(view.values).filter(([blockId]) => blockIds.has(blockId)));
  workspace.changed();
}

function createView(workspace: Workspace, user: string, wanted: Json, previous: StoredView | null): StoredView {
  const id = workspace.nextId('V');
  return {
    id,
    user,
    type: wanted.type as 'modal' | 'home',
    hash: newHash(workspace),
    ...contentOf(wanted),
    root_view_id: previous?.root_view_id ?? id,
    previous_view_id: previous?.id ?? null,
    values: {},
    updates: 0,
  };
}

type ViewContent = Omit<
  StoredView,
  'id' | 'user' | 'type' | 'hash' | 'root_view_id' | 'previous_view_id' | 'values' | 'updates'
>;

function contentOf(wanted: Json): ViewContent {
  return {
    callback_id: (wanted.callback_id as string | undefined) ?? '',
    external_id: (wanted.external_id as string | undefined) ?? '',
    private_metadata: (wanted.private_metadata as string | undefined) ?? '',
    title: wanted.title as Json | undefined,
    submit: wanted.submit as Json | undefined,
    close: wanted.close as Json | undefined,
    blocks: withIds((wanted.blocks as Json[] | undefined) ?? []),
    clear_on_close: wanted.clear_on_close === true,
    notify_on_close: wanted.notify_on_close === true,
  };
}

function newHash(workspace: Workspace): string {
  return `${workspace.nextTs()}.${workspace.nextId('h')}`;
}

function readView({ workspace, args }: MethodCall, type: 'modal' | 'home' | undefined): Json {
  const wanted = args.view as Json | undefined;
  const problems = checkView(wanted, type);
  if (problems.length > 0 || !wanted) {
    const messages = problems.map(({ message, pointer }) => `[ERROR] ${message} [json-pointer:${pointer}]`);
    workspace.violate('invalid_view', messages.join('; '));
    throw new SlackError('invalid_arguments', { response_metadata: { messages } });
  }
  if (Buffer.byteLength(JSON.stringify(wanted)) > VIEW_MAX_BYTES) throw new SlackError('view_too_large');
  return wanted;
}

function checkExternalId(workspace: Workspace, wanted: Json, self?: StoredView): void {
  const id = wanted.external_id;
  if (typeof id !== 'string' || id === '') return;
  if (workspace.findView((view) => view.external_id === id && view !== self))
    throw new SlackError('duplicate_external_id');
}

function checkHash(args: Json, view: StoredView): void {
  const hash = text(args, 'hash');
  if (hash !== undefined && hash !== view.hash) throw new SlackError('hash_conflict');
}

function exchangeTrigger({ workspace, args }: MethodCall): string {
  const answer = workspace.triggers.exchange(required(args, 'trigger_id'));
  if (answer.kind === 'valid') return answer.user;
  workspace.violate('trigger_refused', answer.error);
  throw new SlackError(answer.error);
}
