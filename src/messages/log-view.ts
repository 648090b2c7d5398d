import type { Button, KnownBlock, ModalView, StaticSelect } from '@slack/types';
import { shortIdIn } from '../operation/ids';
import { ACTIONS, encodeMeta, MODALS, type ModalMeta } from './actions';
import { actions, plainText, section, type Message, type RenderContext } from './blocks';
import { logButton } from './log-button';
import { code, plain, safe, safeLines } from './text';

/** The end of one log, for somebody who may read it. */
export interface LogShown {
  readonly operation: string;
  readonly title?: string;
  /** All logs of the operation, in the order in which they were begun. */
  readonly logs: readonly {
    readonly step: string;
    readonly mode: 'do' | 'undo';
    readonly attempt: number;
    readonly bytes: number;
  }[];
  /** Which of them this is, from 0. */
  readonly place: number;
  readonly text: string;
  readonly isWhole: boolean;
  /** To the whole log, for a while. */
  readonly link?: string;
}

/** A message has one block of it, a dialog several: Slack takes 3,000 characters a block. */
const blockChars = 2_700;
const dialogBlocks = 5;
const optionsShown = 100;

/** As a private message. */
export function logMessage(shown: LogShown, _about: RenderContext = {}): Message {
  const { head, spoken } = headOf(shown);
  return { text: spoken, blocks: [section(head), ...endOf(shown, 1), ...messageButtons(shown)] };
}

/** As a dialog, in which another log of the operation can be chosen. Without `shown` it says that it is fetched. */
export function logModal(about: {
  readonly meta: ModalMeta;
  readonly shown?: LogShown;
  readonly problem?: string;
}): ModalView {
  const { meta, shown, problem } = about;
  const view = (blocks: KnownBlock[]): ModalView => ({
    type: 'modal',
    callback_id: MODALS.log,
    title: plainText('Log', 24),
    close: plainText('Close', 24),
    private_metadata: encodeMeta(meta),
    blocks,
  });
  if (problem !== undefined) return view([section(safeLines(problem, { max: 2_000, lines: 10 }))]);
  if (!shown) return view([section('⏳ Fetching the log…')]);
  return view([section(headOf(shown).head), ...chooser(shown), ...endOf(shown, dialogBlocks), ...linkButtons(shown)]);
}

/** Lines for the command line and whatever else reads plain text. */
export function logLines(shown: LogShown): readonly string[] {
  return [headOf(shown).spoken, ...plain(shown.text).trimEnd().split('\n'), ...(shown.link ? [shown.link] : [])];
}

function headOf({ operation, title, logs, place, isWhole }: LogShown): { head: string[]; spoken: string } {
  const log = logs[place]!;
  const part = isWhole ? '' : ', its last lines';
  const { path, target } = stepAndTarget(log.step);
  const rest = `${target}, attempt ${log.attempt}${part}`;
  const what = `${log.mode === 'undo' ? 'Undo of ' : ''}${code(path, 150)}${rest}`;
  const of = `${safe(title ?? '', 200)} ${code(shortIdIn(operation), 40)}`.trim();
  return {
    head: [`📜 ${what}`, of],
    spoken: `Log of ${log.mode === 'undo' ? 'the undo of ' : ''}${safe(path, 150)}${target}, attempt ${log.attempt}, of ${shortIdIn(operation)}${part}.`,
  };
}

/** A log is kept under the path of its step with the places of its targets, from 0; people count from 1. */
function stepAndTarget(step: string): { readonly path: string; readonly target: string } {
  const [, path = step, places = ''] = /^(.*?)((?:\[\d+\])+)$/.exec(step) ?? [];
  const numbers = [...places.matchAll(/\d+/g)].map(([number]) => Number(number) + 1);
  return { path, target: numbers.length > 0 ? `, target ${numbers.join(' and in it ')}` : '' };
}

/** The last lines that fit, as they are: nothing in them is read as markup. */
function endOf({ text }: LogShown, most: number): KnownBlock[] {
  const lines = plain(text)
    .trimEnd()
    .split('\n')
    .map((line) => code(line.replace(/\s+$/, '') || ' ', 500).slice(1, -1));
  const blocks: string[][] = [];
  let [block, size]: [string[], number] = [[], 0];
  for (const line of lines.reverse()) {
    if (size + line.length + 1 > blockChars) {
      blocks.unshift(block);
      if (blocks.length === most) break;
      [block, size] = [[], 0];
    }
    block.unshift(line);
    size += line.length + 1;
  }
  if (blocks.length < most && blocks[0] !== block) blocks.unshift(block);
  if (text.trim() === '') return [section('Nothing is in it that can be shown.')];
  return blocks.map((each) => ({
    type: 'section',
    text: { type: 'mrkdwn', text: `\`\`\`\n${each.join('\n')}\n\`\`\``, verbatim: true },
  }));
}

function linkButtons({ link }: LogShown): KnownBlock[] {
  return link === undefined ? [] : actions([wholeLog(link)]);
}

/** A message has no room for a choice, so the other log of the step has a button. */
function messageButtons({ operation, logs, place, link }: LogShown): KnownBlock[] {
  const { step, mode } = logs[place]!;
  const other = logs.some((log) => log.step === step && log.mode !== mode);
  const label = mode === 'undo' ? 'Log of the step' : 'Log of its undo';
  const which = { operationId: operation, step, ...(mode === 'do' && { mode: 'undo' as const }) };
  const buttons = [...(link === undefined ? [] : [wholeLog(link)]), ...(other ? [logButton({ ...which, label })] : [])];
  return buttons.length > 0 ? actions(buttons) : [];
}

function wholeLog(url: string): Button {
  return { type: 'button', text: plainText('Whole log', 75), action_id: ACTIONS.openLink, url, value: '{}' };
}

/** The newest when there are too many to choose from, and those of the step and its undo in any case. */
function chooser({ logs, place }: LogShown): KnownBlock[] {
  if (logs.length < 2) return [];
  const own = logs.flatMap(({ step }, at) => (step === logs[place]!.step ? [at] : [])).slice(-optionsShown);
  const others = logs.flatMap(({ step }, at) => (step === logs[place]!.step ? [] : [at]));
  const newest = others.slice(Math.max(0, others.length - (optionsShown - own.length)));
  const options = [...own, ...newest]
    .sort((left, right) => left - right)
    .map((at) => ({ text: plainText(optionWords(optionOf(logs[at]!)), 75), value: String(at) }));
  const present = options.find(({ value }) => value === String(place));
  const select: StaticSelect = {
    type: 'static_select',
    action_id: ACTIONS.logOther,
    placeholder: plainText('Another log', 75),
    options,
    ...(present && { initial_option: present }),
  };
  return [{ type: 'actions', elements: [select] }];
}

function optionOf({ step, mode, attempt }: LogShown['logs'][number]): string {
  return `${mode === 'undo' ? 'undo of ' : ''}${step}, attempt ${attempt}`;
}

/** The end of a path says more than its beginning. */
function optionWords(words: string): string {
  return words.length > 75 ? `…${words.slice(-74)}` : words;
}
