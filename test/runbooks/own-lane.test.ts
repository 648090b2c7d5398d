import { readRepository } from '../../src/policy/read-repository';
import { ownLane } from '../../src/runbooks/own-lane';

function problemsOf(runbook: string, file = 'runbooks/patch.yaml'): string {
  const all = { 'policy.yaml': 'version: 1\nenvironments: { staging: {} }\n', [file]: runbook };
  const read = readRepository({
    commit: 'c'.repeat(40),
    files: new Map(Object.entries(all).map(([path, text]) => [path, { text, blob: 'b'.repeat(40) }])),
  });
  return read.ok ? '' : read.problems.map(({ line, key, message }) => `${line} ${key}: ${message}`).join('\n');
}

const patch = (rest: string): string => `name: patch
inputs: { region: { type: string } }
${rest}
steps: [{ uses: expect, with: { that: "true" } }]
`;

test.each(['patches', '"patches-${{ inputs.region }}"'])('a runbook may name its lane: %s', (lane) => {
  expect(problemsOf(patch(`lane: ${lane}`))).toBe('');
});

test.each<[string, string, RegExp]>([
  ['what is known later', 'lane: "${{ steps.step_1.outputs.x }}"', /^3 lane.*/],
  ['an input that is not there', 'lane: "${{ inputs.regoin }}"', /regoin/],
  ['what is no name', 'lane: "a lane"', /"a lane" is no name of a lane/],
])('a lane out of %s is refused with its line', (_, lane, problem) => {
  expect(problemsOf(patch(lane))).toMatch(problem);
  expect(problemsOf(patch(lane))).toMatch(/^3 lane/);
});

test('what makes a resource has the lane of that', () => {
  const sandbox = patch('resource: { kind: box, name: "${{ inputs.region }}", destroy: drop }\nlane: boxes');
  expect(problemsOf(sandbox.replace('name: patch', 'name: box'), 'runbooks/provision/box.yaml')).toMatch(
    /lane: what makes a resource stands in the lane of that resource/,
  );
});

test.each<[string, { readonly [input: string]: string }, boolean, object]>([
  ['fills in inputs', { region: 'eu-1' }, false, { lane: 'patches-eu-1' }],
  [
    'refuses what is no name',
    { region: '../x' },
    false,
    { problem: expect.stringContaining('“patches-../x” is none') },
  ],
  ['leaves a service its own', { region: 'eu' }, true, { problem: expect.stringContaining('a lane of its own') }],
])('a lane %s', (_, inputs, isOfService, expected) => {
  expect(ownLane({ name: 'patch', lane: 'patches-${{ inputs.region }}' }, { inputs, isOfService })).toEqual(expected);
});

test('without one there is none', () => {
  expect(ownLane({ name: 'patch' }, { inputs: {}, isOfService: true })).toEqual({});
});
