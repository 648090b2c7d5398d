import { randomBytes } from 'node:crypto';
import { checkBlocks } from './block-kit-rules';
import type { Problem } from './block-kit-objects';
import type { Workspace } from './state';
import type { Json } from './types';

/** docs.slack.dev/reference/methods/chat.postMessage: longer text is cut. */
export const TEXT_TRUNCATED_AT = 40_000;
/** docs.slack.dev/reference/methods/chat.update: longer text is refused. */
export const UPDATE_TEXT_MAX = 4_000;
/** docs.slack.dev/reference/methods/chat.postMessage: attachments, hard limit. */
const ATTACHMENTS_MAX = 100;

export interface Content {
  readonly text: string;
  readonly blocks: Json[];
  readonly attachments: Json[];
}

export type ContentAnswer =
  | { readonly kind: 'content'; readonly content: Content; readonly warning?: 'message_truncated' }
  | { readonly kind: 'refused'; readonly error: string; readonly extra: Json };

/** Reads and judges what a message says, for every way a message can be sent. `where` names the call in violations. */
export function readContent(workspace: Workspace, args: Json, where: string): ContentAnswer {
  const text = typeof args.text === 'string' ? args.text : '';
  if (args.blocks !== undefined && !Array.isArray(args.blocks))
    return invalidBlocks(workspace, 'invalid_blocks_format', [], where);
  const blocks = (args.blocks as Json[] | undefined) ?? [];
  const attachments = (Array.isArray(args.attachments) ? args.attachments : []) as Json[];
  const problems = [...checkBlocks(blocks, 'message'), ...checkAttachments(attachments)];
  if (problems.length > 0) return invalidBlocks(workspace, 'invalid_blocks', problems, where);
  if (text.trim() === '' && blocks.length === 0 && attachments.length === 0)
    return { kind: 'refused', error: 'no_text', extra: {} };
  noteHouseRules(workspace, { text, blocks }, where);
  const points = [...text];
  return {
    kind: 'content',
    content: {
      text: points.length > TEXT_TRUNCATED_AT ? points.slice(0, TEXT_TRUNCATED_AT).join('') : text,
      blocks: withIds(blocks),
      attachments,
    },
    ...(points.length > TEXT_TRUNCATED_AT ? { warning: 'message_truncated' as const } : {}),
  };
}

/** Slack fills in the ids that an app leaves out. */
export function withIds(blocks: readonly Json[]): Json[] {
  return blocks.map((block) => {
    const copy = structuredClone(block);
    copy.block_id ??= shortId();
    for (const element of interactiveElements(copy)) element.action_id ??= shortId();
    return copy;
  });
}

/** The elements of one block that a person can use: in `elements`, `accessory` and `element`, and in child blocks. */
export function interactiveElements(block: Json): Json[] {
  const own = [
    ...asList(block.elements),
    ...asList(block.accessory),
    ...asList(block.element),
    ...asList(block.actions),
  ];
  const children = asList(block.child_blocks).flatMap(interactiveElements);
  const cards = block.type === 'carousel' ? asList(block.elements).flatMap(interactiveElements) : [];
  return [...own.filter((element) => INTERACTIVE.has(String(element.type))), ...children, ...cards];
}

const INTERACTIVE = new Set([
  'button',
  'checkboxes',
  'datepicker',
  'datetimepicker',
  'email_text_input',
  'external_select',
  'multi_external_select',
  'multi_static_select',
  'multi_users_select',
  'multi_conversations_select',
  'multi_channels_select',
  'number_input',
  'overflow',
  'plain_text_input',
  'radio_buttons',
  'rich_text_input',
  'static_select',
  'users_select',
  'conversations_select',
  'channels_select',
  'timepicker',
  'url_text_input',
  'file_input',
  'feedback_buttons',
  'icon_button',
]);

function checkAttachments(attachments: readonly Json[]): Problem[] {
  if (attachments.length > ATTACHMENTS_MAX)
    return [{ message: `no more than ${ATTACHMENTS_MAX} items allowed`, pointer: '/attachments' }];
  return attachments.flatMap((attachment, index) =>
    checkBlocks(asList(attachment.blocks), 'message').map(({ message, pointer }) => ({
      message,
      pointer: `/attachments/${index}${pointer}`,
    })),
  );
}

function invalidBlocks(
  workspace: Workspace,
  error: string,
  problems: readonly Problem[],
  where: string,
): ContentAnswer {
  const errors = problems.map(({ message, pointer }) => `${message} [json-pointer:${pointer}]`);
  workspace.violate('invalid_blocks', `${where}: ${errors.join('; ') || error}`);
  return {
    kind: 'refused',
    error,
    extra: { errors, response_metadata: { messages: errors.map((message) => `[ERROR] ${message}`) } },
  };
}

// This project's own rules, which Slack would let pass: recorded, not refused.
function noteHouseRules(workspace: Workspace, content: { text: string; blocks: Json[] }, where: string): void {
  if (content.text.trim() === '')
    workspace.violate('missing_text', `${where}: a message without \`text\` is silent on phones and screen readers`);
  if (/<!(channel|here|everyone)(\|[^>]*)?>/.test(content.text + markup(content.blocks))) {
    workspace.violate(
      'broadcast_mention',
      `${where}: the message calls a whole channel: ${content.text.slice(0, 120)}`,
    );
  }
  for (const block of content.blocks) {
    const primary = interactiveElements(block).filter((element) => element.style === 'primary');
    if (primary.length > 1)
      workspace.violate('several_primary_buttons', `${where}: one set has ${primary.length} primary buttons`);
  }
}

/** All text of a block tree that Slack would read as markup. */
function markup(value: unknown): string {
  if (Array.isArray(value)) return value.map(markup).join('\n');
  if (typeof value !== 'object' || value === null) return '';
  const object = value as Json;
  const own = object.type === 'mrkdwn' && typeof object.text === 'string' ? object.text : '';
  return `${own}\n${Object.values(object).map(markup).join('\n')}`;
}

function asList(value: unknown): Json[] {
  if (Array.isArray(value)) return value.filter((one): one is Json => typeof one === 'object' && one !== null);
  return typeof value === 'object' && value !== null ? [value as Json] : [];
}

function shortId(): string {
  return randomBytes(4).toString('base64url').slice(0, 5);
}
