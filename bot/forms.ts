import type { ModalView } from '@slack/types';
import type { ModalMeta } from '../src/messages/actions';
import {
  deployModal,
  incidentModal,
  provisionModal,
  rollbackModal,
  runbookModal,
} from '../src/messages/request-modals';
import { catalogueIn, type AnswerDeps } from './answers';
import type { Catalogue } from './deps';

/** What the form is filled in with when it comes from a card. */
interface FormAsked {
  readonly command: string;
  readonly triggerId: string;
  readonly channel?: string;
  readonly meta?: ModalMeta;
  readonly initial?: { readonly [name: string]: string | undefined };
}

/** Opens the form of a command that was typed without arguments. Its menus are empty fields when Git is slow. */
export async function openForm(
  deps: Pick<AnswerDeps, 'web' | 'catalogue' | 'waits' | 'log'>,
  asked: FormAsked,
): Promise<void> {
  const view = formOf(asked, await catalogueIn(deps));
  await deps.web.views.open({ trigger_id: asked.triggerId, view });
}

function formOf(asked: FormAsked, catalogue: Catalogue | undefined): ModalView {
  const meta: ModalMeta = { ...asked.meta, ...(asked.channel === undefined ? {} : { channel: asked.channel }) };
  const { services = [], environments = [] } = catalogue ?? {};
  const offer = { meta, services, environments, ...(asked.initial === undefined ? {} : { initial: asked.initial }) };
  const runbooks = (catalogue?.runbooks ?? []).map((each) => each.name);
  switch (asked.command) {
    case '/rollback':
      return rollbackModal(offer);
    case '/provision':
      return provisionModal({ meta, runbooks, environments });
    case '/runbook':
      return runbookModal({ meta, runbooks, environments });
    case '/incident':
      return incidentModal(offer);
    default:
      return deployModal(offer);
  }
}
