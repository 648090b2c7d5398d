import type { ToldResult } from '../src/messages/vote-modals';
import { shortIdIn } from '../src/operation/ids';
import type { Answer } from './answers';
import type { HandedOver } from './intake';

type Refused = Extract<Answer, { kind: 'refused' }>;

/** Says how a hand-over ended. */
export function handedOver(
  over: HandedOver,
  about: { readonly id: string; readonly what: string; readonly notAfter: string },
): Answer {
  const { id, what } = about;
  const next = id.startsWith('incident-')
    ? 'its card follows.'
    : 'policy is being asked, and its card or the reason against it follows.';
  switch (over.kind) {
    case 'started':
    case 'already':
      return {
        kind: 'started',
        id,
        sentence: `${what} is taken on as ${shortIdIn(id)}; ${next}`,
      };
    case 'kept':
      return {
        kind: 'kept',
        id,
        sentence: `${what} is kept as ${shortIdIn(id)} but not yet started, because Temporal does not answer in time; it starts by itself as soon as that is over, and if it is not before ${about.notAfter.slice(11, 16)} UTC, you are told.`,
      };
    case 'lost':
      return refused(
        'away',
        `${what} was not started and could not be kept, because neither Temporal nor Redis answers; ask again in a few minutes or tell whoever runs Signalbox.`,
      );
  }
}

/** Says what came of something that was handed over. */
export function told(result: ToldResult, code: 'bad_request' | 'away' = 'bad_request'): Answer {
  return result.kind === 'refused' ? refused(code, result.sentence) : { kind: 'told', sentence: result.sentence };
}

export function refused(code: Refused['code'], sentence: string): Refused {
  return { kind: 'refused', code, sentence };
}
