import type { Button, KnownBlock } from '@slack/types';
import { extensionMs } from '../resources/extension-ms';
import { isThere, resourceWords, type ResourceState, type ResourceStatus } from '../resources/resource';
import { section, type Message, type RenderContext } from './blocks';
import { extendButton } from './extend-button';
import { code, fit, instant, mention, safe } from './text';

/** Lines of one message: Slack takes fifty blocks, and nobody reads more. */
const mostShown = 40;
const perSection = 8;

const looks: { readonly [status in ResourceStatus]: { readonly mark: string; readonly words: string } } = {
  creating: { mark: '🛠️', words: 'is being made' },
  live: { mark: '🟢', words: 'is there' },
  destroying: { mark: '🗑️', words: 'is being taken away' },
  destroyed: { mark: '⚫', words: 'is gone' },
  uncertain: { mark: '⚠️', words: 'may be half there' },
};

export const nothingProvisioned =
  'Nothing that was provisioned was found here; /provision list without words shows everything, and /provision <runbook> makes something new.';

/** Those that are there, or may be, and fit every word, the ones that end first in front. */
export function resourcesShown(
  states: readonly ResourceState[],
  { words, person }: { readonly words: readonly string[]; readonly person?: string },
): readonly ResourceState[] {
  const fits = (state: ResourceState): boolean => words.every((word) => fitsWord(state, word, person));
  const endOf = ({ expiresAt = '9999', createdAt = '' }: ResourceState): string => `${expiresAt} ${createdAt}`;
  return states.filter((state) => isThere(state) && fits(state)).sort((a, b) => (endOf(a) < endOf(b) ? -1 : 1));
}

function fitsWord(state: ResourceState, word: string, person: string | undefined): boolean {
  if (word === 'mine') return state.owner.id === person;
  if (state.owner.id === word) return true;
  const { kind, name, runbook, environment = '', service = '', owner } = state;
  return [`${kind}/${name}`, runbook, environment, service, owner.id.toLowerCase()].some((text) => text.includes(word));
}

/** For the command line. */
export function resourceLines(states: readonly ResourceState[]): readonly string[] {
  if (states.length === 0) return [nothingProvisioned];
  return states.map((state) => {
    const { mark, words } = looks[state.status];
    const { owner, environment, createdAt, begunAt, expiresAt, because } = state;
    return [
      `${mark} ${resourceWords(state)} ${words}: ${owner.id}'s since ${createdAt ?? begunAt}${expiresAt ? `, until ${expiresAt}` : ''}`,
      `${environment ? ` (${environment})` : ''}.`,
      because ? ` Nobody can say what is left of it: ${because}` : '',
    ].join('');
  });
}

/** For Slack: what a lease ends has a button of its own. `leaseIdOf`: the workflow of the lease of what an operation made. */
export function resourcesMessage(
  states: readonly ResourceState[],
  { dateTokens = true, leaseIdOf }: RenderContext & { readonly leaseIdOf: (operation: string) => string },
): Message {
  if (states.length === 0) return { text: nothingProvisioned, blocks: [section(nothingProvisioned)] };
  const line = (state: ResourceState, tokens: boolean): string => {
    const { mark, words } = looks[state.status];
    const { owner, environment, createdAt, begunAt, expiresAt, because } = state;
    const whose = owner.kind === 'person' ? `${mention(owner.id)}'s` : `of ${code(owner.id, 60)}`;
    const until = expiresAt ? `, until ${instant(expiresAt, { tokens })}` : '';
    const where = environment ? ` in ${code(environment, 60)}` : '';
    const why = because ? ` Nobody can say what is left of it: ${safe(because, 300)}` : '';
    return `${mark} ${code(resourceWords(state), 100)}${where} ${words}: ${whose} since ${instant(createdAt ?? begunAt, { tokens })}${until}.${why}`;
  };
  const shown = states.slice(0, mostShown);
  const more =
    states.length > mostShown
      ? [section(`There are ${states.length - mostShown} more; add words to narrow it down.`)]
      : [];
  const rows = shown.map((state): Row => {
    const byMs = state.status === 'live' ? extensionMs(state) : 0;
    const accessory = { name: state.name, leaseId: leaseIdOf(state.operation), byMs };
    return { line: line(state, dateTokens), ...(byMs > 0 && { accessory: extendButton(accessory) }) };
  });
  return {
    text: fit(
      shown.map((state) => line(state, false)),
      3_000,
    ),
    blocks: [...sectionsOf(rows), ...more],
  };
}

interface Row {
  readonly line: string;
  readonly accessory?: Button;
}

/** What has a button has a section of its own; of the others each holds several. */
function sectionsOf(rows: readonly Row[]): KnownBlock[] {
  const sections: KnownBlock[] = [];
  let lines: string[] = [];
  const close = (): void => {
    if (lines.length > 0) sections.push(section(lines));
    lines = [];
  };
  for (const { line, accessory } of rows) {
    if (accessory || lines.length === perSection) close();
    if (accessory) sections.push({ ...section(line), accessory });
    else lines.push(line);
  }
  close();
  return sections;
}
