import { constants, existsSync, readFileSync } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import { openBlobStore } from '../../../activities/adapters/blob-store';
import { findIsolation } from '../../../activities/processes/isolation';
import { GitFailure, openMirror } from '../../../activities/adapters/git';
import { remoteUrl } from '../../../activities/adapters/git-names';
import { readTokens } from '../../../bot/tokens';
import { Refusal } from '../../errors';
import { signerOf } from '../../ledger/chain';
import { isolationWords } from '../isolation-words';
import { failed, missing, ok, type Check, type Finding } from './doctor-finding';
import { inPackage } from './package-root';
import { withFolder } from './with-folder';

const callTimeoutMs = 15_000;

export const checkRedis: Check = async ({ REDIS_URL: url }) => {
  if (url === undefined)
    return [
      missing('Redis', 'REDIS_URL is not set: nothing is kept while Temporal is away, and there may be one bot only.'),
    ];
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 3_000,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    const persistence = await redis.info('persistence');
    const policy = /maxmemory_policy:(\S+)/.exec(await redis.info('memory'))?.[1];
    return [
      ok('Redis', 'It answers.'),
      /aof_enabled:1/.test(persistence)
        ? ok('Redis persistence', 'The append-only file is on.')
        : missing(
            'Redis persistence',
            'The append-only file is off, so what is kept while Temporal is away dies with Redis; set appendonly yes.',
          ),
      ...(policy === undefined || policy === 'noeviction'
        ? []
        : [
            failed(
              'Redis memory',
              `maxmemory-policy is ${policy}, so Redis may drop what is kept; set it to noeviction.`,
            ),
          ]),
    ];
  } catch (error) {
    return [
      failed(
        'Redis',
        `It does not answer (${(error as Error).message.slice(0, 100)}); check REDIS_URL and that it runs.`,
      ),
    ];
  } finally {
    redis.disconnect();
  }
};

export const checkLedger: Check = async ({ LEDGER_REPO: url, LEDGER_REF: ref = 'refs/heads/ledger' }) =>
  url === undefined ? [] : [await withFolder((folder) => lookAtLedger(url, ref, folder))];

export const checkLedgerKey: Check = async ({ LEDGER_KEY: key }) => {
  if (key === undefined)
    return [
      missing(
        'ledger key',
        'LEDGER_KEY is not set, so each process makes its own in DATA_DIR; whoever can read that file can forge records.',
      ),
    ];
  try {
    signerOf(key);
    return [ok('ledger key', 'It is an Ed25519 private key.')];
  } catch {
    return [
      failed(
        'ledger key',
        'LEDGER_KEY is no Ed25519 private key in PEM; make one with "openssl genpkey -algorithm ed25519".',
      ),
    ];
  }
};

async function lookAtLedger(url: string, ref: string, folder: string): Promise<Finding> {
  try {
    const remote = remoteUrl(url, 'LEDGER_REPO');
    const mirror = await openMirror({ folder: join(folder, 'ledger.git'), remote, timeoutMs: callTimeoutMs });
    const tip = await mirror.remoteTip(ref.startsWith('refs/') ? ref : `refs/heads/${ref}`);
    const there = tip === undefined ? 'is still empty' : `is at ${tip.slice(0, 10)}`;
    return ok('ledger', `It can be read and ${there}; whether it may be written shows at the first record.`);
  } catch (error) {
    const why =
      error instanceof GitFailure
        ? `The ledger cannot be read (${error.words}); check LEDGER_REPO and its access.`
        : wordsOf(error);
    return failed('ledger', why);
  }
}

export const checkBlobs: Check = async ({ BLOB_STORE: location, BLOB_KEY: key }) => {
  const findings: Finding[] = [];
  if (location !== undefined)
    findings.push(await lookAtFolder({ check: 'blob store', location, setting: 'BLOB_STORE' }));
  if (key === undefined)
    return [
      ...findings,
      missing('blob key', 'BLOB_KEY is not set, so one is made beside the folder; set it to one you keep safe.'),
    ];
  try {
    await withFolder((folder) => openBlobStore({ location: join(folder, 'blobs'), key }));
    return [...findings, ok('blob key', 'It has 32 bytes.')];
  } catch (error) {
    return [...findings, failed('blob key', wordsOf(error))];
  }
};

/** Whether a folder of a setting can be written, or made where it is not there yet. */
export async function lookAtFolder(about: {
  readonly check: string;
  readonly location: string;
  readonly setting: string;
}): Promise<Finding> {
  const { check, location, setting } = about;
  if (/^[a-z0-9+.-]+:\/\//i.test(location)) return failed(check, `${setting} is a URL; give the path of a folder.`);
  const folder = resolve(location);
  const found = await stat(folder).catch(() => undefined);
  if (found && !found.isDirectory()) return failed(check, `${folder} is not a folder; set ${setting} to one.`);
  let near = folder;
  while (!existsSync(near) && dirname(near) !== near) near = dirname(near);
  const writable = await access(near, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!writable) return failed(check, `${near} cannot be written by this user; change its owner or ${setting}.`);
  return ok(check, found ? `${folder} can be written.` : `${folder} will be made at the first start.`);
}

export const checkIsolation: Check = async () => {
  const { isWhole, sentence } = isolationWords(findIsolation());
  return [(isWhole ? ok : missing)('isolation of steps', sentence)];
};

export const checkTokens: Check = async ({ TOKENS_FILE: file }) => {
  if (file === undefined)
    return [missing('tokens', 'TOKENS_FILE is not set, so the command line and webhooks are turned away.')];
  try {
    readTokens(readFileSync(file, 'utf8'));
    return [ok('tokens', 'The file can be used.')];
  } catch (error) {
    return [failed('tokens', error instanceof Refusal ? error.message : 'TOKENS_FILE cannot be read, or is not YAML.')];
  }
};

export const checkBundle: Check = async () => {
  const bundle = inPackage('dist/workflow-bundle.js');
  return existsSync(bundle)
    ? [ok('workflow bundle', 'It is built.')]
    : [failed('workflow bundle', 'dist/workflow-bundle.js is missing; run "npm run build".')];
};

export const checkBot: Check = async ({ SIGNALBOX_URL: url }) => {
  if (url === undefined)
    return [missing('bot', 'SIGNALBOX_URL is not set; the command line needs it to ask for something.')];
  try {
    const answer = await fetch(new URL('readyz', url.endsWith('/') ? url : `${url}/`), {
      signal: AbortSignal.timeout(5_000),
    });
    const text = (await answer.text()).trim().split('\n')[0]?.slice(0, 200);
    return answer.ok ? [ok('bot', 'It runs and is ready.')] : [missing('bot', `It runs and is not ready: ${text}`)];
  } catch {
    return [missing('bot', `Nothing answers at ${url}; that is well as long as it is not started.`)];
  }
};

function wordsOf(error: unknown): string {
  return error instanceof Refusal
    ? error.message
    : `It could not be looked at (${(error as Error).message.split('\n')[0]}).`;
}
