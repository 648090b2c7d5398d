import type { Address, Notice } from '../../src/messages/notice';
import type { JsonObject } from '../../src/json';
import type { StepOutline } from '../../src/operation/plan';
import { messaging } from '../activities';
import type { Carried } from './walk';
import type { Walker } from './walker';

/** Tells channels and persons something, each once however often it is tried: the bot knows a notice by its key. */
export async function tellPeople(walker: Walker, step: StepOutline, told: JsonObject): Promise<Carried> {
  const { to, channel, text } = told as { readonly to?: readonly string[]; readonly channel?: string; text: string };
  const { request, timings } = walker.walk.input;
  const wanted = to ?? [channel!];
  const { requester } = request.body;
  if (wanted.includes('requester') && requester.kind !== 'person') {
    const reason = 'A machine asked for this, so there is no requester to tell; name a channel or a person.';
    return { kind: 'failed', failure: { step: step.name, reason } };
  }
  const notice: Notice = { kind: 'plain', text };
  await walker.under(step, () =>
    Promise.all(
      wanted.map((name) => {
        const address = addressOf(name === 'requester' ? requester.id : name);
        return messaging(timings).notify({ key: `${walker.keyOf(step)}/${name}`, to: address, notice });
      }),
    ),
  );
  return { kind: 'done', told: {}, summary: `told ${wanted.map((name) => shown(name)).join(', ')}` };
}

function addressOf(name: string): Address {
  return isPerson(name) ? { kind: 'person', user: name } : { kind: 'channel', channel: name };
}

function shown(name: string): string {
  return isPerson(name) ? `<@${name}>` : name;
}

function isPerson(name: string): boolean {
  return /^[UW][A-Z0-9]{2,20}$/.test(name);
}
