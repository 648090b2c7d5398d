import type { World } from '../../src/policy/request';
import { evaluate } from '../../src/policy/evaluate';
import { runningFreezes } from '../../src/policy/running-freezes';
import { person, policyOf, rulesOf, tuesday } from './helpers';

const commit = 'c0ffee';
const policyChange = {
  from: '',
  to: commit,
  head: commit,
  paths: [],
  morePaths: 0,
  authors: [],
  committers: [],
  isUnclear: false,
  commits: [],
};
const by = { by: 'U0DAN', reason: 'quiet' };
const decade = 'from: 2026-11-20, to: 2036-12-31';

const ask = (rules: string, world: World) => ({
  policy: policyOf(rules),
  request: {
    kind: 'policy' as const,
    version: commit,
    requester: person('U0ANA'),
    authors: [],
    environment: 'production',
  },
  world: { plan: {}, policyChange, ...world },
  now: tuesday,
});

describe('a change of the policy is not held back by what only it can mend', () => {
  const place = 'environments: { production: {} }\n';
  test.each<[string, string, World]>([
    ['a freeze that refuses', `${place}freezes: [{ name: slip, ${decade}, effect: deny }]\n`, {}],
    ['a freeze that waits', `${place}freezes: [{ name: slip, ${decade} }]\n`, {}],
    ['a freeze that comes back', `${place}freezes: [{ name: slip, cron: "0 9 * * 2", for: 8h }]\n`, {}],
    ['a soft freeze', `${place}overrides: { who: [leads] }\nfreezes: [{ name: slip, ${decade}, level: soft }]\n`, {}],
    [
      'a window',
      'windows: { never: { days: sun, from: "01:00", to: "02:00" } }\nenvironments: { production: { windows: [never] } }\n',
      {},
    ],
    ['a freeze by command', place, { freezes: [{ ...by, environment: 'production' }] }],
    ['the stop', place, { stop: by }],
    ['what nobody knows of', place, { holdsUnknown: 'Temporal did not say in time' }],
  ])('%s', (_what, rules, world) => {
    const evaluation = evaluate(ask(rules, world));
    expect(rulesOf(evaluation)).toEqual([]);
    expect(evaluation.verdict === 'allowed' && evaluation.gates).toEqual([]);
  });

  test('nor is it stopped when a freeze begins while it runs', () => {
    const rules = `${place}freezes: [{ name: slip, from: 2026-11-24, to: 2026-11-30, running: roll_back }]\n`;
    expect(runningFreezes(ask(rules, {}), new Date('2026-11-20T10:00:00Z'))).toEqual({});
  });
});
