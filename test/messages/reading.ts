import type { Message } from '../../src/messages/blocks';
import { checkBlocks } from '../slack-rules/block-kit-rules';

type Tree = Record<string, unknown>;

/** Every string of a message that Slack reads as markup. */
export function markupOf(message: { readonly text?: string; readonly blocks: readonly unknown[] }): string {
  return [message.text ?? '', ...message.blocks.flatMap(markupIn)].join('\n');
}

function markupIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(markupIn);
  if (typeof value !== 'object' || value === null) return [];
  const tree = value as Tree;
  const own = tree.type === 'mrkdwn' && typeof tree.text === 'string' ? [tree.text] : [];
  return [...own, ...Object.values(tree).flatMap(markupIn)];
}

/** Action ids of the buttons, block by block. */
export function buttonsOf(message: { readonly blocks: readonly unknown[] }): string[] {
  return elements(message).map((element) => String(element.action_id));
}

export function valuesOf(message: { readonly blocks: readonly unknown[] }): (string | undefined)[] {
  return elements(message).map((element) => element.value as string | undefined);
}

function elements(message: { readonly blocks: readonly unknown[] }): Tree[] {
  return (message.blocks as Tree[]).flatMap((block) =>
    block.type === 'actions' ? (block.elements as Tree[]).filter((element) => element.type === 'button') : [],
  );
}

/** What Slack's documented limits have against a message. */
export function problemsOf(message: Message): string[] {
  const problems = checkBlocks(message.blocks, 'message').map(({ message: what, pointer }) => `${pointer}: ${what}`);
  if (message.text.trim() === '') problems.push('/text: empty');
  if (message.text.length > 3_900) problems.push(`/text: ${message.text.length} characters`);
  return problems;
}
