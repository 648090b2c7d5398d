import type { Json } from './types';

/** What Slack's validator would say, with the place it points to. */
export interface Problem {
  readonly message: string;
  readonly pointer: string;
}

/** Looks at one value and names what is wrong with it. */
export type Rule = (value: unknown, pointer: string) => Problem[];

/**
 * Lengths of composition objects, in characters (code points).
 * Source: docs.slack.dev/reference/block-kit/composition-objects and the pages below it.
 */
const TEXT_MAX = 3000;
const OPTION_TEXT_MAX = 75;
const OPTION_VALUE_MAX = 75;
const OPTION_DESCRIPTION_MAX = 75;
const URL_MAX = 3000;
const CONFIRM = { title: 100, text: 300, button: 30 } as const;
export const PLACEHOLDER_MAX = 150;

export function problem(message: string, pointer: string): Problem[] {
  return [{ message, pointer }];
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function string(limits: { min?: number; max: number }): Rule {
  return (value, pointer) => {
    if (typeof value !== 'string') return problem('must provide a string', pointer);
    const length = [...value].length;
    if (length > limits.max) return problem(`must be less than ${limits.max + 1} characters`, pointer);
    if (length < (limits.min ?? 1)) return problem(`must be more than ${(limits.min ?? 1) - 1} characters`, pointer);
    return [];
  };
}

export const boolean: Rule = (value, pointer) =>
  typeof value === 'boolean' ? [] : problem('must provide a boolean', pointer);

export function integer(limits: { min: number; max: number }): Rule {
  return (value, pointer) => {
    if (!Number.isInteger(value)) return problem('must provide an integer', pointer);
    const number = value as number;
    return number < limits.min || number > limits.max
      ? problem(`must be between ${limits.min} and ${limits.max}`, pointer)
      : [];
  };
}

export function oneOf(...allowed: readonly string[]): Rule {
  return (value, pointer) =>
    allowed.includes(value as string) ? [] : problem(`must be one of ${allowed.join(', ')}`, pointer);
}

/** Checked elsewhere, or free in Slack as well. */
export const anything: Rule = () => [];

export const httpUrl: Rule = (value, pointer) => {
  const problems = string({ max: URL_MAX })(value, pointer);
  if (problems.length > 0) return problems;
  return /^https?:\/\/\S+$/i.test(value as string) ? [] : problem('must be a valid URL', pointer);
};

/** A button may also open `mailto:` and deep links. */
export const anyUrl: Rule = (value, pointer) => {
  const problems = string({ max: URL_MAX })(value, pointer);
  if (problems.length > 0) return problems;
  return /^[a-z][a-z0-9+.-]*:\S+$/i.test(value as string) ? [] : problem('must be a valid URL', pointer);
};

export function array(rule: Rule, limits: { min?: number; max: number }): Rule {
  return (value, pointer) => {
    if (!Array.isArray(value)) return problem('must provide an array', pointer);
    if (value.length > limits.max) return problem(`no more than ${limits.max} items allowed`, pointer);
    const min = limits.min ?? 1;
    if (value.length < min) return problem(`must provide at least ${min} items`, pointer);
    return value.flatMap((one, index) => rule(one, `${pointer}/${index}`));
  };
}

/** An object with these fields and no others. */
export function shape(fields: {
  required?: Readonly<Record<string, Rule>>;
  optional?: Readonly<Record<string, Rule>>;
}): Rule {
  const required = fields.required ?? {};
  const known: Readonly<Record<string, Rule>> = { ...required, ...fields.optional };
  return (value, pointer) => {
    if (!isObject(value)) return problem('must provide an object', pointer);
    const missing = Object.keys(required)
      .filter((field) => value[field] === undefined)
      .map((field) => ({ message: `missing required field: ${field}`, pointer }));
    const extra = Object.keys(value)
      .filter((field) => known[field] === undefined && value[field] !== undefined)
      .map((field) => ({ message: `invalid additional property: ${field}`, pointer }));
    const wrong = Object.entries(value).flatMap(([field, inner]) =>
      inner === undefined ? [] : (known[field]?.(inner, `${pointer}/${field}`) ?? []),
    );
    return [...missing, ...extra, ...wrong];
  };
}

export function all(...rules: readonly Rule[]): Rule {
  return (value, pointer) => rules.flatMap((rule) => rule(value, pointer));
}

export function plainText(max: number = TEXT_MAX): Rule {
  return shape({ required: { type: oneOf('plain_text'), text: string({ max }) }, optional: { emoji: boolean } });
}

export function markdownText(max: number = TEXT_MAX): Rule {
  return shape({ required: { type: oneOf('mrkdwn'), text: string({ max }) }, optional: { verbatim: boolean } });
}

export function anyText(max: number = TEXT_MAX): Rule {
  return (value, pointer) => {
    if (isObject(value) && value.type === 'plain_text') return plainText(max)(value, pointer);
    if (isObject(value) && value.type === 'mrkdwn') return markdownText(max)(value, pointer);
    return problem('must provide a plain_text or mrkdwn text object', pointer);
  };
}

/** docs.slack.dev/reference/block-kit/composition-objects/option-object; `url` in overflow menus only. */
export function option(kind: { text: 'plain' | 'any'; url: boolean }): Rule {
  return shape({
    required: {
      text: kind.text === 'plain' ? plainText(OPTION_TEXT_MAX) : anyText(OPTION_TEXT_MAX),
      value: string({ max: OPTION_VALUE_MAX }),
    },
    optional: {
      description: kind.text === 'plain' ? plainText(OPTION_DESCRIPTION_MAX) : anyText(OPTION_DESCRIPTION_MAX),
      ...(kind.url ? { url: anyUrl } : {}),
    },
  });
}

export const optionGroup: Rule = shape({
  required: { label: plainText(OPTION_TEXT_MAX), options: array(option({ text: 'plain', url: false }), { max: 100 }) },
});

export const confirm: Rule = shape({
  required: {
    title: plainText(CONFIRM.title),
    text: anyText(CONFIRM.text),
    confirm: plainText(CONFIRM.button),
    deny: plainText(CONFIRM.button),
  },
  optional: { style: oneOf('primary', 'danger') },
});

export const conversationFilter: Rule = shape({
  optional: {
    include: array(oneOf('im', 'mpim', 'private', 'public'), { max: 4 }),
    exclude_external_shared_channels: boolean,
    exclude_bot_users: boolean,
  },
});

export const dispatchConfig: Rule = shape({
  required: { trigger_actions_on: array(oneOf('on_enter_pressed', 'on_character_entered'), { max: 2 }) },
});
