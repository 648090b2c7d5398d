import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '../..');

/** A folder with nothing but the scripts and a lock file, and an `npm` that only empties what it is pointed at. */
function clone(): { readonly folder: string; readonly env: NodeJS.ProcessEnv } {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-setup-'));
  cpSync(join(root, 'scripts/lib'), join(folder, 'scripts/lib'), { recursive: true });
  writeFileSync(join(folder, 'package-lock.json'), '{}');
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/npm'), '#!/bin/sh\nrm -rf node_modules/*\n', { mode: 0o755 });
  return { folder, env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` } };
}

const script = `
  import { ensurePackages } from './scripts/lib/setup.mjs';
  import { main } from './scripts/lib/say.mjs';
  await main(() => ensurePackages());
`;

test('packages are never installed through a link into another folder', () => {
  const { folder, env } = clone();
  const elsewhere = mkdtempSync(join(tmpdir(), 'signalbox-elsewhere-'));
  writeFileSync(join(elsewhere, 'precious'), 'kept');
  symlinkSync(elsewhere, join(folder, 'node_modules'));

  const result = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });

  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(/node_modules is a link to another folder.*remove the link/s);
  expect(existsSync(join(elsewhere, 'precious'))).toBe(true);
});

test('packages that fit the lock file are left alone, and others are installed anew', () => {
  const { folder, env } = clone();
  const packages = join(folder, 'node_modules');
  mkdirSync(packages);
  const install = () =>
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: folder, env, encoding: 'utf8' });
  writeFileSync(join(packages, '.package-lock.json'), '{}');
  writeFileSync(join(packages, 'one'), '');

  expect(install()).toBe('');
  expect(existsSync(join(packages, 'one'))).toBe(true);

  const old = new Date(0);
  utimesSync(join(packages, '.package-lock.json'), old, old);
  expect(install()).toContain('Installing npm packages');
  expect(existsSync(join(packages, 'one'))).toBe(false);
});
