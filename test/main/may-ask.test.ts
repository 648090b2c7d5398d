import type { AskedKind } from '../../src/commands/asked';
import { mayAsk, mayRun, whyNothing } from '../../src/main/may-ask';
import { readRepository } from '../../src/policy/read-repository';

const policy = `version: 1
timezone: Europe/Berlin
teams:
  leads: { users: [U0LEE] }
  owners: { users: [U0OWN] }
  ops: { slack_group: S0OPS }
environments:
  staging: { request: [leads, ops] }
  production: { request: [leads] }
approvals: [{ name: free, require: none }]
rollback: { who: [leads] }
`;
const runbook = `name: restart
help: Restarts a thing.
steps:
  - { name: wait, uses: wait, with: { for: 1s } }
`;
const service = 'service: { name: web, owner: owners }\n';

function repositoryOf(files: { readonly [path: string]: string }) {
  const texts = Object.entries(files).map(([path, text]) => [path, { text, blob: path }] as const);
  const read = readRepository({ files: new Map(texts), commit: 'c'.repeat(40) });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.repository;
}
const whole = repositoryOf({
  'policy.yaml': policy,
  'services/web.yaml': service,
  'runbooks/restart.yaml': runbook,
});
const kinds: readonly AskedKind[] = ['deploy', 'rollback', 'provision', 'runbook.run', 'incident.declare', 'status'];
const ofEverybody = ['provision', 'runbook.run', 'incident.declare', 'status'];

it.each<[string, string, { readonly [team: string]: readonly string[] } | undefined, readonly string[]]>([
  ['whoever may request somewhere', 'U0LEE', {}, ['deploy', 'rollback', ...ofEverybody]],
  ["a service's owner, who can always roll it back", 'U0OWN', { ops: [] }, ['rollback', ...ofEverybody]],
  ['a member of a Slack group that may request', 'U0OPS', { ops: ['U0OPS'] }, ['deploy', ...ofEverybody]],
  ['somebody in no team', 'U0NOBODY', { ops: [] }, ofEverybody],
  ['somebody whose groups Slack does not tell', 'U0NOBODY', undefined, ['deploy', ...ofEverybody]],
])('help shows %s what they may ask for', (_who, id, teams, wanted) => {
  expect(kinds.filter(mayAsk(whole, { id, teams }, new Date()))).toEqual(wanted);
});

it('help shows no runbooks where there are none that may be asked for', () => {
  const none = repositoryOf({ 'policy.yaml': policy, 'services/web.yaml': service });
  const may = mayAsk(none, { id: 'U0LEE', teams: {} }, new Date());
  expect(kinds.filter(may)).toEqual(['deploy', 'rollback', 'incident.declare', 'status']);
});

it.each(['guest', 'stranger', 'deactivated', 'bot'] as const)(
  'a %s is told in one sentence that they may ask for nothing',
  (standing) => {
    expect(whyNothing(standing)).toMatch(/may not ask Signalbox for anything.*(ask|can)\b.*\.$/);
  },
);

it.each(['member', 'unknown'] as const)('a standing of %s is no reason to hide everything', (standing) => {
  expect(whyNothing(standing)).toBeUndefined();
});

const withRunbooks = repositoryOf({
  'policy.yaml': `${policy}handlers: [{ for: deploy, runbook: deliver }]\n`,
  'runbooks/restart.yaml': runbook,
  'runbooks/deliver.yaml': runbook.replace('restart', 'deliver'),
  'runbooks/scale.yaml': runbook
    .replace('restart', 'scale')
    .replace('steps:', 'inputs: { where: { type: environment } }\nsteps:'),
});

it.each<[string, string, { readonly [team: string]: readonly string[] } | undefined, readonly string[]]>([
  ['whoever may request somewhere', 'U0LEE', {}, ['restart', 'scale']],
  ['somebody who may request nowhere', 'U0NOBODY', { ops: [] }, ['restart']],
  ['somebody whose groups Slack does not tell', 'U0NOBODY', undefined, ['restart', 'scale']],
])('the list shows %s the runbooks that policy lets them ask for', (_who, id, teams, wanted) => {
  const may = mayRun(withRunbooks, { id, teams }, new Date());
  expect(['restart', 'deliver', 'scale', 'unheard-of'].filter(may)).toEqual(wanted);
});
