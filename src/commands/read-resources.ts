import { parseDuration } from '../runbooks/duration';
import { Misread, nothingElse, takePair, type Arguments } from './arguments';
import type { AskedOf } from './asked';
import { cleanName } from './names';
import { personIn } from './read-parts';
import { excerpt, type Word } from './words';

/** How the words about things that were provisioned are understood. */
export const readResources = {
  'provision.list': { takes: 'words', read: list },
  'provision.destroy': { takes: 'words', read: destroy },
  'provision.servers': { takes: 'words', read: servers },
  'provision.extend': { takes: 'words', read: extend },
} as const;

function list({ words }: Arguments): AskedOf<'provision.list'> {
  const wanted = words.map((word) => personIn(word.text) || cleanName(word.text).toLowerCase());
  return { kind: 'provision.list', words: wanted.filter((word) => word !== '').slice(0, 10) };
}

function destroy({ words, flags }: Arguments): AskedOf<'provision.destroy'> {
  const [first, ...left] = words;
  nothingElse(left, flags);
  const confirm = flags.get('confirm')?.[0];
  const reason = flags.get('reason')?.[0]?.prose.trim();
  return {
    kind: 'provision.destroy',
    resource: resourceWord(first),
    ...(confirm === undefined ? {} : { confirm: cleanName(confirm.text) }),
    ...(reason === undefined || reason === '' ? {} : { reason }),
  };
}

function servers({ words, flags }: Arguments): AskedOf<'provision.servers'> {
  const { value, rest } = takePair(words, ['in', 'to']);
  const [first, ...left] = rest;
  nothingElse(left, flags);
  const group = first === undefined ? undefined : cleanName(first.text).toLowerCase();
  if (group !== undefined && !/^[a-z][a-z0-9-]{0,31}$/.test(group))
    throw new Misread(`"${excerpt(first!.prose)}" cannot be the name of a group of servers.`, '/provision servers');
  const confirm = flags.get('confirm')?.[0];
  const reason = flags.get('reason')?.[0]?.prose.trim();
  return {
    kind: 'provision.servers',
    ...(group === undefined ? {} : { group }),
    ...(value === undefined ? {} : { environment: cleanName(value.text) }),
    ...(flags.has('apply') || confirm !== undefined ? { apply: true } : {}),
    ...(confirm === undefined ? {} : { confirm: cleanName(confirm.text) }),
    ...(reason === undefined || reason === '' ? {} : { reason }),
  };
}

function extend({ words, flags }: Arguments): AskedOf<'provision.extend'> {
  const { value, rest } = takePair(words, ['by', 'for']);
  const [first, ...left] = rest;
  nothingElse(left, flags);
  const resource = resourceWord(first);
  const by = value === undefined ? '' : cleanName(value.text).toLowerCase();
  if ((parseDuration(by) ?? 0) <= 0)
    throw new Misread(
      'By how long? Write a length of time such as 12h or 2d behind "by".',
      `/provision extend ${resource} by 2d`,
    );
  return { kind: 'provision.extend', resource, by };
}

/** A name, or `<kind>/<name>`. */
function resourceWord(word: Word | undefined): string {
  const name = word === undefined ? '' : cleanName(word.text).toLowerCase();
  if (/^([a-z][a-z0-9-]*\/)?[a-z0-9][a-z0-9._-]{0,62}$/.test(name)) return name;
  throw new Misread(
    word === undefined
      ? 'Which one? /provision list shows what there is; write its name.'
      : `"${excerpt(word.prose)}" cannot be the name of anything that was provisioned; /provision list shows what there is.`,
  );
}

/** `for 3d` at the end of what somebody wants to be made. */
export function takeLease(words: readonly Word[]): { readonly lease?: string; readonly rest: readonly Word[] } {
  const at = words.length - 2;
  const word = words[at];
  if (at < 1 || !word || word.quoted || cleanName(word.text).toLowerCase() !== 'for') return { rest: words };
  const lease = cleanName(words[at + 1]!.text).toLowerCase();
  if ((parseDuration(lease) ?? 0) <= 0)
    throw new Misread('For how long? Write a length of time such as 12h or 3d behind "for".');
  return { lease, rest: words.slice(0, at) };
}
