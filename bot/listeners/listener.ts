import { randomUUID } from 'node:crypto';
import type { App, BlockAction, ButtonAction } from '@slack/bolt';
import { sentenceFor } from '../../src/errors';
import { decodeValue, type ActionValue } from '../../src/messages/actions';
import type { AnswerDeps } from '../answers';
import { clickId } from '../requests';
import { plainMessage, tellPrivately, type Listener, type Respond } from '../tell';

export type ListenerDeps = AnswerDeps;
export type Register = (app: App, deps: ListenerDeps) => void;

/** A pressed button, as far as a listener needs it. Ids only: who may do what is decided elsewhere. */
export interface Click {
  readonly user: string;
  readonly team?: string;
  readonly channel?: string;
  /** Message that carries the button. */
  readonly ts?: string;
  /** The message's own sentence. */
  readonly sentence?: string;
  /** Modal that carries the button. */
  readonly view?: string;
  readonly triggerId: string;
  /** Slack's id of the click. */
  readonly id: string;
  readonly value: ActionValue;
  /** Answers in the place of the click. */
  readonly respond?: Respond;
}

export function clickOf(body: BlockAction<ButtonAction>, action: ButtonAction): Click {
  const channel = body.channel?.id ?? body.container.channel_id;
  const ts = body.message?.ts ?? body.container.message_ts;
  const container = ts ?? body.container.view_id ?? body.view?.id ?? 'home';
  const team = body.user.team_id ?? body.team?.id;
  return {
    user: body.user.id,
    ...(team === undefined ? {} : { team }),
    ...(channel === undefined ? {} : { channel: String(channel) }),
    ...(ts === undefined ? {} : { ts: String(ts) }),
    ...(body.message?.text === undefined ? {} : { sentence: body.message.text }),
    ...(body.view?.type === 'modal' ? { view: body.view.id } : {}),
    triggerId: body.trigger_id,
    id: clickId({ container: String(container), actionTs: action.action_ts, user: body.user.id }),
    value: decodeValue(action.value) ?? {},
  };
}

/** Registers a button. Whatever goes wrong is logged with a trace id, and the person gets a sentence, never a stack. */
export function onButton(
  app: App,
  deps: ListenerDeps,
  button: {
    readonly action: string;
    readonly pressed: (click: Click, ack: () => Promise<void>) => Promise<void>;
  },
): void {
  app.action<BlockAction<ButtonAction>>(
    { type: 'block_actions', action_id: button.action },
    async ({ ack, body, action, respond }) => {
      const click = { ...clickOf(body, action), ...(body.response_url ? { respond } : {}) };
      await guarded(deps, { what: button.action, click, ack: () => ack() }, () => button.pressed(click, () => ack()));
    },
  );
}

/** Runs a listener's work; on failure acknowledges, logs and tells the person. */
export async function guarded(
  deps: Pick<ListenerDeps, 'log' | 'web'>,
  about: {
    readonly what: string;
    readonly click: Listener;
    readonly ack: () => Promise<void>;
  },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const trace = randomUUID().slice(0, 8);
    deps.log.error({ err: error, trace, what: about.what }, 'a listener failed');
    // An ack that was given already is not an error worth a second line.
    await about.ack().catch(() => undefined);
    await tellPrivately(deps, about.click, plainMessage(sentenceFor(error, trace)));
  }
}
