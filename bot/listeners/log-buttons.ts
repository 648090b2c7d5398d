import type { App, BlockAction, StaticSelectAction } from '@slack/bolt';
import { ACTIONS, decodeMeta, type ModalMeta } from '../../src/messages/actions';
import { logModal } from '../../src/messages/log-view';
import type { OperationView } from '../../src/operation/view';
import { logOf } from '../logs';
import { viewOf } from '../looks';
import { isAway } from '../temporal';
import { guarded, onButton, type ListenerDeps, type Register } from './listener';

/** The Log button of a card or of what a step said, and the choice of another log in its dialog. */
export const register: Register = (app: App, deps) => {
  onButton(app, deps, {
    action: ACTIONS.log,
    pressed: async (click, ack) => {
      await ack();
      if (click.value.o === undefined) return;
      const meta = { value: click.value };
      // At once, because a trigger lives three seconds; nothing of the log is in it yet.
      const opened = await deps.web.views.open({ trigger_id: click.triggerId, view: logModal({ meta }) });
      if (opened.view?.id !== undefined) await fill(deps, { view: opened.view.id, user: click.user, meta });
    },
  });
  app.action<BlockAction<StaticSelectAction>>(
    { type: 'block_actions', action_id: ACTIONS.logOther },
    async ({ ack, body, action }) => {
      const click = { user: body.user.id };
      await guarded(deps, { what: ACTIONS.logOther, click, ack: () => ack() }, async () => {
        await ack();
        const meta = decodeMeta(body.view?.private_metadata);
        const place = Number(action.selected_option?.value);
        if (!meta?.value?.o || body.view === undefined || !Number.isSafeInteger(place)) return;
        await fill(deps, { view: body.view.id, user: body.user.id, meta, place });
      });
    },
  );
};

/** Whoever looks is asked for anew each time: a dialog may stay open for long. */
async function fill(
  deps: ListenerDeps,
  asked: { readonly view: string; readonly user: string; readonly meta: ModalMeta; readonly place?: number },
): Promise<void> {
  const { meta, place, user } = asked;
  const { o: id = '', l: step, w: mode } = meta.value ?? {};
  const read = async () => {
    const view = await viewOf<OperationView>(deps, id);
    const which = {
      ...(step === undefined ? {} : { step }),
      ...(mode && { mode }),
      ...(place === undefined ? {} : { place }),
    };
    return logOf(deps, { id, view, by: { person: user }, ...which });
  };
  const answered = await read().catch((error: unknown) => {
    if (!isAway(error)) throw error;
    const sentence =
      'Temporal does not answer, so nobody can say who has a say in this operation; try again in a minute.';
    return { kind: 'refused' as const, sentence };
  });
  const shown = answered.kind === 'log' ? { shown: answered.log } : { problem: answered.sentence };
  try {
    await deps.web.views.update({ view_id: asked.view, view: logModal({ meta, ...shown }) });
  } catch (error) {
    deps.log.debug({ err: error }, 'the dialog was closed before the log came');
  }
}
