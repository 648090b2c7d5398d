import type { HoldAct } from '../../src/holds/holds';
import type { Asker } from '../../src/operation/asker';
import { holdRight, type HoldQuestion } from '../../src/policy/hold-rights';
import { policyOf, problemsOf, tuesday } from './helpers';

const environments = 'environments: { production: { channel: "#prod", request: [leads] }, staging: {} }\n';
const plain = policyOf(`${environments}break_glass: { who: [oncall] }\noperators: [security]\n`);
const own = policyOf(
  `${environments}labels: { hotfix: { who: [oncall] } }
holds:
  lock: { who: [owners], max: 2h }
  unlock: { who: [leads] }
  freeze: { who: [leads], except: [hotfix] }
  stop: { who: [security] }
`,
);
const bare = policyOf(environments);
/** The owner of whatever service it is about; one service is owned by a Slack group. */
const owned = policyOf(
  `  whose: { owner: true }\n${environments}holds: { unlock: { who: [whose] }, lock: { who: [whose] }, freeze: { who: [whose] } }\n`,
  { 'configs/services/vault.yaml': 'service: { name: vault, owner: security }\n' },
);

const lock: HoldAct = { kind: 'lock', service: 'web', environment: 'production', reason: 'r' };
const unlock: HoldAct = { kind: 'unlock', service: 'web', environment: 'production' };
const freeze: HoldAct = { kind: 'freeze', environment: 'production', reason: 'r' };
const freezeWeb: HoldAct = { ...freeze, service: 'web' };
const stop: HoldAct = { kind: 'stop', reason: 'r' };
const handOver = (to: string): HoldAct => ({ kind: 'hand_over', service: 'web', environment: 'production', to });

const member: Asker = { standing: 'member', groups: [] };
const inSecurity: Asker = { standing: 'member', groups: ['S0SECURITY'] };
const unsaid: Asker = { standing: 'member', groups: 'unknown' };

function ask(policy: HoldQuestion['policy'], act: HoldAct, who: Partial<HoldQuestion> = {}): string {
  const right = holdRight({ policy, act, by: 'U0ANA', byKind: 'person', asker: member, now: tuesday, ...who });
  return right.kind === 'refused' ? right.sentence : `${right.as}: ${right.grant.scope}`;
}

test.each<[string, HoldQuestion['policy'], HoldAct, Partial<HoldQuestion>, string | RegExp]>([
  ['whoever may ask for work there may lock', plain, lock, {}, 'leads: own'],
  ['and nobody else may', plain, lock, { by: 'U0SAM' }, /only leads or owners may and you are not in it/],
  ['but the owner of the service', plain, lock, { by: 'U0DAN' }, 'owners: own'],
  [
    'where everybody may ask, every full member may lock',
    plain,
    { ...lock, environment: 'staging' },
    { by: 'U0SAM' },
    'member: own',
  ],
  ['policy can name who locks', own, lock, {}, /only owners may.*holds\.lock\.who/],
  ['and its teams may', own, lock, { by: 'U0DAN' }, 'owners: own'],
  ['what is one’s own one may unlock', plain, unlock, {}, 'holder: own'],
  ['what is not, operators may unlock', plain, unlock, { by: 'U0SAM', asker: inSecurity }, 'security: any'],
  ['and whoever is on call', plain, unlock, { by: 'U0DAN' }, 'oncall: any'],
  ['unless policy names others', own, unlock, { by: 'U0DAN' }, 'holder: own'],
  ['who then may', own, unlock, {}, 'leads: any'],
  ['the owner, where policy says the owner of the service', owned, unlock, { by: 'U0DAN' }, 'whose: any'],
  ['and not the owner of another one', owned, { ...unlock, service: 'vault' }, { by: 'U0DAN' }, 'holder: own'],
  [
    'an owner that is a Slack group',
    owned,
    { ...unlock, service: 'vault' },
    { by: 'U0SAM', asker: inSecurity },
    'whose: any',
  ],
  [
    'of which Slack has to say who is in it',
    owned,
    { ...freeze, service: 'vault' },
    { by: 'U0SAM', asker: unsaid },
    /did not say whether you are in whose/,
  ],
  ['an environment has no owner', owned, freeze, { by: 'U0DAN' }, /only whose may/],
  ['where policy names nobody, only the holder may', bare, unlock, { by: 'U0DAN' }, 'holder: own'],
  ['whoever is on call may freeze', plain, freeze, { by: 'U0DAN' }, 'oncall: own'],
  ['others may not', plain, freeze, {}, /only security or oncall may.*holds\.freeze\.who/],
  ['the owner may freeze their own service', own, freezeWeb, { by: 'U0DAN' }, 'owners: own'],
  ['and not the environment', own, freeze, { by: 'U0DAN' }, /only leads may/],
  ['whom policy names may freeze', own, freeze, {}, 'leads: own'],
  ['and thaw', own, { kind: 'thaw', environment: 'production' }, {}, 'leads: own'],
  ['whoever is on call may stop everything', plain, stop, { by: 'U0DAN' }, 'oncall: own'],
  ['unless policy names others', own, stop, { by: 'U0DAN' }, /only security may.*policy\.yaml:/],
  ['who then may', own, stop, { by: 'U0SAM', asker: inSecurity }, 'security: own'],
  ['and let it go', own, { kind: 'go' }, { by: 'U0SAM', asker: inSecurity }, 'security: own'],
  ['where policy names nobody, nobody stops', bare, stop, {}, /policy names nobody who may/],
  ['a group that Slack did not tell means no', plain, stop, { by: 'U0SAM', asker: unsaid }, /unknown means no/],
  [
    'a group that Slack did not tell unlocks nothing of others',
    plain,
    unlock,
    { by: 'U0SAM', asker: unsaid },
    'holder: own',
  ],
  ['a guest', plain, lock, { asker: { standing: 'guest', groups: [] } }, /guests/],
  ['a stranger', plain, lock, { asker: { standing: 'stranger', groups: [] } }, /another organisation/],
  ['a deactivated account', plain, lock, { asker: { standing: 'deactivated', groups: [] } }, /deactivated/],
  ['an app', plain, lock, { asker: { standing: 'bot', groups: [] } }, /apps and bots/],
  [
    'somebody of whom Slack said nothing',
    plain,
    lock,
    { asker: { standing: 'unknown', groups: 'unknown' } },
    /unknown means no/,
  ],
  ['a machine', plain, lock, { byKind: 'machine', by: 'ci' }, /Only people/],
  [
    'an environment that is not there',
    plain,
    { ...freeze, environment: 'prod' },
    { by: 'U0DAN' },
    /no environment "prod".*production and staging/,
  ],
  ['a service that is not there', plain, { ...lock, service: 'wbe' }, {}, /no service "wbe"/],
  ['a lock that is too long', own, { ...lock, forMs: 7_200_001 }, { by: 'U0DAN' }, /2h at most.*holds\.lock\.max/],
  ['a lock that is as long as it may be', own, { ...lock, forMs: 7_200_000 }, { by: 'U0DAN' }, 'owners: own'],
  ['a hand-over to somebody who may lock there', plain, handOver('U0LEE'), { recipient: member }, 'holder: own'],
  [
    'a hand-over to somebody who may not',
    plain,
    handOver('U0SAM'),
    { recipient: member },
    /only leads or owners may lock there/,
  ],
  ['a hand-over to a guest', plain, handOver('U0LEE'), { recipient: { standing: 'guest', groups: [] } }, /full member/],
  ['a hand-over to somebody of whom Slack said nothing', plain, handOver('U0LEE'), {}, /full member/],
])('%s', (_what, policy, act, who, said) => {
  const answer = ask(policy, act, who);
  if (typeof said === 'string') expect(answer).toBe(said);
  else expect(answer).toMatch(said);
});

test('a grant says who it is by all their accounts, where it is told and for how long', () => {
  const right = holdRight({ policy: plain, act: lock, by: 'U0ANA2', byKind: 'person', asker: member, now: tuesday });
  expect(right).toMatchObject({
    grant: { who: { by: 'U0ANA2', person: 'U0ANA', name: 'Ana' }, channel: '#prod', forMs: 3_600_000 },
    policyCommit: 'c0ffee',
  });
  expect(
    holdRight({ policy: own, act: stop, by: 'U0SAM', byKind: 'person', asker: inSecurity, now: tuesday }),
  ).toMatchObject({ grant: { channel: '#deploys' } });
});

test('teams, labels and lengths of time that policy names for holds have to be there', () => {
  const problems = problemsOf(
    `${environments}holds:\n  lock: { who: [lead], max: 900d }\n  unlock: { who: [nobody] }\n  freeze: { except: [hotfx] }\n  stop: { who: [oncal] }\n`,
  ).join('\n');
  for (const words of ['"lead"', '900d', '"nobody"', '"hotfx"', '"oncal"']) expect(problems).toContain(words);
});
