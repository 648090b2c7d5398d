import type {
  ActionsBlock,
  Button,
  ConfirmationDialog,
  ContextBlock,
  KnownBlock,
  MrkdwnElement,
  PlainTextElement,
  SectionBlock,
} from '@slack/types';
import { clip, fit, oneLine } from './text';

/** What every renderer gives: `text` is a full sentence, for phones, screen readers and search. */
export interface Message {
  readonly text: string;
  readonly blocks: KnownBlock[];
}

/** How a renderer may write: what this installation knows and what the workspace can show. */
export interface RenderContext {
  /** Base address of Temporal's UI. */
  readonly temporalUiUrl?: string;
  readonly namespace?: string;
  /** `https://git.example/policy/blob/{commit}/{file}#L{line}` */
  readonly policyUrl?: string;
  /** Whether Slack turns `<!date…>` into the reader's time; emulators do not. Default true. */
  readonly dateTokens?: boolean;
}

/** Already rendered markup. `verbatim` stops Slack from turning bare addresses and names into links. */
export function markup(text: string): MrkdwnElement {
  return { type: 'mrkdwn', text: text || ' ', verbatim: true };
}

/** Text that Slack never reads as markup. */
export function plainText(text: string, max: number): PlainTextElement {
  return { type: 'plain_text', text: clip(oneLine(text), max) || '-', emoji: true };
}

export function section(lines: string | readonly string[]): SectionBlock {
  return { type: 'section', text: markup(fit(typeof lines === 'string' ? lines.split('\n') : lines)) };
}

/** Two columns; Slack takes ten fields of 2000 characters. */
export function fields(entries: readonly (readonly [name: string, value: string | undefined])[]): SectionBlock[] {
  const shown = entries.filter((entry): entry is [string, string] => !!entry[1]).slice(0, 10);
  if (shown.length === 0) return [];
  return [{ type: 'section', fields: shown.map(([name, value]) => markup(`*${name}*\n${value}`)) }];
}

export function context(lines: readonly string[]): ContextBlock[] {
  const shown = lines.filter((line) => line.length > 0).slice(0, 10);
  if (shown.length === 0) return [];
  return [{ type: 'context', elements: shown.map((line) => markup(line)) }];
}

export function actions(buttons: readonly Button[]): ActionsBlock[] {
  return buttons.length > 0 ? [{ type: 'actions', elements: [...buttons] }] : [];
}

export const divider: KnownBlock = { type: 'divider' };

export function button(look: {
  readonly label: string;
  readonly action: string;
  readonly value: string;
  readonly style?: 'primary' | 'danger';
  readonly confirm?: ConfirmationDialog;
  /** Said by screen readers in place of the label. */
  readonly spoken?: string;
}): Button {
  return {
    type: 'button',
    text: plainText(look.label, 75),
    action_id: look.action,
    value: look.value,
    ...(look.style && { style: look.style }),
    ...(look.confirm && { confirm: look.confirm }),
    ...(look.spoken && { accessibility_label: clip(oneLine(look.spoken), 75) }),
  };
}

export function confirm(words: {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly no?: string;
  readonly danger?: boolean;
}): ConfirmationDialog {
  return {
    title: plainText(words.title, 100),
    text: plainText(words.text, 300),
    confirm: plainText(words.yes, 30),
    deny: plainText(words.no ?? 'No, go back', 30),
    ...(words.danger && { style: 'danger' as const }),
  };
}

/** Slack takes fifty blocks in a message; the last ones carry buttons and identity, so the middle gives way. */
export function bounded(blocks: readonly KnownBlock[], tail: readonly KnownBlock[], max = 50): KnownBlock[] {
  const room = max - tail.length;
  if (blocks.length <= room) return [...blocks, ...tail];
  return [...blocks.slice(0, room - 1), section('… the rest does not fit into one Slack message.'), ...tail];
}
