import { z } from 'zod';
import { secretReference } from '../../src/connections/schema';
import type { StepKindSpec } from '../../src/runbooks/step-kind';
import { isToolFolder, packedFolders, toolFoldersIn } from '../../src/runbooks/tool-folders';

const tool: StepKindSpec = {
  name: 'tool/run',
  doc: 'Runs a tool.',
  with: z.strictObject({ folder: z.string() }),
  tells: [],
  readOnly: () => false,
  repeat: () => 'safe',
  timeoutMs: 1_000,
  folders: (given) => [String(given.folder)],
};
const kindOf = (name: string) => (name === tool.name ? tool : undefined);

test('folders of steps, of what is nested in them and of undos are found, each once', () => {
  const call = (folder: string) => ({ uses: 'tool/run', with: { folder } });
  const runbook = {
    steps: [
      call('b'),
      { uses: 'wait', with: { folder: 'not-one' } },
      { uses: 'foreach', steps: [{ ...call('c/d'), undo: call('a') }, call('b')] },
    ],
  };
  expect(toolFoldersIn(runbook, kindOf)).toEqual(['a', 'b', 'c/d']);
});

test('folders of files that secrets lie in are found wherever a reference stands, and nothing else is', () => {
  const plan = {
    connections: { api: { auth: { bearer: { sops: 'secrets/api.yaml', key: 'token' } } } },
    steps: [
      { uses: 'kubectl/rollout', with: { kubeconfig: { sops: 'secrets/deep/kube.json', key: 'config' } } },
      { uses: 'http/request', with: { json: { sops: 'a text/of somebody', key: 'x' } } },
      { uses: 'http/request', with: { json: { sops: 'b/c.yaml', key: 'x', more: true } } },
    ],
  };
  expect(toolFoldersIn(plan, kindOf)).toEqual(['secrets', 'secrets/deep']);
});

test.each([
  ['secrets/shop.yaml', 'database.password', true],
  ['secrets/a-b/shop.json', 'token', true],
  ['shop.yaml', 'token', false],
  ['secrets/../../etc/x.yaml', 'token', false],
  ['/etc/x.yaml', 'token', false],
  ['-secrets/x.yaml', 'token', false],
  ['secrets/.hidden.yaml', 'token', false],
  ['secrets/shop.env', 'token', false],
  ['secrets/shop.yaml', '["a"]["b"]', false],
  ['secrets/shop.yaml', '--extract', true],
  ['secrets/shop.yaml', 'a..b', false],
  ['secrets/shop.yaml', '', false],
])('a secret in %j at %j may be meant: %s', (sops, key, may) =>
  expect(secretReference.safeParse({ sops, key }).success).toBe(may),
);

test('a plan carries what was packed and says what was not', () => {
  const one = { tree: 't', digest: 'd', files: 1, bytes: 2 };
  expect(packedFolders(['a', 'b', 'c'], { a: one, b: { problem: 'The folder b is not there.' } })).toEqual({
    trees: { a: one },
    problems: ['The folder b is not there.', expect.stringContaining('c of the policy repository was not looked up')],
  });
});

test.each([
  ['playbooks', true],
  ['k8s/node-1/base', true],
  ['', false],
  ['/etc', false],
  ['a/../b', false],
  ['a//b', false],
  ['a/', false],
  ['.git', false],
  ['-x', false],
  ['a/-x', false],
  ['a b', false],
  ['a\nb', false],
  ['a\0b', false],
  ['x'.repeat(201), false],
])('%j as a folder: %s', (path, is) => expect(isToolFolder(path)).toBe(is));
