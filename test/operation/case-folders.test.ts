import { formatProblem } from '../../src/documents/read-yaml';
import { foldersOf } from '../../src/operation/case-work';
import { readRepository } from '../../src/policy/read-repository';
import { head, tuesday } from '../policy/helpers';
import { requestOf } from '../runbooks/request';

const connection = (auth: string): string =>
  `connection: { name: api, kind: http, origin: https://api.example.com, auth: { bearer: ${auth} } }\n`;
const files = {
  'policy.yaml': `${head}environments: { production: {} }\nhandlers: [{ for: deploy, runbook: deploy }]\n`,
  'configs/services/web.yaml': 'service: { name: web, owner: security }\n',
  'runbooks/deploy.yaml':
    'name: deploy\nsteps: [{ id: a, uses: http/request, with: { connection: api, path: /x, method: PUT }, undo: none }]\n',
};

function foldersWith(auth: string): readonly string[] {
  const all = { ...files, 'connections/api.yaml': connection(auth) };
  const read = readRepository({
    files: new Map(Object.entries(all).map(([path, text]) => [path, { text, blob: path }])),
    commit: 'c0ffee',
  });
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'));
  const request = { ...requestOf(), kind: 'deploy', service: 'web', environment: 'production', version: 'v2' } as const;
  return foldersOf({
    request,
    asker: { standing: 'member', groups: [] },
    repository: read.repository,
    history: [],
    now: tuesday,
    resolved: {},
  });
}

test('the folder that a secret of a connection lies in is looked up, even where no step names a folder', () => {
  expect(foldersWith('{ env: TOKEN }')).toEqual([]);
  expect(foldersWith('{ sops: secrets/api.yaml, key: token }')).toEqual(['secrets']);
});
