import {
  all,
  anything,
  anyText,
  anyUrl,
  array,
  boolean,
  confirm,
  conversationFilter,
  dispatchConfig,
  httpUrl,
  integer,
  isObject,
  oneOf,
  option,
  optionGroup,
  PLACEHOLDER_MAX,
  plainText,
  problem,
  shape,
  string,
  type Rule,
} from './block-kit-objects';

/**
 * Limits of block elements. Source: docs.slack.dev/reference/block-kit/block-elements and the page of each element;
 * characters are code points.
 */
const ACTION_ID_MAX = 255;
const BUTTON = { text: 75, value: 2000, accessibilityLabel: 75 } as const;
const OPTIONS_MAX = 100;
const GROUPS_MAX = 100;
const CHOICES_MAX = 10;
const OVERFLOW_MAX = 5;
const ALT_TEXT_MAX = 2000;
const INPUT_LENGTH_MAX = 3000;

const actionId = { action_id: string({ max: ACTION_ID_MAX }) };
const focus = { focus_on_load: boolean };
const placeholder = { placeholder: plainText(PLACEHOLDER_MAX) };
const menu = { ...actionId, ...focus, ...placeholder, confirm };
const several = { max_selected_items: integer({ min: 1, max: 1000 }) };
const typed = { ...actionId, ...focus, ...placeholder, dispatch_action_config: dispatchConfig };
const plainOption = option({ text: 'plain', url: false });
const richOption = option({ text: 'any', url: false });
const initial = string({ min: 0, max: INPUT_LENGTH_MAX });

const button = shape({
  required: { type: anything, text: plainText(BUTTON.text) },
  optional: {
    ...actionId,
    url: anyUrl,
    value: string({ min: 0, max: BUTTON.value }),
    style: oneOf('primary', 'danger'),
    confirm,
    accessibility_label: string({ max: BUTTON.accessibilityLabel }),
  },
});

const staticChoices = {
  options: array(plainOption, { max: OPTIONS_MAX }),
  option_groups: array(optionGroup, { max: GROUPS_MAX }),
};

/** Slack takes either `options` or `option_groups`, never both or neither. */
const optionsOrGroups: Rule = (value, pointer) => {
  if (!isObject(value)) return [];
  const given = [value.options, value.option_groups].filter((one) => one !== undefined).length;
  return given === 1 ? [] : problem('must provide exactly one of options and option_groups', pointer);
};

const initialAmongOptions: Rule = (value, pointer) => {
  if (!isObject(value)) return [];
  const chosen = [value.initial_option, ...(Array.isArray(value.initial_options) ? value.initial_options : [])].filter(
    isObject,
  );
  const groups = Array.isArray(value.option_groups) ? value.option_groups.filter(isObject) : [];
  const offered = [value.options, ...groups.map((group) => group.options)].flatMap((one) =>
    Array.isArray(one) ? one : [],
  );
  const stray = chosen.some(
    (one) => !offered.some((other) => isObject(other) && JSON.stringify(other) === JSON.stringify(one)),
  );
  return stray ? problem('initial option must exactly match one of the options', pointer) : [];
};

const inputBounds: Rule = (value, pointer) => {
  if (!isObject(value) || typeof value.min_length !== 'number' || typeof value.max_length !== 'number') return [];
  return value.min_length > value.max_length ? problem('min_length must not exceed max_length', pointer) : [];
};

const element = (own: Readonly<Record<string, Rule>>, required: Readonly<Record<string, Rule>> = {}): Rule =>
  shape({ required: { type: anything, ...required }, optional: own });

export const image: Rule = all(
  shape({
    required: { type: anything, alt_text: string({ max: ALT_TEXT_MAX }) },
    optional: { image_url: httpUrl, slack_file: anything },
  }),
  imageSource,
);

/** Exactly one of the two sources. */
export function imageSource(value: unknown, pointer: string): ReturnType<Rule> {
  if (!isObject(value)) return [];
  const given = [value.image_url, value.slack_file].filter((one) => one !== undefined).length;
  return given === 1 ? [] : problem('must provide exactly one of image_url and slack_file', pointer);
}

/** Every element a block may carry, by type. */
export const elementRules: Readonly<Record<string, Rule>> = {
  button,
  image,
  checkboxes: all(
    element(
      { ...actionId, ...focus, confirm, initial_options: array(richOption, { max: CHOICES_MAX }) },
      { options: array(richOption, { max: CHOICES_MAX }) },
    ),
    initialAmongOptions,
  ),
  radio_buttons: all(
    element(
      { ...actionId, ...focus, confirm, initial_option: richOption },
      { options: array(richOption, { max: CHOICES_MAX }) },
    ),
    initialAmongOptions,
  ),
  overflow: element(
    { ...actionId, confirm },
    { options: array(option({ text: 'plain', url: true }), { max: OVERFLOW_MAX }) },
  ),
  static_select: all(
    element({ ...menu, ...staticChoices, initial_option: plainOption }),
    optionsOrGroups,
    initialAmongOptions,
  ),
  multi_static_select: all(
    element({ ...menu, ...several, ...staticChoices, initial_options: array(plainOption, { max: OPTIONS_MAX }) }),
    optionsOrGroups,
    initialAmongOptions,
  ),
  external_select: element({ ...menu, initial_option: plainOption, min_query_length: integer({ min: 0, max: 1000 }) }),
  multi_external_select: element({
    ...menu,
    ...several,
    initial_options: array(plainOption, { max: OPTIONS_MAX }),
    min_query_length: integer({ min: 0, max: 1000 }),
  }),
  users_select: element({ ...menu, initial_user: string({ max: 255 }) }),
  multi_users_select: element({ ...menu, ...several, initial_users: array(string({ max: 255 }), { max: 1000 }) }),
  channels_select: element({ ...menu, initial_channel: string({ max: 255 }), response_url_enabled: boolean }),
  multi_channels_select: element({ ...menu, ...several, initial_channels: array(string({ max: 255 }), { max: 1000 }) }),
  conversations_select: element({
    ...menu,
    initial_conversation: string({ max: 255 }),
    default_to_current_conversation: boolean,
    response_url_enabled: boolean,
    filter: conversationFilter,
  }),
  multi_conversations_select: element({
    ...menu,
    ...several,
    initial_conversations: array(string({ max: 255 }), { max: 1000 }),
    default_to_current_conversation: boolean,
    filter: conversationFilter,
  }),
  datepicker: element({ ...menu, initial_date: pattern(/^\d{4}-\d{2}-\d{2}$/, 'YYYY-MM-DD') }),
  timepicker: element({ ...menu, initial_time: pattern(/^\d{2}:\d{2}$/, 'HH:mm'), timezone: string({ max: 255 }) }),
  datetimepicker: element({
    ...actionId,
    ...focus,
    confirm,
    initial_date_time: integer({ min: 1_000_000_000, max: 9_999_999_999 }),
  }),
  plain_text_input: all(
    element({
      ...typed,
      initial_value: initial,
      multiline: boolean,
      min_length: integer({ min: 0, max: INPUT_LENGTH_MAX }),
      max_length: integer({ min: 1, max: INPUT_LENGTH_MAX }),
    }),
    inputBounds,
  ),
  email_text_input: element({ ...typed, initial_value: initial }),
  url_text_input: element({ ...typed, initial_value: initial }),
  number_input: element(
    { ...typed, initial_value: initial, min_value: initial, max_value: initial },
    { is_decimal_allowed: boolean },
  ),
  rich_text_input: element({
    ...typed,
    initial_value: anything,
    min_lines: integer({ min: 1, max: 100 }),
    max_lines: integer({ min: 1, max: 100 }),
  }),
  file_input: element({ ...actionId, filetypes: anything, max_files: integer({ min: 1, max: 10 }) }),
  workflow_button: element(
    { ...actionId, style: oneOf('primary', 'danger'), accessibility_label: string({ max: BUTTON.accessibilityLabel }) },
    { text: plainText(BUTTON.text), workflow: anything },
  ),
  feedback_buttons: element(actionId, { positive_button: anything, negative_button: anything }),
  icon_button: element(
    {
      ...actionId,
      value: string({ min: 0, max: BUTTON.value }),
      confirm,
      accessibility_label: string({ max: 75 }),
      visible_to_user_ids: anything,
    },
    { icon: anything, text: plainText(BUTTON.text) },
  ),
  plain_text: anyText(),
  mrkdwn: anyText(),
};

const MENUS = ['static_select', 'external_select', 'users_select', 'conversations_select', 'channels_select'];
const MULTI_MENUS = MENUS.map((type) => `multi_${type}`);
const PICKERS = ['checkboxes', 'radio_buttons', 'datepicker', 'timepicker'];

/** Which elements go where. Source: the "works with block types" line on each element's page. */
export const ALLOWED_IN = {
  actions: [
    'button',
    ...PICKERS,
    'datetimepicker',
    'overflow',
    ...MENUS,
    ...MULTI_MENUS,
    'workflow_button',
    'rich_text_input',
  ],
  section: ['button', ...PICKERS, 'image', 'overflow', ...MENUS, ...MULTI_MENUS, 'workflow_button'],
  input: [
    ...PICKERS,
    'datetimepicker',
    ...MENUS,
    ...MULTI_MENUS,
    'plain_text_input',
    'email_text_input',
    'url_text_input',
    'number_input',
    'rich_text_input',
    'file_input',
  ],
  context: ['image', 'plain_text', 'mrkdwn'],
  context_actions: ['feedback_buttons', 'icon_button'],
  card: ['button'],
} as const satisfies Record<string, readonly string[]>;

/** One element of a block of this kind. */
export function elementIn(block: keyof typeof ALLOWED_IN): Rule {
  const allowed: readonly string[] = ALLOWED_IN[block];
  return (value, pointer) => {
    if (!isObject(value)) return problem('must provide an object', pointer);
    const type = String(value.type);
    if (!allowed.includes(type)) return problem(`unsupported type: ${type}`, `${pointer}/type`);
    return elementRules[type]?.(value, pointer) ?? [];
  };
}

function pattern(wanted: RegExp, name: string): Rule {
  return (value, pointer) =>
    typeof value === 'string' && wanted.test(value) ? [] : problem(`must be in the form ${name}`, pointer);
}
