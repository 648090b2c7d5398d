import { longestReason } from '../holds/holds';
import { parseDuration } from '../runbooks/duration';
import { Misread, nothingElse, takePair, type Arguments } from './arguments';
import type { AskedOf } from './asked';
import { cleanName, type KnownNames } from './names';
import { nameOf, none, personIn, versionOf } from './read-parts';
import { excerpt, type Word } from './words';

type Given = Arguments & { readonly known: KnownNames };

/** How the words of locks, freezes and the stop are understood. */
export const readHolds = {
  'hold.lock': { takes: 'words', read: lock },
  'hold.unlock': { takes: 'words', read: unlock },
  'hold.hand_over': { takes: 'words', read: handOver },
  'hold.freeze': { takes: 'words', read: freeze },
  'hold.thaw': { takes: 'words', read: thaw },
  'hold.stop': { takes: 'words', read: stop },
  'hold.go': {
    takes: 'words',
    read: (given: Given): AskedOf<'hold.go'> => ({ kind: 'hold.go', ...reasonIn(given.words) }),
  },
  locks: { takes: 'words', read: (given: Given) => none(given, { kind: 'locks' } as const) },
} as const;

function lock({ words, flags, known }: Given): AskedOf<'hold.lock'> {
  const { length, rest } = takeLength(words);
  const { place, left } = serviceIn(rest, known);
  const change = flags.get('change')?.[0];
  return {
    kind: 'hold.lock',
    ...place,
    reason: reasonOf(left, 'Why is it locked? Whoever is held back reads it; write it in quotes.'),
    ...(length === undefined ? {} : { for: length }),
    ...(change === undefined ? {} : { change: versionOf(change, '') }),
  };
}

function unlock({ words, known }: Given): AskedOf<'hold.unlock'> {
  const { place, left } = serviceIn(words, known);
  return { kind: 'hold.unlock', ...place, ...reasonIn(left) };
}

function handOver({ words, known }: Given): AskedOf<'hold.hand_over'> {
  const { value, rest } = takePair(words, ['to']);
  const { place, left } = serviceIn(rest, known);
  const to = value === undefined ? '' : personIn(value.text);
  if (to === '') throw new Misread('Who should get the lock? Mention the person behind "to", with @.');
  return { kind: 'hold.hand_over', ...place, to, ...reasonIn(left) };
}

function freeze({ words, known }: Given): AskedOf<'hold.freeze'> {
  const at = words.findLastIndex((word) => isWord(word, 'until'));
  const until = at < 0 ? [] : words.slice(at + 1);
  if (at >= 0 && until.length === 0)
    throw new Misread('Until when? Write an instant behind "until", such as "friday 18:00".');
  const { length, rest } = at < 0 ? takeLength(words) : { length: undefined, rest: words.slice(0, at) };
  const { place, left } = placeIn(rest, known);
  return {
    kind: 'hold.freeze',
    ...place,
    reason: reasonOf(left, 'Why is it frozen? Whoever is held back reads it; write it in quotes.'),
    ...(length === undefined ? {} : { for: length }),
    ...(at < 0 ? {} : { until: until.map(({ prose }) => prose).join(' ') }),
  };
}

function thaw({ words, flags, known }: Given): AskedOf<'hold.thaw'> {
  const { place, left } = placeIn(words, known);
  nothingElse(left, flags);
  return { kind: 'hold.thaw', ...place };
}

function stop({ words }: Given): AskedOf<'hold.stop'> {
  const reason = reasonOf(words, 'Why does everything stop? Everybody who is held back reads it; write it in quotes.');
  return { kind: 'hold.stop', reason };
}

/** `checkout in production`, and what is left. */
function serviceIn(words: readonly Word[], known: KnownNames) {
  const { value, rest } = takePlace(words);
  const [first, ...left] = rest;
  const service = nameOf(first, { what: 'service', known: known.services });
  const environment = nameOf(value, { what: 'environment', known: known.environments, keyword: 'in' });
  return { place: { service, environment }, left };
}

/** The same, or an environment alone. */
function placeIn(words: readonly Word[], known: KnownNames) {
  if (isWord(words[1], 'in')) return serviceIn(words, known);
  const [first, ...left] = words;
  return { place: { environment: nameOf(first, { what: 'environment', known: known.environments }) }, left };
}

/** Only the "in" behind the service: a reason may have one too. */
function takePlace(words: readonly Word[]): { readonly value?: Word; readonly rest: readonly Word[] } {
  if (!isWord(words[1], 'in')) return { rest: words };
  return takePair(words, ['in']);
}

/** `for 2h`, wherever it stands; a "for" before anything else is a word of the reason. */
function takeLength(words: readonly Word[]): { readonly length?: string; readonly rest: readonly Word[] } {
  const at = words.findLastIndex(
    (word, index) => isWord(word, 'for') && parseDuration(lengthAt(words, index)) !== undefined,
  );
  if (at < 0) return { rest: words };
  return { length: lengthAt(words, at), rest: [...words.slice(0, at), ...words.slice(at + 2)] };
}

function lengthAt(words: readonly Word[], at: number): string {
  return cleanName(words[at + 1]?.text ?? '').toLowerCase();
}

/** One text in quotes, or every word that is left. */
function reasonIn(words: readonly Word[]): { readonly reason?: string } {
  const [first, second] = words;
  if (first === undefined) return {};
  if (first.quoted && second !== undefined)
    throw new Misread(
      isWord(second, 'for')
        ? 'How long? Write a length of time such as 30m, 2h or 1d behind "for".'
        : `There is no place for "${excerpt(
            words
              .slice(1)
              .map(({ prose }) => prose)
              .join(' '),
          )}" behind the reason.`,
    );
  const reason = words
    .map(({ prose }) => prose)
    .join(' ')
    .trim();
  if (reason.length > longestReason)
    throw new Misread(
      `That reason has ${reason.length} characters, and ${longestReason} can be kept; say it shorter, or link to where it stands.`,
    );
  return reason === '' ? {} : { reason };
}

function reasonOf(words: readonly Word[], missing: string): string {
  const { reason } = reasonIn(words);
  if (reason === undefined) throw new Misread(missing);
  return reason;
}

function isWord(word: Word | undefined, text: string): boolean {
  return word !== undefined && !word.quoted && cleanName(word.text).toLowerCase() === text;
}
