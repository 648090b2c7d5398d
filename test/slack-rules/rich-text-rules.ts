import { anything, array, boolean, integer, isObject, problem, shape, string, type Rule } from './block-kit-objects';

/**
 * The rich_text block (docs.slack.dev/reference/block-kit/blocks/rich-text-block). Slack publishes no length for its
 * pieces; the bound below only stops absurd ones.
 */
const PIECE_MAX = 12_000;
const PIECES_MAX = 1_000;

const style = shape({
  optional: {
    bold: boolean,
    italic: boolean,
    strike: boolean,
    code: boolean,
    underline: boolean,
    highlight: boolean,
    client_highlight: boolean,
    unlink: boolean,
  },
});
const border = integer({ min: 0, max: 1 });

const pieces: Readonly<Record<string, Rule>> = {
  text: shape({ required: { type: anything, text: string({ max: PIECE_MAX }) }, optional: { style } }),
  link: shape({
    required: { type: anything, url: string({ max: 3000 }) },
    optional: { text: string({ min: 0, max: PIECE_MAX }), unsafe: boolean, style },
  }),
  emoji: shape({
    required: { type: anything, name: string({ max: 255 }) },
    optional: { unicode: string({ max: 255 }), url: anything, skin_tone: anything, style },
  }),
  user: shape({ required: { type: anything, user_id: string({ max: 255 }) }, optional: { style } }),
  usergroup: shape({ required: { type: anything, usergroup_id: string({ max: 255 }) }, optional: { style } }),
  channel: shape({ required: { type: anything, channel_id: string({ max: 255 }) }, optional: { style } }),
  team: shape({ required: { type: anything, team_id: string({ max: 255 }) }, optional: { style } }),
  broadcast: shape({ required: { type: anything, range: string({ max: 255 }) }, optional: { style } }),
  color: shape({ required: { type: anything, value: string({ max: 255 }) }, optional: { style } }),
  date: shape({
    required: { type: anything, timestamp: integer({ min: 0, max: 9_999_999_999 }), format: string({ max: 1000 }) },
    optional: { url: string({ max: 3000 }), fallback: string({ max: 1000 }), style },
  }),
};

const piece: Rule = byType(pieces);
const run = array(piece, { min: 0, max: PIECES_MAX });
const section = shape({ required: { type: anything, elements: run }, optional: { border } });

const parts: Readonly<Record<string, Rule>> = {
  rich_text_section: section,
  rich_text_quote: section,
  rich_text_preformatted: shape({
    required: { type: anything, elements: run },
    optional: { border, language: string({ max: 255 }) },
  }),
  rich_text_list: shape({
    required: { type: anything, style: anything, elements: array(section, { max: PIECES_MAX }) },
    optional: { indent: integer({ min: 0, max: 8 }), offset: integer({ min: 0, max: 10_000 }), border },
  }),
};

export const richText: Rule = shape({
  required: { type: anything, elements: array(byType(parts), { min: 0, max: PIECES_MAX }) },
  optional: { block_id: string({ max: 255 }) },
});

function byType(rules: Readonly<Record<string, Rule>>): Rule {
  return (value, pointer) => {
    if (!isObject(value)) return problem('must provide an object', pointer);
    const rule = typeof value.type === 'string' ? rules[value.type] : undefined;
    return rule ? rule(value, pointer) : problem(`unsupported type: ${String(value.type)}`, `${pointer}/type`);
  };
}
