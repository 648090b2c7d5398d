import { ACTIONS } from '../../src/messages/actions';
import type { OperationRequest } from '../../src/operation/request';
import { askedSubject } from '../../src/operation/title';
import { answer, type Answer } from '../answers';
import { startOperation } from '../intake';
import { originalRequest } from '../looks';
import { retryOf } from '../requests';
import { handedOver, refused } from '../said';
import { messageOf } from '../show-answer';
import { tellPrivately } from '../tell';
import { onButton, type Click, type ListenerDeps, type Register } from './listener';

/** Roll back and Retry: each starts an operation of its own, under its own policy and in the presser's name. */
export const register: Register = (app, deps) => {
  const start = (action: string, work: (click: Click) => Promise<Answer>) =>
    onButton(app, deps, {
      action,
      pressed: async (click, ack) => {
        const answered = await work(click);
        await ack();
        await tellPrivately(deps, click, messageOf(answered, deps.render));
      },
    });
  start(ACTIONS.rollback, (click) => rollBack(deps, click));
  start(ACTIONS.retry, (click) => retry(deps, click));
};

async function rollBack(deps: ListenerDeps, click: Click): Promise<Answer> {
  const found = await former(deps, click);
  if (found === undefined) return unknown('/rollback <service> in <environment>');
  const { service, environment } = found;
  if (service === undefined || environment === undefined)
    return refused(
      'bad_request',
      'There is nothing to roll back here: this operation was not about a service in an environment.',
    );
  const { v: version } = click.value;
  if (version === undefined)
    return refused(
      'bad_request',
      `This button does not say which version it would go back to, so nothing was started; type /rollback ${service} in ${environment} to <version> instead.`,
    );
  const asked = { kind: 'rollback', service, environment, ...(version === null ? {} : { version }) } as const;
  return answer(deps, asked, { ...from(click), text: `Roll back (button on ${found.id})` });
}

async function retry(deps: ListenerDeps, click: Click): Promise<Answer> {
  const found = await former(deps, click);
  if (found === undefined) return unknown('the command that started it');
  const request = retryOf(deps, found, { ...from(click), text: `Retry (button on ${found.id})` });
  const about = { id: request.id, what: askedSubject(request), notAfter: request.notAfter };
  return handedOver(await startOperation(deps, request), about);
}

async function former(deps: ListenerDeps, click: Click): Promise<OperationRequest | undefined> {
  if (click.value.o === undefined) return undefined;
  return originalRequest(deps, click.value.o).catch((error: unknown) => {
    deps.log.warn({ err: error }, 'the former request could not be read');
    return undefined;
  });
}

function unknown(instead: string): Answer {
  return refused(
    'away',
    `What this card was about cannot be read from Temporal right now, so nothing was started; type ${instead} instead.`,
  );
}

function from(click: Click) {
  return {
    requester: {
      kind: 'person',
      id: click.user,
      ...(click.team === undefined ? {} : { team: click.team }),
      via: 'slack',
    },
    ...(click.channel === undefined ? {} : { channel: click.channel }),
    deliveryId: click.id,
  } as const;
}
