import { mkdtempSync, readFileSync, readdirSync, renameSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
