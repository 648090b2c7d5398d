import { authorityOver, type Actor, type Authority, type Operators } from '../../src/operation/authority';
import type { OperationAct } from '../../src/operation/ports';
import type { Requester } from '../../src/operation/request';

const ana: Requester = { kind: 'person', id: 'U0ANA', via: 'slack' };
const ci: Requester = { kind: 'machine', id: 'ci', via: 'cli' };

const operators: Operators = {
  teams: [
    { team: 'leads', may: 'everything', groups: [], users: [] },
    { team: 'oncall', may: 'everything', groups: [], users: [] },
    { team: 'developers', may: 'abort', groups: [], users: [] },
  ],
  owner: 'U0OWN',
  persons: { U0ANA2: 'U0ANA', U0SAM2: 'U0SAM', U0OWN2: 'U0OWN' },
};

const person = (by: string, teams: readonly string[] = [], unknown: readonly string[] = []): Actor => ({
  kind: 'person',
  by,
  teams,
  unknown,
});
const machine = (by: string): Actor => ({ kind: 'machine', by, teams: [], unknown: [] });

const acts = ['cancel', 'abort', 'finish_watch', 'retry_undo', 'done_by_hand', 'leave_it', 'resync'] as const;
const whileItRuns = ['abort', 'finish_watch', 'retry_undo', 'done_by_hand', 'leave_it'] as const;

function ask(act: OperationAct['kind'], actor: Actor, requester: Requester = ana): Authority {
  return authorityOver({ act, actor, requester, votes: [{ by: 'U0SAM', person: 'U0SAM' }], operators });
}

const mayDo = (actor: Actor, requester?: Requester): readonly string[] =>
  acts.filter((act) => ask(act, actor, requester).kind === 'granted');

test.each<[string, Actor, Requester, readonly string[]]>([
  ['whoever asked', person('U0ANA'), ana, acts],
  ['whoever asked, by a second account', person('U0ANA2'), ana, acts],
  ['whoever voted', person('U0SAM'), ana, acts],
  ['whoever voted, by a second account', person('U0SAM2'), ana, acts],
  ['a team that has a say', person('U0LEE', ['leads']), ana, [...whileItRuns, 'resync']],
  ['who is on call', person('U0OLA', ['oncall']), ana, [...whileItRuns, 'resync']],
  ['whom it belongs to', person('U0OWN'), ana, [...whileItRuns, 'resync']],
  ['whom it belongs to, where a machine asked', person('U0OWN2'), ci, acts],
  ['a team that has a say, where a machine asked', person('U0LEE', ['leads']), ci, acts],
  ['who may roll back, where a machine asked', person('U0DEV', ['developers']), ci, ['abort', 'resync']],
  ['a member of nothing, where a machine asked', person('U0EVE'), ci, ['resync']],
  ['who may roll back', person('U0DEV', ['developers']), ana, ['abort', 'resync']],
  ['a member of a team that nobody named', person('U0EVE', ['marketing']), ana, ['resync']],
  ['a member of nothing', person('U0EVE'), ana, ['resync']],
  ['somebody of whom nobody knows whether they are in', person('U0EVE', [], ['leads']), ana, ['resync']],
  ['the machine that asked', machine('ci'), ci, ['cancel', 'abort']],
  ['another machine', machine('cron'), ci, []],
  ['a machine called like the person who asked', machine('U0ANA'), ana, []],
  ['a machine called like a voter', machine('U0SAM'), ci, []],
  ['a person called like the machine that asked', person('ci'), ci, ['resync']],
])('%s may do this and nothing else', (_who, actor, requester, allowed) => {
  expect([...mayDo(actor, requester)].sort()).toEqual([...allowed].sort());
});

test.each<[string, OperationAct['kind'], Actor, readonly string[]]>([
  ['who may', 'leave_it', person('U0EVE'), ['whoever asked', 'leads or oncall', 'operators in policy.yaml']],
  ['who may abort besides', 'abort', person('U0EVE'), ['leads, oncall or developers']],
  ['that silence is a no', 'abort', person('U0EVE', [], ['oncall']), ['did not say', 'oncall', 'in a minute']],
  ['who may cancel', 'cancel', person('U0LEE', ['leads']), ['who asked', 'voted', 'reject']],
  ['what a machine may do', 'abort', machine('cron'), ['machine', 'asked for itself', 'a person']],
])('a refusal says %s, in one sentence', (_what, act, actor, words) => {
  const said = ask(act, actor);

  expect(said.kind === 'refused' && said.sentence).toMatch(/^[A-Z][^.]*(policy\.yaml)?[^.]*\.$/);
  for (const word of words) expect(said).toMatchObject({ sentence: expect.stringContaining(word) });
});

test('a refusal says who may cancel what a machine asked for', () => {
  expect(ask('cancel', person('U0EVE'), ci)).toEqual({
    kind: 'refused',
    sentence:
      'You may not cancel this, because only these may: whoever voted on it, whoever it belongs to, and members of leads or oncall; ask one of them, or have the owner of the policy repository add your team under operators in policy.yaml.',
  });
});

test('it tells as what somebody acted, for the record', () => {
  expect(ask('abort', person('U0ANA', ['leads']))).toEqual({ kind: 'granted', as: 'requester' });
  expect(ask('abort', person('U0SAM'))).toEqual({ kind: 'granted', as: 'voter' });
  expect(ask('abort', person('U0LEE', ['oncall', 'leads']))).toEqual({ kind: 'granted', as: 'leads' });
});

test('before there is a judgement only the request itself gives standing', () => {
  const before = { votes: [], requester: ana };

  expect(authorityOver({ ...before, act: 'cancel', actor: person('U0ANA') }).kind).toBe('granted');
  const early = authorityOver({ ...before, requester: ci, act: 'cancel', actor: person('U0LEE', ['leads']) });
  expect(early).toMatchObject({ kind: 'refused', sentence: expect.stringContaining('try again once') });
  expect(authorityOver({ ...before, act: 'abort', actor: person('U0LEE', ['leads']) }).kind).toBe('refused');
});
