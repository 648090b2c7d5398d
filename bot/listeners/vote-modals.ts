import type { App, SlackViewMiddlewareArgs, ViewSubmitAction } from '@slack/bolt';
import type { VoteBody } from '../../src/approvals/ballot';
import { decodeMeta, encodeValue, decodeVoteValue, MODALS } from '../../src/messages/actions';
import { readInputs } from '../../src/messages/inputs';
import { resultModal, type ModalResult } from '../../src/messages/vote-modals';
import { notAfter } from '../requests';
import { plainMessage, tellPrivately } from '../tell';
import { castVote, secondFactorOf, voteResult } from '../votes';
import { guarded, type ListenerDeps, type Register } from './listener';

/** The modals behind Approve and Reject: the vote is handed over, then the modal says "Recording…", then the answer. */
export const register: Register = (app: App, deps) => {
  for (const [callback, kind] of Object.entries(kinds))
    app.view<ViewSubmitAction>({ callback_id: callback, type: 'view_submission' }, async (given) => {
      const click = { user: given.body.user.id };
      await guarded(deps, { what: callback, click, ack: () => given.ack() }, () => submitted(deps, given, kind));
    });
};

interface Kind {
  readonly decision: VoteBody['decision'];
  readonly title: string;
  /** What is said when there is none; absent where it needs none. */
  readonly wantsReason?: string;
}

const kinds: { readonly [callback: string]: Kind } = {
  [MODALS.approve]: { decision: 'approve', title: 'Approve' },
  [MODALS.reject]: {
    decision: 'reject',
    title: 'Reject',
    wantsReason: 'Say in a few words why: whoever asked has to know what to change.',
  },
  [MODALS.approveWithReason]: {
    decision: 'approve',
    title: 'With a reason',
    wantsReason: 'Say in a few words why; it is kept in the record.',
  },
};

async function submitted(
  deps: ListenerDeps,
  { ack, body, view }: SlackViewMiddlewareArgs<ViewSubmitAction>,
  { decision, title, wantsReason }: Kind,
): Promise<void> {
  const meta = decodeMeta(view.private_metadata);
  const value = meta?.value && decodeVoteValue(encodeValue(meta.value));
  if (meta === undefined || value === undefined) {
    const sentence = 'This form is older than the card; press the button on the card again.';
    await ack({ response_action: 'update', view: resultModal(title, { kind: 'refused', sentence }) });
    return;
  }
  const inputs = readInputs(view.state.values);
  const reason = inputs.reason?.trim();
  if (wantsReason !== undefined && reason === undefined) {
    await ack({
      response_action: 'errors',
      errors: { reason: wantsReason },
    });
    return;
  }
  const team = body.user.team_id ?? body.team?.id;
  const vote = { ballotId: value.b, by: body.user.id, actionId: meta.actionId ?? view.id };
  const code = decision === 'approve' && value.f === 1 ? (inputs.code ?? '') : undefined;
  const factor = await secondFactorOf(deps, { vote, code });
  if (factor.kind === 'refused') {
    await ack({ response_action: 'errors', errors: { code: factor.sentence } });
    return;
  }
  const relayed = await castVote(deps, {
    body: {
      format: 1,
      operationId: value.o,
      ballotDigest: value.d,
      ...vote,
      ...(team === undefined ? {} : { team }),
      decision,
      ...(reason === undefined ? {} : { reason }),
      ...factor.given,
      at: deps.now().toISOString(),
      ...(meta.channel === undefined ? {} : { channel: meta.channel }),
    },
    notAfter: notAfter(deps),
  });
  const known: ModalResult = relayed.kind === 'accepted' ? { kind: 'recording' } : await voteResult(relayed);
  await ack({ response_action: 'update', view: resultModal(title, known) });
  if (relayed.kind !== 'accepted') return;
  const result = await voteResult(relayed);
  await showResult(deps, {
    view: view.id,
    title,
    result,
    user: body.user.id,
    ...(meta.channel === undefined ? {} : { channel: meta.channel }),
  });
}

/** Puts the answer into the open modal; when it is closed already, a refusal is told privately (a count is on the card). */
export async function showResult(
  deps: Pick<ListenerDeps, 'web' | 'log'>,
  shown: {
    readonly view: string;
    readonly title: string;
    readonly result: ModalResult;
    readonly user: string;
    readonly channel?: string;
  },
): Promise<void> {
  try {
    await deps.web.views.update({ view_id: shown.view, view: resultModal(shown.title, shown.result) });
  } catch (error) {
    deps.log.debug({ err: error }, 'the modal was closed before the answer came');
    const { result } = shown;
    if (result.kind === 'refused' || result.kind === 'kept')
      await tellPrivately(deps, shown, plainMessage(result.sentence));
  }
}
