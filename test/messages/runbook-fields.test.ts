import { provisionModal, runbookModal } from '../../src/messages/request-modals';
import { inputsIn, runbookFields } from '../../src/messages/runbook-fields';
import { inputSchema, type RunbookInput } from '../../src/runbooks/schema';
import { checkView } from '../slack-rules/view-rules';

const known = { services: ['checkout', 'payments'], environments: ['staging', 'production'] };
const fieldFor = (spec: object) => {
  const input: RunbookInput = inputSchema.parse(spec);
  const [field] = runbookFields({ it: input }, known);
  return { ...field!, element: field!.element as unknown as { readonly [key: string]: unknown } };
};

test.each<[object, object]>([
  [{ type: 'string' }, { type: 'plain_text_input', multiline: true, max_length: 3_000 }],
  [
    { type: 'string', pattern: '[\\s\\S]{1,1000}' },
    { type: 'plain_text_input', multiline: true },
  ],
  [
    { type: 'string', pattern: '(//[^\\n]{0,78}\\n?)+' },
    { type: 'plain_text_input', multiline: true },
  ],
  [
    { type: 'string', pattern: '[a-z0-9-]+' },
    { type: 'plain_text_input', multiline: false },
  ],
  [
    { type: 'string', pattern: '[^\\r\\n]{1,160}' },
    { type: 'plain_text_input', multiline: false },
  ],
  [
    { type: 'string', pattern: '[^,]{1,40}' },
    { type: 'plain_text_input', multiline: false },
  ],
  [
    { type: 'string', default: 'web' },
    { type: 'plain_text_input', initial_value: 'web' },
  ],
  [
    { type: 'choice', options: ['a', 'b'], default: 'b' },
    { type: 'static_select', initial_option: { value: 'b' } },
  ],
  [{ type: 'boolean' }, { type: 'radio_buttons' }],
  [
    { type: 'boolean', default: false },
    { type: 'radio_buttons', initial_option: { value: 'false' } },
  ],
  [
    { type: 'integer', min: 1, max: 9, default: 3 },
    { type: 'number_input', is_decimal_allowed: false, min_value: '1', max_value: '9', initial_value: '3' },
  ],
  [
    { type: 'list', default: ['a', 'b'] },
    { type: 'plain_text_input', multiline: true, initial_value: 'a\nb' },
  ],
  [{ type: 'service' }, { type: 'static_select', options: [{ value: 'checkout' }, { value: 'payments' }] }],
  [
    { type: 'environment', default: 'staging' },
    { type: 'static_select', initial_option: { value: 'staging' } },
  ],
  [
    { type: 'duration', default: '5m' },
    { type: 'plain_text_input', initial_value: '5m' },
  ],
  [
    { type: 'percent', default: '25%' },
    { type: 'plain_text_input', initial_value: '25%' },
  ],
])('an input %j is a field of the kind that fits', (spec, element) => {
  const field = fieldFor(spec);
  expect(field).toMatchObject({ block_id: 'input.it', element, optional: 'default' in spec });
});

test('a default that is too long for a field is not cut into another one: the field is empty and says what that means', () => {
  const hosts = Array.from({ length: 200 }, (_, index) => `web-${index}.long-name.example.com`);
  const field = fieldFor({ type: 'list', default: hosts, help: 'Which hosts' });
  expect(field.element).not.toHaveProperty('initial_value');
  expect(field).toMatchObject({
    optional: true,
    hint: { text: 'Empty means the default of 200 entries. Which hosts. One entry a line, or with commas.' },
  });
  const few = fieldFor({ type: 'list', default: hosts.slice(0, 20) });
  expect(few.element.initial_value).toBe(hosts.slice(0, 20).join('\n'));
  expect(fieldFor({ type: 'string', default: 'x'.repeat(3_500) })).toMatchObject({
    hint: { text: 'Empty means the default of 3,500 characters. A text.' },
  });
});

test.each([
  [{ type: 'integer', min: 1, max: 5, help: 'How many nodes.' }, 'How many nodes. A whole number from 1 to 5.'],
  [{ type: 'string', pattern: '[a-z]+' }, 'A text that matches [a-z]+.'],
  [{ type: 'duration' }, 'A duration such as 30s.'],
  [{ type: 'list' }, 'One entry a line, or with commas.'],
])('the hint of %j says what it is for and what may stand there', (spec, hint) => {
  expect(fieldFor(spec).hint).toMatchObject({ text: hint });
});

test('the form of a runbook does not ask which one, and asks for a place only where no input does', () => {
  const offer = { meta: { action: 'x' }, runbooks: [], ...known };
  const blocks = (inputs: { [name: string]: RunbookInput }) =>
    runbookModal({ ...offer, chosen: { name: 'x', about: 'Does it.', inputs } }).blocks.flatMap(
      (block) => block.block_id ?? [],
    );
  expect(blocks({})).toEqual(['environment', 'reason', 'check']);
  expect(blocks({ where: { type: 'environment' } })).toEqual(['input.where', 'reason', 'check']);
});

test('a form of very many inputs is one that Slack takes', () => {
  const inputs = Object.fromEntries(
    Array.from({ length: 150 }, (_, index) => [
      `i${index}`,
      { type: 'string', help: 'x'.repeat(5_000) } as RunbookInput,
    ]),
  );
  const chosen = { name: 'x'.repeat(60), about: 'y'.repeat(5_000), inputs };
  const view = provisionModal({ meta: { action: 'x'.repeat(60) }, runbooks: [], ...known, chosen });
  expect(checkView(view, 'modal')).toEqual([]);
  const said = JSON.stringify(view.blocks);
  expect(said).toContain('A form has no room for `i80`, `i81`');
  expect(said).toContain('and 50 more, so they keep their defaults');
});

test('reads the inputs among what was filled in', () => {
  expect(inputsIn({ runbook: 'x', 'input.host': 'web', reason: 'r', 'input.a.b': 'c' })).toEqual({
    host: 'web',
    'a.b': 'c',
  });
});
