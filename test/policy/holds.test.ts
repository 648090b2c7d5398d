import type { PolicyRequest, World } from '../../src/policy/evaluate';
import { gatesOf, judge, machine, person, policyOf, tuesday } from './helpers';

const policy = policyOf(`environments: { production: {}, staging: {} }
labels: { hotfix: { who: [leads] } }
break_glass: { who: [leads] }
rollback: { windows: keep, freezes: keep, approvals: as_deploy }
holds: { freeze: { except: [hotfix] }, stop: { except: [runbook] } }
`);
const open = policyOf(
  'environments: { production: {} }\nbreak_glass: { who: [leads] }\nholds: { stop: { except: [break_glass] } }\n',
);

const lock = { by: 'U0LEE', reason: 'r', service: 'web', environment: 'production' };
const frozen = { by: 'U0LEE', reason: 'r', environment: 'production' };
const stop = { by: 'U0LEE', reason: 'r' };
const until = '2026-11-24T12:00:00Z';
const breakGlass = { labels: ['break_glass'], reason: 'on fire' };
const incident = { id: 'i1', state: 'declared', severity: 'sev1', service: 'web' } as const;

test.each<[string, Partial<PolicyRequest>, World, string[]]>([
  ['a lock holds everybody else back', {}, { locks: [lock] }, ['prerequisite lock: waits']],
  ['and lets its holder through', { requester: person('U0LEE') }, { locks: [lock] }, []],
  ['by all accounts of theirs', {}, { locks: [{ ...lock, by: 'U0ANA2' }] }, []],
  ['a machine is nobody’s account', { requester: machine('U0LEE') }, { locks: [lock] }, ['prerequisite lock: waits']],
  ['a lock for a version lets it through, whoever asks', {}, { locks: [{ ...lock, change: 'v2' }] }, []],
  [
    'and no other, not even of its holder',
    { requester: person('U0LEE') },
    { locks: [{ ...lock, change: 'v3' }] },
    ['prerequisite lock: waits'],
  ],
  [
    'nor work without a version',
    { kind: 'runbook', requester: person('U0LEE'), version: undefined },
    { locks: [{ ...lock, change: 'v3' }] },
    ['prerequisite lock: waits'],
  ],
  ['a lock elsewhere is none', { environment: 'staging' }, { locks: [lock] }, []],
  [
    'a lock of another service is none',
    { service: 'bank', reason: 'r' },
    { locks: [lock] },
    ['approval dual approval of bank: waits'],
  ],
  ['a freeze holds its environment back', {}, { freezes: [frozen] }, ['prerequisite freeze by command: waits']],
  ['with its end, if it has one', {}, { freezes: [{ ...frozen, until }] }, ['freeze freeze by command: waits']],
  ['until it is over', {}, { freezes: [{ ...frozen, until: '2026-11-24T10:00:00Z' }] }, []],
  [
    'whoever put it on',
    { requester: person('U0LEE') },
    { freezes: [frozen] },
    ['prerequisite freeze by command: waits'],
  ],
  ['a freeze elsewhere is none', { environment: 'staging' }, { freezes: [frozen] }, []],
  ['a freeze of another service is none', {}, { freezes: [{ ...frozen, service: 'bank' }] }, []],
  [
    'a freeze of this service is one',
    {},
    { freezes: [{ ...frozen, service: 'web' }] },
    ['prerequisite freeze by command: waits'],
  ],
  ['what policy excepts passes a freeze', { labels: ['hotfix'] }, { freezes: [frozen] }, []],
  ['the stop holds everything back', { environment: 'staging' }, { stop }, ['prerequisite stop: waits']],
  ['what policy excepts passes the stop', { kind: 'runbook' }, { stop }, []],
  [
    'a label that freezes except does not pass the stop',
    { labels: ['hotfix'] },
    { stop },
    ['prerequisite stop: waits'],
  ],
  [
    'break-glass passes locks, freezes and incidents',
    breakGlass,
    { locks: [lock], freezes: [frozen], incidents: [incident] },
    [],
  ],
  ['and not the stop', breakGlass, { stop }, ['prerequisite stop: waits']],
  ['what nobody can tell holds back', {}, { holdsUnknown: 'Temporal is away' }, ['prerequisite holds: waits']],
  ['but not break-glass', breakGlass, { holdsUnknown: 'Temporal is away' }, []],
])('%s', (_what, request, world, gates) => {
  expect(gatesOf(judge(policy, request, { requester: 'member', ...world }))).toEqual(gates);
});

test('break-glass passes the stop where policy says so', () => {
  expect(gatesOf(judge(open, breakGlass, { stop }))).toEqual([]);
  expect(gatesOf(judge(open, { labels: [] }, { stop }))).toEqual(['prerequisite stop: waits']);
});

test('a rollback passes all of them, whatever policy keeps for rollbacks', () => {
  const history = [{ service: 'web', environment: 'production', version: 'v1', succeededAt: '2026-11-01T00:00:00Z' }];
  const world: World = { history, locks: [lock], freezes: [frozen], stop, incidents: [incident], holdsUnknown: 'x' };
  expect(gatesOf(judge(policy, { kind: 'rollback', version: 'v1' }, world))).toEqual([]);
});

test('every gate says who holds it, why, what goes on and who can lift it', () => {
  const world: World = { locks: [{ ...lock, until, change: 'v9' }], freezes: [{ ...frozen, service: 'web' }], stop };
  const verdict = judge(policy, {}, world, tuesday);
  const gates = verdict.verdict === 'allowed' ? verdict.gates : [];
  expect(gates.map(({ message, about }) => [message, about])).toEqual([
    [
      'Lee has locked this for version v9 alone until Tue 24 Nov 2026 13:00 (Europe/Berlin) (r), which holds the deploy of web v2 to production back; it goes on by itself after that, and they or leads can unlock it.',
      ['U0LEE'],
    ],
    [
      'Lee has frozen web in production (r), which holds the deploy of web v2 to production back; it goes on by itself when that is over, and leads or owners can thaw it.',
      ['U0LEE'],
    ],
    [
      'Lee has stopped everything (r), which holds the deploy of web v2 to production back; it goes on by itself when leads says /signalbox go, and rollbacks still work.',
      ['U0LEE'],
    ],
  ]);
});
