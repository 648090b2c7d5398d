import { resultModal } from '../../src/messages/vote-modals';
import { answer, type AnswerDeps } from '../answers';
import type { Asked } from '../../src/commands/asked';

interface Submitted {
  readonly body: {
    readonly user: { readonly id: string; readonly team_id?: string };
    readonly team?: { readonly id: string } | null;
  };
  readonly view: { readonly id: string };
  readonly meta: { readonly channel?: string; readonly actionId?: string };
}

/** Asks for what somebody confirmed by a typed name; the modal that then says what came of it. */
export async function confirmedModal(
  deps: AnswerDeps,
  { body, view, meta }: Submitted,
  about: { readonly asked: Asked; readonly title: string },
) {
  const team = body.user.team_id ?? body.team?.id;
  const answered = await answer(deps, about.asked, {
    requester: { kind: 'person', id: body.user.id, via: 'slack', ...(team !== undefined && { team }) },
    ...(meta.channel !== undefined && { channel: meta.channel }),
    deliveryId: meta.actionId ?? view.id,
  });
  const sentence = 'sentence' in answered ? answered.sentence : '';
  return resultModal(about.title, { kind: answered.kind === 'refused' ? 'refused' : 'kept', sentence });
}
