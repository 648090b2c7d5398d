import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openBlobStore } from '../../activities/adapters/blob-store';
import { sha256 } from '../../src/canonical';

const key = 'ab'.repeat(32);
const folder = (): string => mkdtempSync(join(tmpdir(), 'signalbox-blobs-'));
const pathOf = (location: string, digest: string): string => join(location, digest.slice(0, 2), digest.slice(2));

test('what was kept comes back under its hash, and lies encrypted on disk', async () => {
  const location = folder();
  const store = await openBlobStore({ location, key });

  const digest = await store.put('a plan with a secret word');

  expect(digest).toBe(sha256('a plan with a secret word'));
  expect((await store.get(digest)).toString()).toBe('a plan with a secret word');
  expect(readFileSync(pathOf(location, digest)).includes('secret word')).toBe(false);
});

test('keeping the same twice is one file, also at once', async () => {
  const location = folder();
  const store = await openBlobStore({ location, key });

  const digests = await Promise.all(Array.from({ length: 20 }, () => store.put('the same')));

  expect(new Set(digests).size).toBe(1);
  expect(readdirSync(join(location, digests[0]!.slice(0, 2)))).toHaveLength(1);
});

test('an altered blob, one moved to another address and one of another key do not open', async () => {
  const location = folder();
  const store = await openBlobStore({ location, key });
  const [first, second] = [await store.put('first'), await store.put('second')];

  const other = await openBlobStore({ location, key: 'cd'.repeat(32) });
  await expect(other.get(first)).rejects.toThrow('another BLOB_KEY');
  mkdirSync(join(location, first.slice(0, 2)), { recursive: true });
  renameSync(pathOf(location, second), pathOf(location, first));
  await expect(store.get(first)).rejects.toThrow();
  const path = pathOf(location, first);
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
  await expect(store.get(first)).rejects.toThrow();
});

test('an address is hex and nothing else, so no path leaves the folder', async () => {
  const store = await openBlobStore({ location: folder(), key });

  await expect(store.get('../../etc/passwd')).rejects.toThrow('64 hex digits');
});

test('without a key it makes one, says where, and finds it again', async () => {
  const location = folder();
  const store = await openBlobStore({ location });
  const digest = await store.put('x');

  expect(store.keyNote).toContain('BLOB_KEY');
  expect((await (await openBlobStore({ location })).get(digest)).toString()).toBe('x');
});

test.each(['s3://bucket/prefix', 'https://example.com/x'])('%s is refused in words', async (location) => {
  await expect(openBlobStore({ location })).rejects.toThrow('must be the path of a folder');
});

test('sweeping removes what is older and keeps the key', async () => {
  const location = folder();
  const store = await openBlobStore({ location });
  const digest = await store.put('old');

  expect(await store.sweep({ before: new Date(Date.now() + 1_000) })).toBe(1);
  expect(await store.has(digest)).toBe(false);
  expect(readdirSync(location)).toContain('.blob-key');
});

/** A file that was last written long ago. */
function oldFile(...path: readonly string[]): string {
  const file = join(...path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'x');
  utimesSync(file, 0, 0);
  return file;
}

/** A time that has something happen whenever a file is compared with it: between a look and what follows. */
class Meanwhile extends Date {
  constructor(private readonly happens: () => void) {
    super(Date.now() - 60_000);
  }

  override getTime(): number {
    this.happens();
    return super.getTime();
  }
}

test('sweeping removes bodies and what is left of their writing, and nothing of others in the same folder', async () => {
  const location = folder();
  const store = await openBlobStore({ location, key });
  const digest = 'ab'.repeat(32);
  const ours = [pathOf(location, digest), `${pathOf(location, digest)}.0123456789ab.tmp`];
  for (const file of ours) oldFile(file);
  const theirs = [
    ['ledger-key.pem'],
    ['logs', 'deploy-x-1', 'one.do.1.log'],
    ['logs', 'ab', 'cd'.repeat(31)],
    ['policy.git', 'objects', 'ab', 'c'.repeat(38)],
    ['ab', 'notes'],
    ['ab', 'deeper', 'cd'.repeat(31)],
    ['abc', 'cd'.repeat(31)],
    ['cd'.repeat(31)],
  ].map((path) => oldFile(location, ...path));
  expect(await store.sweep({ before: new Date() })).toBe(2);
  expect(ours.filter(existsSync)).toEqual([]);
  expect(theirs.filter((file) => !existsSync(file))).toEqual([]);
});

test('what is asked for or kept just while it is being removed stays', async () => {
  const location = folder();
  const store = await openBlobStore({ location, key });
  const digest = await store.put('needed after all');
  const path = pathOf(location, digest);
  utimesSync(path, 0, 0);
  const before = new Meanwhile(() => existsSync(path) && utimesSync(path, new Date(), new Date()));
  expect(await store.sweep({ before })).toBe(0);
  expect((await store.get(digest)).toString()).toBe('needed after all');
  expect(readdirSync(dirname(path))).toEqual([digest.slice(2)]);
});

test('what goes into its place or is removed by another during a sweep does not end the sweep', async () => {
  const location = folder();
  const store = await openBlobStore({ location, key });
  const names = ['11', '22', '33'].map((part) => part.repeat(31));
  const files = names.map((name) => oldFile(location, 'ab', name));
  let looks = 0;
  // Whichever is looked at first, the others go.
  const before = new Meanwhile(() => (looks += 1) === 2 && files.forEach((file) => rmSync(file, { force: true })));
  expect(await store.sweep({ before })).toBe(1);
  expect(readdirSync(join(location, 'ab'))).toEqual([]);
});

test('keeping something again starts its retention anew and mends a damaged copy', async () => {
  const location = folder();
  const store = await openBlobStore({ location, key });
  const digest = await store.put('kept twice');
  utimesSync(pathOf(location, digest), new Date(0), new Date(0));
  await store.put('kept twice');
  expect(await store.sweep({ before: new Date(Date.now() - 60_000) })).toBe(0);

  writeFileSync(pathOf(location, digest), 'half a f');
  await store.put('kept twice');
  expect((await store.get(digest)).toString()).toBe('kept twice');
});

test('processes that start at once agree on the key that is made', async () => {
  const location = folder();
  const stores = await Promise.all(Array.from({ length: 8 }, () => openBlobStore({ location })));
  const digest = await stores[0]!.put('shared');
  for (const store of stores) expect((await store.get(digest)).toString()).toBe('shared');
  expect(readdirSync(location).filter((name) => name.startsWith('.blob-key'))).toEqual(['.blob-key']);
});
