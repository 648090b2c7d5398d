import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Refusal } from '../../src/errors';
import { allowedSigners, type Signer } from '../../src/policy/signers';
import type { Mirror } from './git';
import { objectId } from './git-names';
import { GitFailure } from './git-process';
import { readObjects } from './git-objects';

/** The commit that does not count, and why, in words that continue "commit 1234567890 …". */
export interface SignatureFinding {
  readonly commit: string;
  readonly why: string;
}

export interface SignedRange {
  /** Not itself in the range; absent: `to` is all there is to it. */
  readonly from?: string;
  readonly to: string;
  readonly signers: readonly Signer[];
}

/** Commits between two policies that are verified at once. */
const maxRange = 5000;
/** Commits given to one Git process; with more, the command line gets too long. */
const atOnce = 100;

/** The same as `findUnsigned` for all that is reachable from `to` and not from `from`, whichever parents lead there. */
export async function findUnsignedIn(
  mirror: Mirror,
  { from, to, signers }: SignedRange,
): Promise<SignatureFinding | undefined> {
  if (from === undefined) return findUnsigned(mirror, { commits: [objectId(to)], signers });
  const options = ['rev-list', '--reverse', '--topo-order', `--max-count=${maxRange + 1}`];
  const commits = linesOf(await mirror.local([...options, objectId(to), `^${objectId(from)}`, '--']));
  if (commits.length > maxRange)
    return { commit: to, why: `has more than ${maxRange} commits since the last accepted one` };
  return findUnsigned(mirror, { commits, signers });
}

/** Commits on the first-parent line between two that touch a file, oldest first. */
export async function firstParents(
  mirror: Mirror,
  { from, to, path }: { readonly from: string; readonly to: string; readonly path: string },
): Promise<readonly string[]> {
  const options = ['rev-list', '--reverse', '--first-parent', `--max-count=${maxRange}`];
  return linesOf(await mirror.local([...options, objectId(to), `^${objectId(from)}`, '--', `:(literal)${path}`]));
}

function linesOf(out: Buffer): readonly string[] {
  return out.toString('latin1').split('\n').filter(Boolean);
}

/**
 * The first of some commits that none of the signers signed; undefined when each is signed. Git itself verifies, with
 * our list of keys and nobody's configuration. Throws `Refusal` when nothing can be verified on this machine.
 */
async function findUnsigned(
  mirror: Mirror,
  { commits, signers }: { readonly commits: readonly string[]; readonly signers: readonly Signer[] },
): Promise<SignatureFinding | undefined> {
  const file = join(mirror.folder, `signalbox-signers-${randomUUID()}`);
  await writeFile(file, allowedSigners(signers), { mode: 0o600 });
  try {
    for (let at = 0; at < commits.length; at += atOnce) {
      const part = commits.slice(at, at + atOnce);
      // Most of the time all are well, and one process says so.
      if ((await failureOf(mirror, { file, commits: part })) === undefined) continue;
      const found = await firstOf(mirror, { file, commits: part });
      if (found) return found;
    }
    return undefined;
  } finally {
    await rm(file, { force: true });
  }
}

async function firstOf(
  mirror: Mirror,
  { file, commits }: { readonly file: string; readonly commits: readonly string[] },
): Promise<SignatureFinding | undefined> {
  const bodies = await readObjects(mirror, commits);
  for (const commit of commits) {
    const kind = signatureOf(bodies.get(commit));
    if (kind !== 'ssh') return { commit, why: kind };
    const words = await failureOf(mirror, { file, commits: [commit] });
    if (words !== undefined) return { commit, why: whyNot(words) };
  }
  return undefined;
}

/** What Git says against commits; undefined when all are signed by an allowed key. */
async function failureOf(
  mirror: Mirror,
  { file, commits }: { readonly file: string; readonly commits: readonly string[] },
): Promise<string | undefined> {
  const settings = {
    'gpg.ssh.allowedSignersFile': file,
    'gpg.ssh.program': 'ssh-keygen',
    'gpg.ssh.revocationFile': '/dev/null',
    'gpg.minTrustLevel': 'fully',
    // Only keys that are listed count: a keyring of the machine must not.
    'gpg.program': 'false',
    'gpg.x509.program': 'false',
  };
  const given = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  try {
    await mirror.local([...given, 'verify-commit', '--raw', '--end-of-options', ...commits]);
    return undefined;
  } catch (error) {
    if (!(error instanceof GitFailure) || error.kind === 'timeout') throw error;
    if (/cannot run ssh-keygen|cannot exec 'ssh-keygen|verify\/find-principals option/.test(error.words))
      throw new Refusal(
        'policy_unreachable',
        'Signatures of policy commits cannot be verified, because ssh-keygen (OpenSSH 8.2 or later) is not installed where Signalbox runs; whoever runs it has to install OpenSSH.',
      );
    return error.words;
  }
}

function signatureOf(body: Buffer | undefined): string {
  const text = body?.toString('latin1') ?? '';
  const head = text.slice(0, Math.max(0, text.indexOf('\n\n')));
  const signature = /^gpgsig(?:-sha256)? (.*)$/m.exec(head)?.[1];
  if (signature === undefined) return 'is not signed';
  if (signature === '-----BEGIN SSH SIGNATURE-----') return 'ssh';
  return 'is signed with GPG or X.509, and only ssh keys count';
}

function whyNot(words: string): string {
  const key = /Good "git" signature .*?(SHA256:[A-Za-z0-9+/]+)/.exec(words)?.[1];
  return key === undefined
    ? 'has a signature that does not fit what it holds'
    : `is signed by a key that is not allowed (${key})`;
}
