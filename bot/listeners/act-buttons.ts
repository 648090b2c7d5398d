import type { App, ViewSubmitAction } from '@slack/bolt';
import type { IncidentAct } from '../../src/incidents/incident';
import { ACTIONS, decodeMeta, MODALS, type ActionValue } from '../../src/messages/actions';
import { readInputs } from '../../src/messages/inputs';
import { reasonModal, resultModal } from '../../src/messages/vote-modals';
import type { OperationAct } from '../../src/operation/ports';
import type { LeaseAct } from '../../src/resources/lease-act';
import type { OperationView } from '../../src/operation/view';
import { viewOf } from '../looks';
import { notAfter } from '../requests';
import { messageOf } from '../show-answer';
import { plainMessage, tellPrivately } from '../tell';
import { actResult, relayAct } from '../votes';
import { guarded, onButton, type Click, type ListenerDeps, type Register } from './listener';
import { showResult } from './vote-modals';

interface WithReason {
  readonly title: string;
  readonly submit: string;
  readonly about: string;
  readonly required: boolean;
  readonly act: (given: { readonly reason: string | undefined; readonly question?: string }) => OperationAct;
}

/** Buttons that ask for a reason first. */
const withReason: { readonly [action: string]: WithReason } = {
  [ACTIONS.abort]: {
    title: 'Abort',
    submit: 'Abort',
    about: 'The step that runs now is stopped, and everything this operation has done is undone in reverse.',
    required: false,
    act: ({ reason }) => ({ kind: 'abort', ...(reason === undefined ? {} : { reason }) }),
  },
  [ACTIONS.stopHere]: {
    title: 'Stop here',
    submit: 'Stop here',
    about: 'It is stopped where it is, and what it has done stays as it is; the record says so with your name.',
    required: true,
    act: ({ reason }) => ({ kind: 'abort', undo: 'no', ...(reason === undefined ? {} : { reason }) }),
  },
  [ACTIONS.retryUndo]: {
    title: 'Retry undo',
    submit: 'Retry undo',
    about: 'The undo that failed is tried again, and the rest after it.',
    required: true,
    act: ({ reason = '', ...question }) => ({ kind: 'retry_undo', reason, ...question }),
  },
  [ACTIONS.doneByHand]: {
    title: 'Done by hand',
    submit: 'It is done',
    about: 'You say that you have put it right yourself; the record says so with your name, and the lane is freed.',
    required: true,
    act: ({ reason = '', ...question }) => ({ kind: 'done_by_hand', reason, ...question }),
  },
  [ACTIONS.leaveIt]: {
    title: 'Leave it',
    submit: 'Leave it',
    about: 'What was not undone stays as it is; the record says so with your name, and the lane is freed.',
    required: true,
    act: ({ reason = '', ...question }) => ({ kind: 'leave_it', reason, ...question }),
  },
};

const atOnce: { readonly [action: string]: (value: ActionValue) => OperationAct } = {
  [ACTIONS.cancel]: () => ({ kind: 'cancel' }),
  [ACTIONS.finishWatch]: () => ({ kind: 'finish_watch' }),
  [ACTIONS.pause]: () => ({ kind: 'pause' }),
  [ACTIONS.resume]: () => ({ kind: 'resume' }),
  [ACTIONS.retryStep]: (value) => ({ kind: 'retry_step', ...questionIn(value) }),
  [ACTIONS.skipStep]: (value) => ({ kind: 'skip_step', ...questionIn(value) }),
};

/** What the button was about when it was shown; buttons of older cards do not tell. */
function questionIn({ a: question }: ActionValue): { readonly question?: string } {
  return question === undefined ? {} : { question };
}

/** Everything that people do to a running operation, other than vote. The workflow decides who may. */
export const register: Register = (app: App, deps) => {
  for (const [action, act] of Object.entries(atOnce))
    onButton(app, deps, {
      action,
      pressed: (click, ack) => actAtOnce(deps, { click, ack, id: click.value.o, act: act(click.value) }),
    });
  for (const [action, look] of Object.entries(withReason))
    onButton(app, deps, {
      action,
      pressed: async (click, ack) => {
        await ack();
        const { channel, ts } = click;
        const meta = { value: click.value, actionId: click.id, ...(channel && { channel }), ...(ts && { ts }) };
        await deps.web.views.open({ trigger_id: click.triggerId, view: reasonModal({ action, ...look, meta }) });
      },
    });
  onButton(app, deps, { action: ACTIONS.show, pressed: (click, ack) => show(deps, click, ack) });
  registerReason(app, deps);
};

function registerReason(app: App, deps: ListenerDeps): void {
  app.view<ViewSubmitAction>({ callback_id: MODALS.reason, type: 'view_submission' }, async ({ ack, body, view }) => {
    const meta = decodeMeta(view.private_metadata) ?? {};
    const click = { user: body.user.id, ...(meta.channel === undefined ? {} : { channel: meta.channel }) };
    await guarded(deps, { what: MODALS.reason, click, ack: () => ack() }, async () => {
      const look = withReason[meta.action ?? ''];
      const id = meta.value?.o;
      if (look === undefined || id === undefined) {
        await ack();
        return;
      }
      const reason = readInputs(view.state.values).reason?.trim();
      if (look.required && reason === undefined) {
        await ack({
          response_action: 'errors',
          errors: { reason: 'Say in a few words why; it is kept in the record.' },
        });
        return;
      }
      const team = body.user.team_id ?? body.team?.id;
      const by = { user: body.user.id, id: meta.actionId ?? view.id, ...(team === undefined ? {} : { team }) };
      const act = look.act({ reason, ...questionIn(meta.value ?? {}) });
      const relayed = await relayAct(deps, actBody(deps, { by, id, act }));
      const known = relayed.kind === 'accepted' ? ({ kind: 'recording' } as const) : await actResult(relayed);
      await ack({ response_action: 'update', view: resultModal(look.title, known) });
      if (relayed.kind === 'accepted')
        await showResult(deps, { ...click, view: view.id, title: look.title, result: await actResult(relayed) });
    });
  });
}

/** Hands an act over before the acknowledgement; its answer is told privately. */
export async function actAtOnce(
  deps: ListenerDeps,
  asked: {
    readonly click: Click;
    readonly ack: () => Promise<void>;
    readonly id: string | undefined;
    readonly act: OperationAct | IncidentAct | LeaseAct;
  },
): Promise<void> {
  const { click, ack, id, act } = asked;
  if (id === undefined) {
    await ack();
    return;
  }
  const relayed = await relayAct(deps, actBody(deps, { by: click, id, act }));
  await ack();
  const result = await actResult(relayed);
  await tellPrivately(deps, click, plainMessage(result.sentence));
}

/** The body of an act, and until when a kept one may still be handed over. */
export function actBody(
  deps: Pick<ListenerDeps, 'now' | 'waits'>,
  asked: {
    readonly by: Pick<Click, 'user' | 'team' | 'id'>;
    readonly id: string;
    readonly act: OperationAct | IncidentAct | LeaseAct;
  },
) {
  const { by, id, act } = asked;
  return {
    body: {
      format: 1 as const,
      workflowId: id,
      act,
      by: by.user,
      ...(by.team === undefined ? {} : { team: by.team }),
      actionId: by.id,
      at: deps.now().toISOString(),
    },
    notAfter: notAfter(deps),
  };
}

async function show(deps: ListenerDeps, click: Click, ack: () => Promise<void>): Promise<void> {
  await ack();
  const view = click.value.o === undefined ? undefined : await viewOf<OperationView>(deps, click.value.o);
  const message =
    view === undefined
      ? plainMessage('This operation is no longer known to Temporal; the ledger has its record.')
      : messageOf({ kind: 'operation', view }, deps.render);
  await tellPrivately(deps, click, message);
}
