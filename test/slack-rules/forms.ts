import type { Deliveries } from './deliveries';
import { interactiveElements } from './message-content';
import { elementValue, initialValue, type Payloads } from './payloads';
import { actionOf, type People } from './people';
import type { Workspace } from './state';
import type { DeliveryResult, Json, SlackUser, StoredView } from './types';
import { checkView } from './view-rules';
import { SlackError } from './web-api/method';
import { presentView } from './web-api/present';
import { pushView, replaceView } from './web-api/views';

export interface SubmitGesture {
  readonly user: string;
  /** The top of the person's stack if missing. */
  readonly viewId?: string;
  /** By block id or action id: text, option value, or a list of them. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** Replaces fields of the view in the payload, and skips every check that Slack's clients would make. */
  readonly forge?: Json;
}

export interface SubmitResult extends DeliveryResult {
  readonly response_action?: 'errors' | 'update' | 'push' | 'clear';
  readonly errors?: Readonly<Record<string, string>>;
}

export interface ViewClickGesture {
  readonly user: string;
  readonly viewId?: string;
  readonly actionId: string;
  readonly value?: unknown;
  readonly forge?: Json;
}

interface Parts {
  readonly workspace: Workspace;
  readonly deliveries: Deliveries;
  readonly payloads: Payloads;
  readonly people: People;
}

/** What people do in modals and on the home tab. */
export class Forms {
  constructor(private readonly parts: Parts) {}

  async submit(gesture: SubmitGesture): Promise<SubmitResult> {
    const { workspace, payloads, deliveries, people } = this.parts;
    const user = people.person(gesture.user, gesture.forge !== undefined);
    const view = this.view(user, gesture.viewId);
    view.values = this.filledIn(view, gesture);
    const triggerId = workspace.triggers.issue(user.id);
    const payload = {
      ...payloads.interaction('view_submission', user),
      trigger_id: triggerId,
      view: { ...presentView(workspace, view), ...gesture.forge },
      response_urls: [],
    };
    const result = await deliveries.deliver({ type: 'interactive', payload, acceptsResponse: true });
    if (!result.acked) return { ...result, triggerId };
    return { ...result, triggerId, ...this.apply(view, result.response) };
  }

  async close(gesture: { user: string; viewId?: string }): Promise<DeliveryResult | undefined> {
    const { workspace, payloads, deliveries, people } = this.parts;
    const user = people.person(gesture.user);
    const view = this.view(user, gesture.viewId);
    const cleared = view.clear_on_close;
    this.remove(view, cleared);
    if (!view.notify_on_close) return undefined;
    const payload = {
      ...payloads.interaction('view_closed', user),
      view: presentView(workspace, view),
      is_cleared: cleared,
    };
    return deliveries.deliver({ type: 'interactive', payload, acceptsResponse: false });
  }

  async click(gesture: ViewClickGesture): Promise<DeliveryResult> {
    const { workspace, payloads, deliveries, people } = this.parts;
    const user = people.person(gesture.user, gesture.forge !== undefined);
    const view = this.view(user, gesture.viewId);
    const block = view.blocks.find((one) =>
      interactiveElements(one).some((element) => element.action_id === gesture.actionId),
    );
    const element = block && interactiveElements(block).find((one) => one.action_id === gesture.actionId);
    if (!block || !element) throw new Error(`The view has nothing called ${gesture.actionId}.`);
    if (element.type !== 'button') {
      const blockId = String(block.block_id);
      view.values[blockId] = {
        ...view.values[blockId],
        [gesture.actionId]: { type: element.type, ...elementValue(element, gesture.value) },
      };
    }
    const triggerId = workspace.triggers.issue(user.id);
    const payload = {
      ...payloads.interaction('block_actions', user),
      container: { type: 'view', view_id: view.id },
      trigger_id: triggerId,
      view: presentView(workspace, view),
      actions: [{ ...actionOf(element, block, gesture.value, workspace.nextTs()), ...gesture.forge }],
    };
    return { ...(await deliveries.deliver({ type: 'interactive', payload, acceptsResponse: false })), triggerId };
  }

  /** A person types into an external menu of a view; `options` are what the app offered. */
  async options(gesture: {
    user: string;
    viewId?: string;
    actionId: string;
    query: string;
  }): Promise<DeliveryResult & { options?: Json[] }> {
    const { workspace, payloads, deliveries, people } = this.parts;
    const user = people.person(gesture.user);
    const view = this.view(user, gesture.viewId);
    const block = view.blocks.find((one) =>
      interactiveElements(one).some((element) => element.action_id === gesture.actionId),
    );
    const payload = {
      ...payloads.interaction('block_suggestion', user),
      container: { type: 'view', view_id: view.id },
      view: presentView(workspace, view),
      action_id: gesture.actionId,
      block_id: block?.block_id,
      value: gesture.query,
    };
    const result = await deliveries.deliver({ type: 'interactive', payload, acceptsResponse: true });
    const options = result.response?.options as Json[] | undefined;
    const groups = result.response?.option_groups as Json[] | undefined;
    if ((options?.length ?? 0) > 100 || (groups?.length ?? 0) > 100) {
      workspace.violate('invalid_ack_response', `${gesture.actionId} offered more than 100 options`);
    }
    return { ...result, ...(options ? { options } : {}) };
  }

  private view(user: SlackUser, viewId: string | undefined): StoredView {
    const { workspace } = this.parts;
    if (viewId === undefined) {
      const top = workspace.stack(user.id).at(-1);
      if (!top) throw new Error(`${user.id} has no modal open.`);
      return top;
    }
    const view = workspace.findView((one) => one.id === viewId);
    if (view?.user !== user.id) throw new Error(`${user.id} has no view ${viewId} open.`);
    return view;
  }

  private filledIn(view: StoredView, gesture: SubmitGesture): StoredView['values'] {
    const given = gesture.values ?? {};
    const fields = view.blocks.flatMap((block) =>
      interactiveElements(block)
        .filter((element) => element.type !== 'button')
        .map((element) => ({ block, element, blockId: String(block.block_id), actionId: String(element.action_id) })),
    );
    const names = new Set(fields.flatMap(({ actionId, blockId }) => [actionId, blockId]));
    const unknown = Object.keys(given).filter((name) => !names.has(name));
    if (unknown.length > 0)
      throw new Error(`The form has no field ${unknown.join(', ')}; it has ${[...names].join(', ')}.`);
    const values: StoredView['values'] = {};
    for (const { block, element, blockId, actionId } of fields) {
      const name = [actionId, blockId].find((one) => one in given);
      const untouched = view.values[blockId]?.[actionId] ?? {
        type: element.type,
        ...elementValue(element, initialValue(element)),
      };
      const value = name === undefined ? untouched : { type: element.type, ...elementValue(element, given[name]) };
      if (gesture.forge === undefined && block.type === 'input') checkFilled(block, element, value);
      values[blockId] = { ...values[blockId], [actionId]: value };
    }
    return values;
  }

  private apply(view: StoredView, response: Json | undefined): Pick<SubmitResult, 'response_action' | 'errors'> {
    const { workspace } = this.parts;
    const action = response?.response_action as SubmitResult['response_action'];
    switch (action) {
      case undefined:
        this.remove(view, false);
        return {};
      case 'clear':
        this.remove(view, true);
        return { response_action: action };
      case 'errors':
        return { response_action: action, errors: this.readErrors(view, response?.errors) };
      case 'update':
      case 'push': {
        const wanted = response?.view as Json;
        const problems = checkView(wanted, 'modal');
        if (problems.length > 0) {
          workspace.violate(
            'invalid_view',
            problems.map(({ message, pointer }) => `${message} [json-pointer:${pointer}]`).join('; '),
          );
          return { response_action: action };
        }
        if (action === 'update') replaceView(workspace, view, wanted);
        else this.push(view, wanted);
        return { response_action: action };
      }
      default:
        workspace.violate('invalid_ack_response', `unknown response_action ${String(action)}`);
        return {};
    }
  }

  private push(view: StoredView, wanted: Json): void {
    try {
      pushView(this.parts.workspace, view.user, wanted);
    } catch (error) {
      if (!(error instanceof SlackError)) throw error;
      this.parts.workspace.violate('invalid_ack_response', `response_action push: ${error.code}`);
    }
  }

  private readErrors(view: StoredView, errors: unknown): Readonly<Record<string, string>> {
    const named = (errors ?? {}) as Record<string, string>;
    const inputs = view.blocks.filter((block) => block.type === 'input').map((block) => String(block.block_id));
    const stray = Object.keys(named).filter((blockId) => !inputs.includes(blockId));
    if (stray.length > 0 || Object.keys(named).length === 0) {
      this.parts.workspace.violate(
        'invalid_ack_response',
        `errors must name input blocks, not ${stray.join(', ') || 'nothing'}`,
      );
    }
    return named;
  }

  private remove(view: StoredView, all: boolean): void {
    const { workspace } = this.parts;
    const rest = all ? [] : workspace.stack(view.user).filter((one) => one !== view);
    workspace.modals.set(view.user, rest);
    workspace.changed();
  }
}

// What Slack's clients check before they send a form.
function checkFilled(block: Json, element: Json, value: Json): void {
  const held = Object.entries(value).find(([name]) => name !== 'type')?.[1];
  const empty = held === null || held === undefined || held === '' || (Array.isArray(held) && held.length === 0);
  if (empty && block.optional !== true)
    throw new Error(`The form cannot be sent: ${String(block.block_id)} is required and empty.`);
  if (typeof held !== 'string') return;
  const max = typeof element.max_length === 'number' ? element.max_length : 3000;
  const min = typeof element.min_length === 'number' ? element.min_length : 0;
  if (!empty && (held.length > max || held.length < min)) {
    throw new Error(`The form cannot be sent: ${String(block.block_id)} takes ${min} to ${max} characters.`);
  }
}
