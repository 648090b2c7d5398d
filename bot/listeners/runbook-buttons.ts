import { ACTIONS } from '../../src/messages/actions';
import { runbookListMessage } from '../../src/messages/runbook-list';
import { catalogueIn } from '../answers';
import { runbookForm, runbooksFor } from '../runbooks';
import { plainMessage, tellPrivately } from '../tell';
import { onButton, type Click, type ListenerDeps, type Register } from './listener';

/** Under the list of runbooks: Run opens the form of one, Previous and Next turn the page. */
export const register: Register = (app, deps) => {
  onButton(app, deps, {
    action: ACTIONS.runbookRun,
    pressed: async (click, ack) => {
      await ack();
      await openRunbook(deps, click);
    },
  });
  for (const action of [ACTIONS.runbookPrevious, ACTIONS.runbookNext])
    onButton(app, deps, {
      action,
      pressed: async (click, ack) => {
        await ack();
        await turnPage(deps, click);
      },
    });
};

async function openRunbook(deps: ListenerDeps, click: Click): Promise<void> {
  const { r: name, k: of = 'runbook' } = click.value;
  const catalogue = await catalogueIn(deps);
  if (!catalogue) return tellPrivately(deps, click, plainMessage(away));
  const runbook = catalogue.runbooks.find((each) => each.name === name);
  if (!runbook) {
    const gone = `There is no runbook ${name ?? ''} any more, so nothing was started; /runbook lists those that there are.`;
    return tellPrivately(deps, click, plainMessage(gone));
  }
  const meta = click.channel === undefined ? {} : { channel: click.channel };
  const view = runbookForm({ runbook, of, meta }, catalogue);
  await deps.web.views.open({ trigger_id: click.triggerId, view });
}

async function turnPage(deps: ListenerDeps, click: Click): Promise<void> {
  const { k: of = 'runbook', p: page = 0, s: words = '' } = click.value;
  const catalogue = await catalogueIn(deps);
  if (!catalogue) return tellPrivately(deps, click, plainMessage(away));
  const requester = { kind: 'person', id: click.user, via: 'slack' } as const;
  const message = runbookListMessage(await runbooksFor(deps, { of, words, requester }, catalogue), page);
  // Without a way to replace it, a second page below the first is better than none.
  if (click.respond) await click.respond({ ...message, response_type: 'ephemeral', replace_original: true });
  else await tellPrivately(deps, click, message);
}

const away =
  'The policy repository does not answer right now, so nothing was started; try again, or type /runbook run <name>.';
