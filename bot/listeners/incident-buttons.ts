import type { App, MessageShortcut, SlackViewMiddlewareArgs, ViewSubmitAction } from '@slack/bolt';
import { incidentRoles } from '../../src/commands/asked';
import { INCIDENT_SHORTCUT } from '../../src/commands/manifest';
import { readable } from '../../src/commands/words';
import type { IncidentAct } from '../../src/incidents/incident';
import { ACTIONS, decodeMeta, MODALS, type ModalMeta } from '../../src/messages/actions';
import { readInputs } from '../../src/messages/inputs';
import { incidentAssignModal, incidentUpdateModal } from '../../src/messages/request-modals';
import { openForm } from '../forms';
import { originalRequest } from '../looks';
import { plainMessage, tellPrivately } from '../tell';
import { actResult, relayAct } from '../votes';
import { actAtOnce, actBody } from './act-buttons';
import { guarded, onButton, type Click, type ListenerDeps, type Register } from './listener';

type Fields = { readonly [name: string]: string };

/** Opening an incident from a card or a message, and what people do to an open one. */
export const register: Register = (app: App, deps) => {
  onButton(app, deps, { action: ACTIONS.incidentOpen, pressed: (click, ack) => openIncidentForm(deps, click, ack) });
  const modals = { [ACTIONS.incidentUpdate]: incidentUpdateModal, [ACTIONS.incidentAssign]: incidentAssignModal };
  for (const [action, make] of Object.entries(modals))
    onButton(app, deps, {
      action,
      pressed: async (click, ack) => {
        await ack();
        await deps.web.views.open({ trigger_id: click.triggerId, view: make(metaOf(click)) });
      },
    });
  const atOnce: readonly (readonly [string, IncidentAct])[] = [
    [ACTIONS.incidentMitigate, { kind: 'mitigate' }],
    [ACTIONS.incidentResolve, { kind: 'resolve' }],
  ];
  for (const [action, act] of atOnce)
    onButton(app, deps, { action, pressed: (click, ack) => actAtOnce(deps, { click, ack, id: click.value.i, act }) });
  onSubmit(app, deps, MODALS.incidentUpdate, (fields) => ({ kind: 'update', text: fields.text ?? '' }));
  onSubmit(app, deps, MODALS.incidentAssign, (fields) => {
    const role = incidentRoles.find((each) => each === fields.role) ?? 'lead';
    return { kind: 'assign', role, user: fields.user ?? '' };
  });
  registerShortcut(app, deps);
};

/** The form is filled in with what the card is about, when Temporal says so in time. */
async function openIncidentForm(deps: ListenerDeps, click: Click, ack: () => Promise<void>): Promise<void> {
  await ack();
  const about =
    click.value.o === undefined ? undefined : await originalRequest(deps, click.value.o).catch(() => undefined);
  await openForm(deps, {
    command: '/incident',
    triggerId: click.triggerId,
    meta: metaOf(click),
    ...(about === undefined ? {} : { initial: { service: about.service, environment: about.environment } }),
  });
}

function registerShortcut(app: App, deps: ListenerDeps): void {
  app.shortcut<MessageShortcut>(
    { callback_id: INCIDENT_SHORTCUT, type: 'message_action' },
    async ({ ack, shortcut }) => {
      const click = { user: shortcut.user.id, channel: shortcut.channel.id };
      await guarded(deps, { what: INCIDENT_SHORTCUT, click, ack: () => ack() }, async () => {
        await ack();
        const summary = readable(shortcut.message.text ?? '', true).slice(0, 1_000);
        await openForm(deps, {
          command: '/incident',
          triggerId: shortcut.trigger_id,
          channel: shortcut.channel.id,
          initial: { summary },
        });
      });
    },
  );
}

function onSubmit(app: App, deps: ListenerDeps, callback: string, actOf: (fields: Fields) => IncidentAct): void {
  app.view<ViewSubmitAction>({ callback_id: callback, type: 'view_submission' }, async (given) => {
    const meta = decodeMeta(given.view.private_metadata) ?? {};
    const click = { user: given.body.user.id, ...(meta.channel === undefined ? {} : { channel: meta.channel }) };
    await guarded(deps, { what: callback, click, ack: () => given.ack() }, () => submitted(deps, given, meta, actOf));
  });
}

async function submitted(
  deps: ListenerDeps,
  { ack, body, view }: SlackViewMiddlewareArgs<ViewSubmitAction>,
  meta: ModalMeta,
  actOf: (fields: Fields) => IncidentAct,
): Promise<void> {
  const id = meta.value?.i;
  if (id === undefined) {
    await ack();
    return;
  }
  const user = body.user.id;
  const team = body.user.team_id ?? body.team?.id;
  const by = { user, id: meta.actionId ?? view.id, ...(team === undefined ? {} : { team }) };
  const act = actOf(readInputs(view.state.values));
  const relayed = await relayAct(deps, actBody(deps, { by, id, act }));
  await ack();
  const result = await actResult(relayed);
  if (result.kind === 'refused' || result.kind === 'kept')
    await tellPrivately(
      deps,
      { user, ...(meta.channel === undefined ? {} : { channel: meta.channel }) },
      plainMessage(result.sentence),
    );
}

function metaOf(click: Click): ModalMeta {
  const { channel, ts } = click;
  return { value: click.value, actionId: click.id, ...(channel && { channel }), ...(ts && { ts }) };
}
