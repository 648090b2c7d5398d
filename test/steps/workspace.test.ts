import { mkdirSync, mkdtempSync, existsSync, readFileSync, statSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonical } from '../../src/canonical';
import { packBody } from '../../activities/steps/packed-body';
import { makeWorkspace, removeAbandoned } from '../../activities/steps/workspace';

const place = (): string => join(mkdtempSync(join(tmpdir(), 'signalbox-work-')), 'work');
const body = packBody([
  { path: 'site.yml', isProgram: false, body: Buffer.from('- hosts: all\n') },
  { path: 'bin/hook', isProgram: true, body: Buffer.from('#!/bin/sh\n') },
]);
const trees = { 'ops/playbooks': { tree: 't', digest: 'd', files: 2, bytes: 23 } };
const made = (at: string, packed: unknown = body) =>
  makeWorkspace({ place: at, trees, readBlob: async () => Buffer.from(canonical(packed)) });

test('an attempt gets a folder of its own that nobody else can look into, with the files that were approved', async () => {
  const at = place();
  const [one, two] = [await made(at), await made(at)];
  expect(one.root).not.toBe(two.root);
  expect(statSync(one.root).mode & 0o777).toBe(0o700);
  expect(readFileSync(join(one.folder('ops/playbooks'), 'site.yml'), 'utf8')).toBe('- hosts: all\n');
  expect(statSync(join(one.folder('ops/playbooks'), 'bin/hook')).mode & 0o777).toBe(0o700);
  expect(statSync(await one.write('vars.json', '{}')).mode & 0o777).toBe(0o600);
  expect(readdirSync(one.home)).toEqual([]);
  await one.remove();
  expect(existsSync(one.root)).toBe(false);
  expect(existsSync(two.root)).toBe(true);
});

test('a folder inside of another one is there once, and can be had by its own name as well', async () => {
  const file = (path: string) => ({ path, isProgram: false, body: Buffer.from(`${path}\n`) });
  const bodies = {
    outer: packBody([file('site.yml'), file('group_vars/s.yaml')]),
    inner: packBody([file('s.yaml')]),
    beside: packBody([file('s.yaml')]),
  };
  const packed = (digest: keyof typeof bodies) => ({ tree: 't', digest, files: 1, bytes: 1 });
  const one = await makeWorkspace({
    place: place(),
    trees: {
      'ansible/group_vars': packed('inner'),
      ansible: packed('outer'),
      'ansible-more': packed('beside'),
    },
    readBlob: async (digest) => Buffer.from(canonical(bodies[digest as keyof typeof bodies])),
  });
  expect(readdirSync(one.folder('ansible'))).toEqual(['group_vars', 'site.yml']);
  expect(readdirSync(one.folder('ansible/group_vars'))).toEqual(['s.yaml']);
  expect(readdirSync(one.folder('ansible-more'))).toEqual(['s.yaml']);
});

test('a folder that is not a part of the plan cannot be had', async () => {
  const one = await made(place());
  expect(() => one.folder('ops')).toThrow(/no folder ops/);
  expect(() => one.folder('constructor')).toThrow(/no folder constructor/);
});

test.each(['../x', '/etc/x', 'a/../../x', '.git/config', 'a\\b', ''])(
  'a packed path %j leaves nothing behind',
  async (path) => {
    const at = place();
    const bad = { format: 1, files: [{ path, mode: '100644', base64: 'eA==' }] };
    await expect(made(at, bad)).rejects.toThrow(/packed folder holds/);
    expect(readdirSync(at)).toEqual([]);
  },
);

test.each(['../x', 'a/b', '.x', '-x', ''])('a file cannot be called %j', async (name) => {
  const one = await made(place());
  await expect(one.write(name, '')).rejects.toThrow(/no plain name/);
});

test('what a killed process has left is cleared away, and what lives stays', async () => {
  const at = place();
  const living = await made(at);
  mkdirSync(join(at, '999999999-1-0123456789abcdef'));
  mkdirSync(join(at, `${process.pid}-1-0123456789abcdef`));
  mkdirSync(join(at, 'something-else'));
  expect(await removeAbandoned(at)).toBe(2);
  expect(existsSync(living.root)).toBe(true);
  expect(existsSync(join(at, 'something-else'))).toBe(true);
});
