import type { ModalView } from '@slack/types';
import type { ModalMeta } from '../src/messages/actions';
import { isFound, type RunbookList } from '../src/messages/runbook-list';
import { provisionModal, runbookModal } from '../src/messages/request-modals';
import type { Requester } from '../src/operation/request';
import type { BotDeps, Catalogue, OfferedRunbook } from './deps';
import { bounded } from './temporal';

type ListDeps = Pick<BotDeps, 'mayRun' | 'waits' | 'log'>;

/**
 * What this person may run, by folder and name. Without an answer in time everything is listed, since policy has the
 * last word when it is asked for.
 */
export async function runbooksFor(
  deps: ListDeps,
  asked: { readonly of: RunbookList['of']; readonly words: string; readonly requester: Requester },
  catalogue: Catalogue,
): Promise<RunbookList> {
  const { of, requester } = asked;
  const words = asked.words.trim();
  const may = requester.kind === 'person' ? await mayRun(deps, requester.id) : () => true;
  const meant = catalogue.runbooks
    .filter((each) => of === 'runbook' || isProvision(each))
    .filter((each) => words === '' || isFound(each, words))
    .filter(({ name }) => may(name));
  const runbooks = [...meant]
    .sort((left, right) => compare(left.folder, right.folder) || compare(left.name, right.name))
    .map(({ name, folder, about, inputs }) => ({
      name,
      folder,
      ...(about === undefined ? {} : { about }),
      inputs: Object.entries(inputs).map(([input, spec]) => (spec.default === undefined ? `<${input}>` : `[${input}]`)),
    }));
  return { of, words, runbooks };
}

/** The form of one runbook with a field for every input. */
export function runbookForm(
  { runbook, of, meta }: { readonly runbook: OfferedRunbook; readonly of: RunbookList['of']; readonly meta: ModalMeta },
  { services, environments }: Catalogue,
): ModalView {
  const offer = { meta: { ...meta, action: runbook.name }, runbooks: [], services, environments, chosen: runbook };
  return of === 'provision' ? provisionModal(offer) : runbookModal(offer);
}

export function isProvision({ folder }: OfferedRunbook): boolean {
  return folder === 'provision' || folder.startsWith('provision/');
}

async function mayRun(deps: ListDeps, person: string): Promise<(runbook: string) => boolean> {
  const everything = (): boolean => true;
  if (!deps.mayRun) return everything;
  return bounded(deps.mayRun(person), deps.waits.catalogue).catch((error: unknown) => {
    deps.log.debug({ err: error }, 'nobody said in time what this person may run; listing everything');
    return everything;
  });
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
