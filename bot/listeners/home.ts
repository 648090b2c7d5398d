import type { App } from '@slack/bolt';
import { ACTIONS } from '../../src/messages/actions';
import { homeView } from '../../src/messages/home';
import { holdsNow } from '../holds';
import { openForm } from '../forms';
import { mineOf, statusOf, waitingFor } from '../looks';
import { bounded } from '../temporal';
import { onButton, type ListenerDeps, type Register } from './listener';

/** App Home: what waits for me, what is mine, which incidents are open. Published when it is looked at. */
export const register: Register = (app: App, deps) => {
  app.event('app_home_opened', async ({ event }) => {
    if (event.tab === 'home') await publish(deps, event.user);
  });
  onButton(app, deps, {
    action: ACTIONS.homeRefresh,
    pressed: async (click, ack) => {
      await ack();
      await publish(deps, click.user);
    },
  });
  onButton(app, deps, {
    action: ACTIONS.homeDeploy,
    pressed: async (click, ack) => {
      await ack();
      await openForm(deps, { command: '/deploy', triggerId: click.triggerId });
    },
  });
};

/** A part that does not answer is empty rather than in the way of the others. */
async function publish(deps: ListenerDeps, person: string): Promise<void> {
  const soft = <Part, Instead>(work: Promise<Part>, instead: Instead): Promise<Part | Instead> =>
    work.catch((error: unknown) => {
      deps.log.warn({ err: error }, 'a part of the Home tab could not be read');
      return instead;
    });
  const teams = await soft(bounded(deps.teamsOf(person), deps.waits.look), []);
  const [waiting, mine, status, held] = await Promise.all([
    soft(waitingFor(deps, { person, teams }), []),
    soft(mineOf(deps, person), []),
    soft(statusOf(deps), { operations: [], incidents: [] }),
    soft(holdsNow(deps), undefined),
  ]);
  const { incidents } = status;
  const data = { waitingForMe: waiting, mine, incidents, ...(held && { held }), at: deps.now().toISOString() };
  await deps.web.views.publish({ user_id: person, view: homeView(data, deps.render) });
}
