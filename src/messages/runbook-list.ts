import type { KnownBlock } from '@slack/types';
import { ACTIONS, encodeValue } from './actions';
import { actions, button, context, section, type Message } from './blocks';
import { code, oneLine, safe } from './text';

/** Runbooks that somebody may ask for, in the order of their folders. */
export interface RunbookList {
  readonly of: 'runbook' | 'provision';
  /** What was searched for; empty: everything. */
  readonly words: string;
  readonly runbooks: readonly ListedRunbook[];
}

export interface ListedRunbook {
  readonly name: string;
  /** Below `runbooks/`; empty for the folder itself. */
  readonly folder: string;
  readonly about?: string;
  /** In the order in which a command takes them: `<needed>`, `[optional]`. */
  readonly inputs: readonly string[];
}

/** Slack takes 50 blocks; a row is one, and each folder has a head. */
const rowsOnPage = 15;
const longestWords = 100;
/** A longer one cannot be asked for by its name either. */
const longestName = 63;

/** A page of the list, with a Run button in every row. Pages count from 0; one past the end is the last. */
export function runbookListMessage(list: RunbookList, wanted = 0): Message {
  const { runbooks, words } = list;
  if (runbooks.length === 0) return { text: nothing(list), blocks: [section(nothing(list))] };
  const pages = Math.ceil(runbooks.length / rowsOnPage);
  const page = Math.max(0, Math.min(wanted, pages - 1));
  const shown = runbooks.slice(page * rowsOnPage, (page + 1) * rowsOnPage);
  const rows = shown.flatMap((each, index): KnownBlock[] => [
    ...(index === 0 || shown[index - 1]!.folder !== each.folder ? context([`📁 ${code(folderOf(each), 120)}`]) : []),
    row(each, list.of),
  ]);
  const value = (to: number): string =>
    encodeValue({ k: list.of, p: to, ...(words && { s: words.slice(0, longestWords) }) });
  const turns = [
    ...(page > 0 ? [button({ label: 'Previous', action: ACTIONS.runbookPrevious, value: value(page - 1) })] : []),
    ...(page < pages - 1 ? [button({ label: 'Next', action: ACTIONS.runbookNext, value: value(page + 1) })] : []),
  ];
  const place = pages > 1 ? ` Page ${page + 1} of ${pages}.` : '';
  return {
    text: `${headOf(list)}${place}`,
    blocks: [section(`*${headOf(list)}*${place}`), ...rows, ...actions(turns), ...context([howToSearch(list)])],
  };
}

/** The same for the command line, all of it. */
export function runbookListLines(list: RunbookList): readonly string[] {
  if (list.runbooks.length === 0) return [nothing(list)];
  return list.runbooks.map(({ name, inputs, about }) =>
    [`• ${[name, ...inputs].join(' ')}`, about && firstLine(about)].filter(Boolean).join(': '),
  );
}

/** Whether a runbook is meant by what was searched for: every word is somewhere in its name, folder or description. */
export function isFound({ name, folder, about = '' }: Omit<ListedRunbook, 'inputs'>, words: string): boolean {
  const text = `${folder}/${name} ${about}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function row({ name, about, inputs }: ListedRunbook, of: RunbookList['of']): KnownBlock {
  const takes = inputs.slice(0, 12).join(' ');
  const what = about ? `\n${safe(firstLine(about), 300)}` : '';
  return {
    ...section(`*${safe(name, 120)}*${takes ? ` ${code(takes, 200)}` : ''}${what}`),
    ...(name.length <= longestName && {
      accessory: button({
        label: 'Run',
        action: ACTIONS.runbookRun,
        value: encodeValue({ r: name, k: of }),
        spoken: `Run ${name}`,
      }),
    }),
  };
}

function headOf({ of, words, runbooks: { length } }: RunbookList): string {
  const what = of === 'provision' ? 'for something new' : 'that you may run';
  const count = `${length} ${length === 1 ? 'runbook' : 'runbooks'} ${what}`;
  return words ? `${count}, found by "${safe(words, 100)}".` : `${count}.`;
}

function howToSearch({ of }: RunbookList): string {
  return of === 'provision'
    ? 'Run opens a form; or type it: /provision <runbook> [values…]'.replace(/[<>]/g, (sign) =>
        sign === '<' ? '&lt;' : '&gt;',
      )
    : 'Search with `/runbook list words`. Run opens a form for the inputs.';
}

function nothing({ of, words }: RunbookList): string {
  const place = of === 'provision' ? 'runbooks/provision/' : 'runbooks/';
  return words
    ? `No runbook that you may run is found by "${safe(words, 100)}"; /runbook list shows all of them.`
    : `There is no runbook that you may run in ${place} of the policy repository; whoever owns it can add one.`;
}

function folderOf({ folder }: ListedRunbook): string {
  return folder === '' ? 'runbooks' : `runbooks/${folder}`;
}

function firstLine(text: string): string {
  return oneLine(text.trim().split('\n')[0]!);
}
