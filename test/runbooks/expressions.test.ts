import type { Json } from '../../src/json';
import { evaluateCondition, fillTemplates } from '../../src/runbooks/expressions';

const variables = {
  inputs: { count: 2, name: 'web', join: true, hosts: ['a', 'b'], trap: '${{ inputs.count }}', share: 0.5 },
  steps: { make: { outputs: { id: 'n-1' } } },
};

describe('a template', () => {
  test.each<[string, Json, Json]>([
    ['that is only an expression keeps a number', '${{ inputs.count }}', 2],
    ['that is only an expression keeps a truth', '${{ inputs.join }}', true],
    ['that is only an expression keeps a list', '${{ inputs.hosts }}', ['a', 'b']],
    ['that is only an expression keeps a fraction', '${{ inputs.share }}', 0.5],
    ['inside text is inserted as text', 'n=${{ inputs.count }}!', 'n=2!'],
    ['may stand twice in a text', '${{ inputs.name }}-${{ inputs.count }}', 'web-2'],
    ['is never looked at again', 'x ${{ inputs.trap }}', 'x ${{ inputs.count }}'],
    ['is never looked at again when it is the whole value', '${{ inputs.trap }}', '${{ inputs.count }}'],
    ['is filled in inside maps and lists', { a: ['${{ steps.make.outputs.id }}', 3] }, { a: ['n-1', 3] }],
    ['may hold a map written out', '${{ {"a": {"b": 1}} }}', { a: { b: 1 } }],
    ['may hold braces in quotes', "${{ '}}' }}", '}}'],
    ['leaves plain text alone', '$100 {{ x }}', '$100 {{ x }}'],
    ['leaves the empty text alone', '', ''],
  ])('%s', (_, template, filled) => {
    expect(fillTemplates(template, variables)).toEqual({ ok: true, value: filled });
  });

  test.each<[string, Json, RegExp]>([
    ['a name that does not exist', '${{ inptus.count }}', /inptus/],
    ['a field that has no value', '${{ steps.make.outputs.nope }}', /nope|no value|no such/],
    ['a list inside text', 'x ${{ inputs.hosts }}', /is a list/],
    ['a template that is never closed', 'x ${{ inputs.count', /never closes/],
    ['what is not an expression', '${{ 1 + }}', /not CEL/],
  ])('refuses %s with a message', (_, template, message) => {
    expect(fillTemplates(template, variables)).toMatchObject({ ok: false, message: expect.stringMatching(message) });
  });

  it('encodes what is inserted and leaves what was written', () => {
    const result = fillTemplates(
      '/a/${{ inputs.name }}',
      { inputs: { name: 'x/../y?z' } },
      { encode: encodeURIComponent },
    );
    expect(result).toEqual({ ok: true, value: '/a/x%2F..%2Fy%3Fz' });
  });
});

describe('a condition', () => {
  test.each([
    ['inputs.join', true],
    ['${{ inputs.count == 2 }}', true],
    ['inputs.count > 2', false],
  ])('%s is %s', (source, value) => {
    expect(evaluateCondition(source, variables)).toEqual({ ok: true, value });
  });

  it('that is neither true nor false is a failure', () => {
    expect(evaluateCondition('inputs.name', variables).ok).toBe(false);
  });
});
