import { placed } from '../../src/operation/placed';
import type { Runbook } from '../../src/runbooks/schema';
import { policyOf } from '../policy/helpers';
import { requestOf } from '../runbooks/request';

const policy = policyOf('environments: { staging: {}, production: {} }\n');

function placeOf(inputs: Runbook['inputs'], asked: object) {
  const runbook: Runbook = { name: 'restart', inputs, steps: [{ uses: 'wait', with: { for: '1s' } }] };
  const request = {
    ...requestOf(),
    kind: 'runbook',
    service: undefined,
    environment: undefined,
    runbook: 'restart',
    ...asked,
  } as const;
  const runbooks = new Map([['restart', { document: runbook, file: 'runbooks/restart.yaml', blob: 'b' }]]);
  const answer = placed(request, { policy, runbooks });
  return { service: answer.request.service, environment: answer.request.environment, problems: answer.problems };
}

const service = { type: 'service' } as const;
const environment = { type: 'environment' } as const;

test.each([
  ['none where its inputs name none', {}, {}, {}],
  ['what its flags say', {}, { service: 'web', environment: 'staging' }, { service: 'web', environment: 'staging' }],
  [
    'what its inputs name',
    { which: service, where: environment },
    { inputs: { which: 'web', where: 'production' } },
    { service: 'web', environment: 'production' },
  ],
  ['the default of an input', { where: { ...environment, default: 'production' } }, {}, { environment: 'production' }],
  [
    'the same by both ways',
    { where: environment },
    { environment: 'production', inputs: { where: 'production' } },
    { environment: 'production' },
  ],
] as const)('a runbook is judged by the rules of %s', (_what, inputs, asked, place) => {
  expect(placeOf(inputs, asked)).toEqual({ service: undefined, environment: undefined, ...place, problems: [] });
});

test.each([
  ['a service and no environment', { which: service }, { inputs: { which: 'web' } }, '--environment'],
  ['a service by flag and no environment', {}, { service: 'web' }, 'staging, production'],
  [
    'another environment than its flag',
    { where: environment },
    { environment: 'staging', inputs: { where: 'production' } },
    'more than one environment (staging, production)',
  ],
  [
    'several services in a list',
    { which: { type: 'list', items: { type: 'service' } } },
    { environment: 'staging', inputs: { which: 'web, bank' } },
    'more than one service (web, bank)',
  ],
] as const)('a runbook that names %s is refused', (_what, inputs, asked, words) => {
  expect(placeOf(inputs, asked).problems).toEqual([expect.stringContaining(words)]);
});

test('a deploy is what it says', () => {
  expect(placed(requestOf(), { policy, runbooks: new Map() })).toEqual({ request: requestOf(), problems: [] });
});
