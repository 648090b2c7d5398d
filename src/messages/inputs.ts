import type { InputBlock, PlainTextOption } from '@slack/types';
import { INPUT } from './actions';
import { plainText } from './blocks';
import { clip } from './text';

/** Slack takes a hundred options in a menu; a longer list becomes a field to type in. */
const optionsMax = 100;
/** Slack's bound for an option's label and value. */
const optionMax = 75;

interface Field {
  /** Block id, and the key of the answer. */
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly optional?: boolean;
}

/** A line, or several, to type. */
export function textInput(
  field: Field & {
    readonly initial?: string;
    readonly placeholder?: string;
    readonly multiline?: boolean;
    readonly max?: number;
    readonly min?: number;
  },
): InputBlock {
  const max = Math.min(field.max ?? 300, 3000);
  return {
    ...input(field),
    element: {
      type: 'plain_text_input',
      action_id: INPUT,
      multiline: field.multiline ?? false,
      max_length: max,
      ...(field.min && { min_length: field.min }),
      ...(field.initial && { initial_value: clip(field.initial, max) }),
      ...(field.placeholder && { placeholder: plainText(field.placeholder, 150) }),
    },
  };
}

/** One of a list. Too long a list, an option too long for Slack, or none at all, and it is typed instead. */
export function choice(
  field: Field & { readonly options: readonly string[]; readonly initial?: string; readonly placeholder?: string },
): InputBlock {
  const fits = field.options.every((option) => option.length > 0 && option.length <= optionMax);
  if (field.options.length === 0 || field.options.length > optionsMax || !fits) return textInput(field);
  const initial = field.initial !== undefined && field.options.includes(field.initial) ? field.initial : undefined;
  return {
    ...input(field),
    element: {
      type: 'static_select',
      action_id: INPUT,
      options: field.options.map(optionOf),
      ...(initial !== undefined && { initial_option: optionOf(initial) }),
      ...(field.placeholder && { placeholder: plainText(field.placeholder, 150) }),
    },
  };
}

/** One of a few, all of them in sight. */
export function oneOf(field: Field & { readonly options: readonly string[]; readonly initial?: string }): InputBlock {
  return {
    ...input(field),
    element: {
      type: 'radio_buttons',
      action_id: INPUT,
      options: field.options.map(optionOf),
      ...(field.initial !== undefined && field.options.includes(field.initial)
        ? { initial_option: optionOf(field.initial) }
        : {}),
    },
  };
}

/** One thing to tick. Its answer is `yes`, or none. */
export function checkbox(field: Field & { readonly option: string }): InputBlock {
  return {
    ...input({ ...field, optional: true }),
    element: {
      type: 'checkboxes',
      action_id: INPUT,
      options: [{ text: plainText(field.option, optionMax), value: 'yes' }],
    },
  };
}

/** A whole number; Slack refuses others at the field. */
export function numberInput(
  field: Field & { readonly initial?: string; readonly min?: number; readonly max?: number },
): InputBlock {
  return {
    ...input(field),
    element: {
      type: 'number_input',
      action_id: INPUT,
      is_decimal_allowed: false,
      ...(field.min !== undefined && { min_value: String(field.min) }),
      ...(field.max !== undefined && { max_value: String(field.max) }),
      ...(field.initial !== undefined && { initial_value: field.initial }),
    },
  };
}

/** A person of the workspace. */
export function personInput(field: Field & { readonly initial?: string }): InputBlock {
  return {
    ...input(field),
    element: { type: 'users_select', action_id: INPUT, ...(field.initial && { initial_user: field.initial }) },
  };
}

/** What a submitted modal says, by block id. Empty fields are left out. */
export function readInputs(values: unknown): { readonly [name: string]: string } {
  const answers: [string, string][] = [];
  for (const [name, block] of Object.entries((values ?? {}) as Record<string, Record<string, Answer>>)) {
    const answer = block?.[INPUT];
    const chosen = answer?.selected_option ?? answer?.selected_options?.[0];
    const text = chosen?.value ?? answer?.selected_user ?? answer?.value;
    if (typeof text === 'string' && text.trim() !== '') answers.push([name, text]);
  }
  return Object.fromEntries(answers);
}

interface Answer {
  readonly value?: string | null;
  readonly selected_option?: { readonly value?: string } | null;
  readonly selected_options?: readonly { readonly value?: string }[] | null;
  readonly selected_user?: string | null;
}

function input(field: Field): Omit<InputBlock, 'element'> {
  return {
    type: 'input',
    block_id: field.name,
    label: plainText(field.label, 200),
    optional: field.optional ?? false,
    ...(field.hint && { hint: plainText(field.hint, 300) }),
  };
}

function optionOf(value: string): PlainTextOption {
  return { text: plainText(value, optionMax), value };
}
