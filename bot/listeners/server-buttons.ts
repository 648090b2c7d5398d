import type { App, ViewSubmitAction } from '@slack/bolt';
import { digestOf } from '../../src/canonical';
import { ACTIONS, decodeMeta, MODALS, type ActionValue } from '../../src/messages/actions';
import { readInputs } from '../../src/messages/inputs';
import { losingModal } from '../../src/messages/request-modals';
import type { MadeBy } from '../../src/resources/resource';
import { answer } from '../answers';
import { messageOf } from '../show-answer';
import { tellPrivately } from '../tell';
import { guarded, onButton, type ListenerDeps, type Register } from './listener';
import { confirmedModal } from './typed-name';

const title = 'Change the servers';

/** The button that carries a difference out, and the group that is typed before its data is lost. */
export const register: Register = (app: App, deps) => {
  onButton(app, deps, {
    action: ACTIONS.bringAbout,
    pressed: async (click, ack) => {
      const { user, team, channel, id, value, triggerId } = click;
      const answered = await answer(deps, askedBy(value), {
        requester: { kind: 'person', id: user, via: 'slack', ...(team !== undefined && { team }) },
        ...(channel !== undefined && { channel }),
        deliveryId: id,
      });
      await ack();
      if (answered.kind === 'confirm_group') await askForGroup(deps, { ...answered, triggerId, channel });
      else await tellPrivately(deps, click, messageOf(answered, deps.render));
    },
  });
  app.view<ViewSubmitAction>({ callback_id: MODALS.losing, type: 'view_submission' }, async ({ ack, body, view }) => {
    const meta = decodeMeta(view.private_metadata) ?? {};
    const { channel, value = {} } = meta;
    const click = { user: body.user.id, ...(channel !== undefined && { channel }) };
    await guarded(deps, { what: MODALS.losing, click, ack: () => ack() }, async () => {
      const typed = readInputs(view.state.values);
      const losing = value.t ?? '';
      if (losing === '' || typed.name?.trim() !== losing) {
        await ack({ response_action: 'errors', errors: { name: `Type exactly ${losing}; what it holds is lost.` } });
        return;
      }
      const reason = typed.reason?.trim();
      const shown = value.d !== undefined && { shown: value.d };
      const asked = { ...askedBy(value), confirm: losing, ...shown, ...(reason && { reason }) };
      const result = await confirmedModal(deps, { body, view, meta }, { asked, title });
      await ack({ response_action: 'update', view: result });
    });
  });
};

function askedBy({ g: group, e: environment }: ActionValue) {
  return {
    kind: 'provision.servers',
    apply: true,
    ...(group !== undefined && { group }),
    ...(environment !== undefined && { environment }),
  } as const;
}

/** Asks for the name of the group that loses data, before the trigger that asked for it runs out. */
export async function askForGroup(
  deps: Pick<ListenerDeps, 'web'>,
  asked: {
    readonly triggerId: string;
    readonly channel?: string;
    readonly losing: string;
    readonly loses: MadeBy;
    readonly group?: string;
    readonly environment?: string;
  },
): Promise<void> {
  const { triggerId, channel, losing, loses, group, environment } = asked;
  const value = { t: losing, d: digestOf(loses), ...(group && { g: group }), ...(environment && { e: environment }) };
  const view = losingModal({
    group: losing,
    servers: Object.keys(loses),
    meta: { value, actionId: triggerId, ...(channel && { channel }) },
  });
  await deps.web.views.open({ trigger_id: triggerId, view });
}
