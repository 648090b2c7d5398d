import { formatProblem } from '../../src/documents/read-yaml';
import type { InfrastructureCase } from '../../src/infrastructure/declared';
import { laneOfServers } from '../../src/infrastructure/judged';
import type { Case } from '../../src/operation/case';
import { freezesOf, judgeCase } from '../../src/operation/judge';
import type { Judgement } from '../../src/operation/judgement';
import type { OperationRequest } from '../../src/operation/request';
import { stuckServers } from '../../src/operation/work';
import { readRepository } from '../../src/policy/read-repository';
import type { ResourceState } from '../../src/resources/resource';
import { group, server } from '../helpers/declared-servers';
import { head, tuesday } from '../policy/helpers';
import { requestOf } from '../runbooks/request';

const files = {
  'policy.yaml': `${head}environments: { staging: {} }
freezes:
  - { name: no removing, from: 2026-12-01, to: 2026-12-05, when: plan.destroys > 0, running: hold }
  - { name: no replacing, from: 2026-12-01, to: 2026-12-05, when: plan.replaces > 0, running: hold }
  - { name: no creating, from: 2026-12-01, to: 2026-12-05, when: plan.creates > 0, running: hold }
handlers: [{ for: server.create, runbook: create-server }, { for: server.remove, runbook: remove-server }]
`,
  'runbooks/create-server.yaml':
    'name: create-server\ninputs: { name: { type: string } }\nsteps: [{ uses: wait, with: { for: 1s } }]\n',
  'runbooks/remove-server.yaml':
    'name: remove-server\ninputs: { name: { type: string }, id: { type: string } }\nsteps: [{ uses: wait, with: { for: 1s } }]\n',
};

function caseOf(request: Partial<OperationRequest>, more: Partial<Case> = {}): Case {
  const all = new Map(Object.entries(files).map(([path, text]) => [path, { text, blob: path }]));
  const read = readRepository({ files: all, commit: 'c0ffee' });
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'));
  const { service: _service, environment: _environment, version: _version, ...rest } = requestOf();
  return {
    request: { ...rest, ...request },
    asker: { standing: 'member', groups: [] },
    repository: read.repository,
    history: [],
    now: tuesday,
    ...more,
  };
}
function allowed(about: Case): Extract<Judgement, { kind: 'allowed' }> {
  const { judgement } = judgeCase({ ...about, resolved: {} });
  if (judgement.kind === 'denied') throw new Error(judgement.reasons.join('\n'));
  return judgement;
}
const declared = (count: number, type = 'cx22'): InfrastructureCase['declared'] => ({
  kind: 'read',
  commit: 'e'.repeat(40),
  branch: 'main',
  groups: [group({ count, type })],
  sources: [{ path: 'infrastructure/servers.yaml', blob: 'b'.repeat(40) }],
  authors: [],
});

test.each<[string, Partial<ResourceState>, unknown]>([
  ['a declared server', {}, laneOfServers({})],
  ['one of an environment', { environment: 'staging' }, laneOfServers({ environment: 'staging' })],
  ['a server that no file declared', { declared: undefined }, { service: 'server.web-1', environment: '@resources' }],
])('%s is destroyed in the lane in which it is made', (_what, about, lane) => {
  const resource = server('web-1', { inputs: { name: 'web-1' }, outputs: { id: 'h-1' }, ...about });
  const request = { kind: 'destroy', resource: { kind: 'server', name: 'web-1' } } as const;
  const { environment } = resource;
  expect(allowed(caseOf({ ...request, ...(environment && { environment }) }, { resource })).lane).toEqual(lane);
});

const made = (name: string): ResourceState => server(name, { outputs: { id: `h-${name}` } });

test.each<[string, InfrastructureCase, readonly ResourceState[]]>([
  ['removing', { declared: declared(1), resources: [made('web-1'), made('web-2')] }, [server('web-1')]],
  ['replacing', { declared: declared(1, 'cx32'), resources: [made('web-1')] }, [server('web-2', {}, { type: 'cx32' })]],
  ['creating', { declared: declared(1), resources: [] }, [server('web-1')]],
])('a freeze asks a run about what was approved, though what is there has changed by it: %s', (what, before, after) => {
  const asked = { kind: 'infrastructure', infrastructure: {} } as const;
  const { plan, servers } = allowed(caseOf(asked, { infrastructure: before }));
  const later = caseOf(asked, {
    infrastructure: { ...before, resources: after },
    now: new Date('2026-12-02T10:00:00Z'),
  });
  const { now } = freezesOf({ ...later, servers }, { plan, since: tuesday });
  expect(now).toMatchObject({ name: `no ${what}`, does: 'hold' });
  expect(['removing', 'replacing', 'creating'].filter((each) => now?.message.includes(`no ${each}`))).toEqual([what]);
});

test('a server of which too little was recorded stays out of the plan and is told on the card, and others go on', () => {
  const request = { kind: 'infrastructure', infrastructure: {} } as const;
  const half = (name: string, outputs: ResourceState['outputs']) => server(name, { status: 'uncertain', outputs });
  const resources = [half('web-1', {}), half('web-2', { id: 'h-2' })];
  const { repository } = caseOf(request);
  const about = { declared: declared(1), resources };
  const stuck = stuckServers({ request, repository, infrastructure: about });
  expect(stuck).toEqual([{ name: 'web-1', runbook: 'remove-server', inputs: ['id'] }]);
  const { servers, inputs } = allowed(caseOf(request, { infrastructure: { ...about, stuck } }));
  expect(servers?.map(({ act, name }) => `${act} ${name}`)).toEqual(['create web-3', 'destroy web-2']);
  expect(inputs).toMatchObject({
    'left as it is': expect.stringMatching(/what is left of web-1, and remove-server .*"id"; .* default/),
  });
  const nothing = { declared: declared(1), resources: [made('web-3'), half('web-1', {})], stuck };
  expect(judgeCase({ ...caseOf(request, { infrastructure: nothing }), resolved: {} }).judgement).toMatchObject({
    kind: 'denied',
    reasons: [expect.stringMatching(/there is nothing to do\. Besides, nobody can say what is left of web-1/)],
  });
});
