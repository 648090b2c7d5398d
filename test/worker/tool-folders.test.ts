import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBlobStore, type BlobStore } from '../../activities/adapters/blob-store';
import { openPolicyRepository, type PolicyRepository } from '../../activities/adapters/policy-repository';
import { unpackBody } from '../../activities/steps/packed-body';
import { createFolderPacker, type FolderPacker } from '../../activities/worker/tool-folders';
import type { PackedFolder } from '../../src/operation/plan';
import { makeRepository, type Files, type TestRepository } from '../helpers/git-repository';

let remote: TestRepository;
let mirror: PolicyRepository;
let blobs: BlobStore;
let packer: FolderPacker;

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-folders-'));
  remote = await makeRepository({ files: { 'README.md': 'one\n' } });
  mirror = openPolicyRepository({ url: remote.url, ref: 'main', dataDir: folder, now: Date.now });
  blobs = await openBlobStore({ location: join(folder, 'blobs'), key: 'ab'.repeat(32) });
  packer = createFolderPacker({ mirror, blobs });
});
afterAll(() => mirror.close());

async function packed(files: Files, folder = 'playbooks') {
  const commit = await remote.commit(files);
  await mirror.fetch();
  return (await packer.pack({ commit, folders: [folder] }))[folder]!;
}

test('a folder is packed with every file below it, byte for byte, and programs stay programs', async () => {
  const binary = Buffer.from([0, 255, 10, 128]);
  const found = (await packed({
    'playbooks/site.yml': '- hosts: all\n',
    'playbooks/roles/web/files/logo.bin': binary,
    'playbooks/hook.sh': { mode: '100755', content: '#!/bin/sh\n' },
  })) as PackedFolder;
  expect(found).toMatchObject({ tree: expect.stringMatching(/^[0-9a-f]{40}$/), files: 3 });
  const files = unpackBody((await blobs.get(found.digest)).toString('utf8'));
  expect(files.map(({ path, isProgram, body }) => [path, isProgram, body.toString('hex')])).toEqual([
    ['hook.sh', true, Buffer.from('#!/bin/sh\n').toString('hex')],
    ['roles/web/files/logo.bin', false, binary.toString('hex')],
    ['site.yml', false, Buffer.from('- hosts: all\n').toString('hex')],
  ]);
});

test('what is the same at a later commit has the same address, and one byte more has another', async () => {
  const before = await packed({ 'playbooks/site.yml': '- hosts: all\n' });
  expect(await packed({ 'README.md': 'two\n' })).toEqual(before);
  const after = await packed({ 'playbooks/site.yml': '- hosts: all \n' });
  expect((after as PackedFolder).digest).not.toBe((before as PackedFolder).digest);
});

test('a folder whose packed body was lost is packed again', async () => {
  const before = (await packed({ 'lost/site.yml': 'x\n' }, 'lost')) as PackedFolder;
  await blobs.sweep({ before: new Date(Date.now() + 60_000) });
  expect(await blobs.has(before.digest)).toBe(false);
  expect(await packed({ 'README.md': 'three\n' }, 'lost')).toEqual(before);
  expect(await blobs.has(before.digest)).toBe(true);
});

test.each<[string, Files, string, RegExp]>([
  ['does not exist', {}, 'nowhere', /nowhere .* does not exist at [0-9a-f]{10}; add it/],
  ['is a file', { 'file/site.yml': 'x' }, 'file/site.yml', /does not exist/],
  ['holds a link', { 'link/a/b': { mode: '120000', content: '/etc/passwd' } }, 'link', /symbolic link a\/b/],
  ['holds a submodule', { 'sub/lib': { submodule: 'a'.repeat(40) } }, 'sub', /submodule lib/],
  ['is too large', { 'large/x': Buffer.alloc(33 * 1024 * 1024) }, 'large', /33 MiB.*at most 32 MiB/],
])('a folder that %s is refused in a sentence', async (_, files, folder, sentence) => {
  expect(await packed(files, folder)).toEqual({ problem: expect.stringMatching(sentence) });
});
