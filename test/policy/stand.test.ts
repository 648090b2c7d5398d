import { explainJson, explainVerdict } from '../../src/policy/explain';
import type { World } from '../../src/policy/evaluate';
import type { ApprovalGate } from '../../src/policy/verdict';
import { loadPolicy, type Policy } from '../../src/policy/policy';
import { head, judge, people, policyOf, tuesday } from './helpers';

/** A policy that asks for one or more of a team made in place, on call from Monday 9:00 in Berlin to the next. */
function asking(team: string, count = 1): Policy {
  const rules = `environments: { production: {} }\napprovals: [{ name: x, require: [{ team: t, count: ${count} }] }]\n`;
  const files = {
    'policy.yaml':
      head.replace('teams:\n', `teams:\n  t: ${team}\n  secure: [security, leads]\n  pairs: [leads, owners]\n`) + rules,
    'people.yaml': people,
    'services/web.yaml': 'service: { name: web, owner: secure }\n',
    'oncall/x.yaml':
      'timezone: Europe/Berlin\nrotation: [U0DAN, U0EVA]\nstart: 2026-11-02\nhandoff: { day: mon, at: "09:00" }\nlength: 7d\n',
  };
  const loaded = loadPolicy({
    files: new Map(Object.entries(files).map(([path, text]) => [path, { text, blob: path }])),
    commit: 'c0ffee',
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.policy;
}

const vote = (by: string, at = '2026-11-24T09:00:00Z', decision: 'approve' | 'reject' = 'approve') => ({
  by,
  at,
  decision,
});

function standOf(policy: Policy, world: World, now = tuesday): ApprovalGate {
  const evaluation = judge(policy, {}, world, now);
  const gate = evaluation.verdict === 'allowed' ? evaluation.gates.find(({ kind }) => kind === 'approval') : undefined;
  if (gate?.kind !== 'approval') throw new Error(`no approval: ${JSON.stringify(evaluation.reasons)}`);
  return gate;
}

const leads = '[leads]';

test.each([
  ['one before the instant asked about counts', '2026-11-24T09:59:59Z', true],
  ['one of that very instant counts', '2026-11-24T10:00:00Z', true],
  ['one of an instant later does not', '2026-11-24T10:00:01Z', false],
  ['one of the same morning elsewhere does not', '2026-11-24T11:30:00+01:00', false],
])('of votes %s', (_, at, holds) => {
  expect(standOf(asking(leads), { votes: [vote('U0LEE', at)] }).holds).toBe(holds);
});

// U0DAN is on call for the week from Monday the 16th, U0EVA for that from Monday the 23rd.
test.each([
  ['who was on call when they voted counts after the hand-over', 'U0DAN', '2026-11-23T07:59:00Z', true],
  ['who was no longer on call does not', 'U0DAN', '2026-11-23T08:01:00Z', false],
  ['who was not on call yet does not, though they are now', 'U0EVA', '2026-11-23T07:59:00Z', false],
  ['who was and is on call counts', 'U0EVA', '2026-11-24T09:00:00Z', true],
])('%s', (_, by, at, holds) => {
  expect(standOf(asking('{ schedule: oncall/x.yaml }'), { votes: [vote(by, at)] }).holds).toBe(holds);
});

describe('a rejection of somebody who could have approved ends it', () => {
  const policy = asking(leads, 2);
  const enough = [vote('U0LEE'), vote('U0SUB')];
  const no = (by: string, at?: string) => vote(by, at, 'reject');
  test.each([
    ['nobody', [], true],
    ['one more of the team', [no('U0KIM')], false],
    ['one who approved first', [no('U0LEE', '2026-11-24T09:30:00Z')], false],
    ['one who approved afterwards', [no('U0LEE', '2026-11-24T08:30:00Z')], false],
    ['whoever asked', [no('U0ANA')], true],
    ['somebody of no team', [no('U0EVA')], true],
    ['one of the team, but later', [no('U0KIM', '2026-11-24T10:30:00Z')], true],
  ])('%s', (_, rejections, holds) => {
    const three = asking('{ users: [U0LEE, U0SUB, U0KIM, U0ANA] }', 2);
    expect(standOf(three, { votes: [...enough, ...rejections] }).holds).toBe(holds);
  });

  test('and it is said by whom', () => {
    const world = { votes: [...enough, no('U0KIM')] };
    const gate = standOf(policy, world);
    expect(gate.rejectedBy).toEqual(['U0KIM']);
    expect(gate.message).toContain(
      'Kim has rejected the deploy of web v2 to production, which ends it whoever else approves; settle it with them and ask again.',
    );
    const evaluation = judge(policy, {}, world);
    expect(explainVerdict(evaluation)).toContainEqual(expect.stringMatching(/^… .*Kim has rejected/));
    expect(explainJson(evaluation)['gates']).toContainEqual(
      expect.objectContaining({ kind: 'approval', holds: false, rejectedBy: ['U0KIM'] }),
    );
  });
});

describe('in a sequence', () => {
  const seats = 'require: [leads, owners], order: sequence';
  const policy = policyOf(`environments: { production: {} }\napprovals: [{ name: x, ${seats} }]\n`);
  const leads = vote('U0LEE', '2026-11-24T09:00:00Z');
  test.each([
    ['approvals in their order count', [leads, vote('U0DAN', '2026-11-24T09:01:00Z')], ['U0LEE', 'U0DAN']],
    ['one before its turn does not, also not later', [vote('U0DAN', '2026-11-24T08:59:00Z'), leads], ['U0LEE']],
    [
      'one that is given again in its turn does',
      [vote('U0DAN', '2026-11-24T08:59:00Z'), leads, vote('U0DAN', '2026-11-24T09:01:00Z')],
      ['U0LEE', 'U0DAN'],
    ],
  ])('%s', (_, votes, filled) => {
    const gate = standOf(policy, { votes });
    expect(gate.seats.flatMap(({ filledBy }) => filledBy)).toEqual(filled);
    expect(gate.holds).toBe(filled.length === 2);
  });

  test('a rejection ends it, whoever has the turn', () => {
    const votes = [vote('U0DAN', '2026-11-24T08:59:00Z', 'reject'), leads];
    expect(standOf(policy, { votes }).rejectedBy).toEqual(['U0DAN']);
  });
});

describe('whom the world tells to be in a Slack group is in every team that the group is a part of', () => {
  const people = { teams: { owners: ['U0SAM'] }, votes: [vote('U0SAM')] };
  const told = { teams: { security: ['U0SAM'] }, votes: [vote('U0SAM')] };
  test.each([
    ['the team itself', '[security]', told, true],
    ['a union with it', '[security, leads]', told, true],
    ['a union of a union', '[secure, owners]', told, true],
    ['the owner of the service', '{ owner: true }', told, true],
    ['its code owners', '{ codeowners: true }', { ...told, codeowners: ['@acme/security'] }, true],
    ['the same group by another name', '{ slack_group: S0SECURITY }', told, true],
    ['another group', '{ slack_group: S0OTHER }', told, false],
    ['a team without it', '[leads]', told, false],
    ['a team of the same groups as the one told of', '[security]', { ...told, teams: { secure: ['U0SAM'] } }, true],
    ['a union with a team of people that no group stands for', '[leads, owners]', people, true],
    ['a union of such a union', '{ teams: [pairs], users: [U0EVA] }', people, true],
    [
      'the owner of the service, which is such a union',
      '{ owner: true }',
      { ...people, teams: { leads: ['U0SAM'] } },
      true,
    ],
    ['a team without such a team', '[security]', people, false],
    [
      'what is told of the team itself outweighs its parts',
      '[security]',
      { ...told, teams: { security: [], t: [] } },
      false,
    ],
  ])('%s', (_, team, world, holds) => {
    expect(standOf(asking(team), world).holds).toBe(holds);
  });

  test('a group of a team about which nothing is told leaves it unknown who is in it', () => {
    const policy = policyOf('environments: { production: { request: [security] } }\n');
    const denied = (teams: World['teams']) =>
      judge(policy, {}, { teams })
        .reasons.map(({ message }) => message)
        .join(' ');
    expect(denied({})).toMatch(/Slack/);
    expect(denied({ security: [] })).not.toMatch(/Slack/);
  });
});
