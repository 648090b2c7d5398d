import { elementIn, image, imageSource } from './block-kit-elements';
import {
  all,
  anything,
  anyText,
  array,
  boolean,
  httpUrl,
  integer,
  isObject,
  markdownText,
  oneOf,
  plainText,
  problem,
  shape,
  string,
  type Problem,
  type Rule,
} from './block-kit-objects';
import { richText } from './rich-text-rules';
import type { Json } from './types';

export type Surface = 'message' | 'modal' | 'home';

/**
 * Limits of blocks, in items and characters (code points). Source: docs.slack.dev/reference/block-kit/blocks and the
 * page of each block; `option value` and `container` as in the type definitions Slack publishes (@slack/types 3.2.0).
 */
const BLOCKS_MAX = { message: 50, modal: 100, home: 100 } as const;
const BLOCK_ID_MAX = 255;
const SECTION = { fields: 10, fieldText: 2000 } as const;
const CONTEXT_MAX = 10;
const ACTIONS_MAX = 25;
const HEADER_MAX = 150;
const MARKDOWN_MAX = 12_000;
const INPUT_TEXT_MAX = 2000;
const TABLE = { rows: 100, columns: 20, characters: 10_000 } as const;
const CARD = { title: 150, body: 200, actions: 3 } as const;
const CAROUSEL_MAX = 10;
const CONTAINER = { title: 150, children: 10 } as const;
const PLAN_TASKS_MAX = 50;
const CONTEXT_ACTIONS_MAX = 5;
const VIDEO = { title: 199, author: 49 } as const;

const block = (required: Readonly<Record<string, Rule>>, optional: Readonly<Record<string, Rule>> = {}): Rule =>
  shape({
    required: { type: anything, ...required },
    optional: { block_id: string({ max: BLOCK_ID_MAX }), ...optional },
  });

const needsOneOf =
  (...fields: readonly string[]): Rule =>
  (value, pointer) =>
    isObject(value) && fields.some((field) => value[field] !== undefined)
      ? []
      : problem(`must provide at least one of ${fields.join(', ')}`, pointer);

const tableRows: Rule = (value, pointer) => {
  const problems = array(array(tableCell, { max: TABLE.columns }), { max: TABLE.rows })(value, pointer);
  const characters = problems.length === 0 ? [...cellText(value)].length : 0;
  return characters > TABLE.characters
    ? problem(`must be less than ${TABLE.characters + 1} characters in all cells`, pointer)
    : problems;
};

const taskCard = block(
  {
    task_id: string({ max: 255 }),
    title: string({ max: 3000 }),
    status: oneOf('pending', 'in_progress', 'complete', 'error'),
  },
  { details: richText, output: richText, sources: anything },
);

const card = all(
  block(
    {},
    {
      hero_image: image,
      icon: image,
      title: markdownText(CARD.title),
      subtitle: markdownText(CARD.title),
      body: markdownText(CARD.body),
      actions: array(elementIn('card'), { max: CARD.actions }),
    },
  ),
  needsOneOf('hero_image', 'title', 'actions', 'body'),
);

const blockRules: Readonly<Record<string, { rule: Rule; surfaces: readonly Surface[] }>> = {
  section: everywhere(
    all(
      block(
        {},
        {
          text: anyText(),
          fields: array(anyText(SECTION.fieldText), { max: SECTION.fields }),
          accessory: elementIn('section'),
          expand: boolean,
        },
      ),
      needsOneOf('text', 'fields'),
    ),
  ),
  header: everywhere(block({ text: plainText(HEADER_MAX) })),
  divider: everywhere(block({})),
  context: everywhere(block({ elements: array(elementIn('context'), { max: CONTEXT_MAX }) })),
  actions: everywhere(block({ elements: array(elementIn('actions'), { max: ACTIONS_MAX }) })),
  image: everywhere(
    all(
      block({ alt_text: string({ max: 2000 }) }, { image_url: httpUrl, slack_file: anything, title: plainText(2000) }),
      imageSource,
    ),
  ),
  input: everywhere(
    block(
      { label: plainText(INPUT_TEXT_MAX), element: elementIn('input') },
      { hint: plainText(INPUT_TEXT_MAX), optional: boolean, dispatch_action: boolean },
    ),
  ),
  rich_text: everywhere(richText),
  markdown: on(['message'], block({ text: string({ max: MARKDOWN_MAX }) })),
  table: on(['message'], block({ rows: tableRows }, { column_settings: array(anything, { max: TABLE.columns }) })),
  data_table: on(
    ['message'],
    block(
      {
        rows: array(array(tableCell, { max: TABLE.columns }), { max: TABLE.rows + 1 }),
        caption: string({ max: 3000 }),
      },
      {
        page_size: integer({ min: 1, max: 100 }),
        row_header_column_index: integer({ min: 0, max: TABLE.columns - 1 }),
      },
    ),
  ),
  container: everywhere(
    all(
      block(
        { child_blocks: array(childBlock, { max: CONTAINER.children }) },
        {
          title: plainText(CONTAINER.title),
          rich_text_title: richText,
          subtitle: anyText(CONTAINER.title),
          width: oneOf('narrow', 'standard', 'wide', 'full'),
          icon: image,
          is_collapsible: boolean,
          default_collapsed: boolean,
          has_header_divider: boolean,
        },
      ),
      needsOneOf('title', 'rich_text_title'),
    ),
  ),
  plan: on(
    ['message'],
    block({ title: string({ max: 3000 }) }, { tasks: array(taskCard, { min: 0, max: PLAN_TASKS_MAX }) }),
  ),
  task_card: on(['message'], taskCard),
  card: on(['message'], card),
  carousel: on(['message'], block({ elements: array(card, { max: CAROUSEL_MAX }) })),
  context_actions: on(
    ['message'],
    block({ elements: array(elementIn('context_actions'), { max: CONTEXT_ACTIONS_MAX }) }),
  ),
  alert: on(['modal'], block({ text: anyText() }, { level: oneOf('default', 'info', 'warning', 'error', 'success') })),
  video: everywhere(
    block(
      { video_url: httpUrl, thumbnail_url: httpUrl, alt_text: string({ max: 2000 }), title: plainText(VIDEO.title) },
      {
        title_url: httpUrl,
        author_name: string({ max: VIDEO.author }),
        provider_name: string({ max: 3000 }),
        provider_icon_url: httpUrl,
        description: plainText(),
      },
    ),
  ),
  file: on(['message'], block({ source: oneOf('remote'), external_id: string({ max: 255 }) })),
};

/** docs.slack.dev/reference/block-kit/blocks/container-block: what may be inside. */
const CHILD_BLOCKS = [
  'actions',
  'context',
  'divider',
  'file',
  'header',
  'image',
  'input',
  'rich_text',
  'section',
  'table',
  'video',
];

/** Every way these blocks break Slack's rules on this surface; empty when Slack would take them. */
export function checkBlocks(blocks: readonly unknown[], surface: Surface, at = '/blocks'): Problem[] {
  if (blocks.length > BLOCKS_MAX[surface]) return problem(`no more than ${BLOCKS_MAX[surface]} items allowed`, at);
  return [...blocks.flatMap((one, index) => checkBlock(one, surface, `${at}/${index}`)), ...duplicateIds(blocks, at)];
}

function checkBlock(value: unknown, surface: Surface, pointer: string): Problem[] {
  if (!isObject(value)) return problem('must provide an object', pointer);
  const known = typeof value.type === 'string' ? blockRules[value.type] : undefined;
  if (!known) return problem(`unsupported type: ${String(value.type)}`, `${pointer}/type`);
  if (!known.surfaces.includes(surface))
    return problem(`unsupported type on this surface: ${String(value.type)}`, `${pointer}/type`);
  return known.rule(value, pointer);
}

// docs.slack.dev/reference/block-kit/blocks: block_id is unique in a message or view, action_id in its block.
function duplicateIds(blocks: readonly unknown[], at: string): Problem[] {
  const objects = blocks.filter(isObject);
  const blockProblems = repeated(objects.map((one) => one.block_id)).map((id) => ({
    message: `\`block_id\` already exists: ${id}`,
    pointer: at,
  }));
  const actionProblems = blocks.flatMap((one, index) =>
    isObject(one)
      ? repeated(elementsOf(one).map((element) => element.action_id)).map((id) => ({
          message: `\`action_id\` already exists: ${id}`,
          pointer: `${at}/${index}/elements`,
        }))
      : [],
  );
  return [...blockProblems, ...actionProblems];
}

function elementsOf(one: Json): Json[] {
  return [one.elements, one.accessory, one.element].flat().filter(isObject);
}

function repeated(ids: readonly unknown[]): string[] {
  const seen = new Set<unknown>();
  return ids.filter((id): id is string => {
    if (typeof id !== 'string') return false;
    if (seen.has(id)) return true;
    seen.add(id);
    return false;
  });
}

function childBlock(value: unknown, pointer: string): Problem[] {
  if (isObject(value) && !CHILD_BLOCKS.includes(String(value.type)))
    return problem(`unsupported type: ${String(value.type)}`, `${pointer}/type`);
  return checkBlock(value, 'message', pointer);
}

function tableCell(value: unknown, pointer: string): Problem[] {
  if (!isObject(value)) return problem('must provide an object', pointer);
  if (value.type === 'rich_text') return richText(value, pointer);
  if (value.type === 'raw_number')
    return shape({ required: { type: anything, value: anything, text: string({ max: TABLE.characters }) } })(
      value,
      pointer,
    );
  return shape({ required: { type: oneOf('raw_text'), text: string({ max: TABLE.characters }) } })(value, pointer);
}

function cellText(value: unknown): string {
  if (Array.isArray(value)) return value.map(cellText).join('');
  if (!isObject(value)) return '';
  return (typeof value.text === 'string' ? value.text : '') + cellText(value.elements);
}

function everywhere(rule: Rule): { rule: Rule; surfaces: readonly Surface[] } {
  return on(['message', 'modal', 'home'], rule);
}

function on(surfaces: readonly Surface[], rule: Rule): { rule: Rule; surfaces: readonly Surface[] } {
  return { rule, surfaces };
}
