import type { App, ViewSubmitAction } from '@slack/bolt';
import { ACTIONS, decodeMeta, MODALS } from '../../src/messages/actions';
import { readInputs } from '../../src/messages/inputs';
import { destroyModal } from '../../src/messages/request-modals';
import type { ResourceRef } from '../../src/resources/resource';
import { actAtOnce } from './act-buttons';
import { guarded, onButton, type ListenerDeps, type Register } from './listener';
import { confirmedModal } from './typed-name';

const title = 'Destroy';

/** The Extend button of a reminder, and the name that is typed before data is lost. The workflows decide who may. */
export const register: Register = (app: App, deps) => {
  onButton(app, deps, {
    action: ACTIONS.extendLease,
    pressed: (click, ack) => {
      const { o: id, m: byMs = 0 } = click.value;
      return actAtOnce(deps, { click, ack, id, act: { kind: 'extend', byMs } });
    },
  });
  app.view<ViewSubmitAction>({ callback_id: MODALS.destroy, type: 'view_submission' }, async ({ ack, body, view }) => {
    const meta = decodeMeta(view.private_metadata) ?? {};
    const { channel } = meta;
    const click = { user: body.user.id, ...(channel !== undefined && { channel }) };
    await guarded(deps, { what: MODALS.destroy, click, ack: () => ack() }, async () => {
      const [kind, name] = meta.value?.t?.split('/') ?? [];
      const typed = readInputs(view.state.values);
      if (!kind || !name || typed.name?.trim() !== name) {
        await ack({
          response_action: 'errors',
          errors: { name: `Type exactly ${name ?? 'its name'}; what it holds is lost.` },
        });
        return;
      }
      const reason = typed.reason?.trim();
      const asked = {
        kind: 'provision.destroy',
        resource: `${kind}/${name}`,
        confirm: name,
        ...(meta.value?.d !== undefined && { of: meta.value.d }),
        ...(reason && { reason }),
      } as const;
      const result = await confirmedModal(deps, { body, view, meta }, { asked, title });
      await ack({ response_action: 'update', view: result });
    });
  });
};

/** Asks for the name of what is lost, before the trigger that asked for its end runs out. */
export async function askForName(
  deps: Pick<ListenerDeps, 'web'>,
  asked: { readonly triggerId: string; readonly channel?: string; readonly resource: ResourceRef; readonly of: string },
): Promise<void> {
  const { triggerId, channel, resource, of } = asked;
  const view = destroyModal({
    resource,
    meta: {
      value: { t: `${resource.kind}/${resource.name}`, d: of },
      actionId: triggerId,
      ...(channel && { channel }),
    },
  });
  await deps.web.views.open({ trigger_id: triggerId, view });
}
