import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Signer } from '../../src/policy/signers';
import { withFileLock } from './git-lock';
import { isObjectId, objectId } from './git-names';

/** A commit whose policy came into force. */
export interface AcceptedCommit {
  readonly commit: string;
  /** Whether signatures lead to it from a commit that a key of `POLICY_SIGNERS` signed. */
  readonly anchored: boolean;
  /** Keys that its policy wants of newer commits. Kept beside it, so that a lost mirror does not forget them. */
  readonly signers?: readonly Signer[];
}

/** The accepted commit of one ref in one small file that processes share. What is accepted only moves by comparison. */
export class AcceptedStore {
  constructor(private readonly at: { readonly file: string; readonly ref: string }) {}

  async read(): Promise<AcceptedCommit | undefined> {
    try {
      const kept = JSON.parse(await readFile(this.at.file, 'utf8')) as AcceptedCommit & { readonly ref: string };
      const { ref, ...accepted } = kept;
      return ref === this.at.ref && isObjectId(accepted.commit) ? accepted : undefined;
    } catch {
      return undefined;
    }
  }

  /** Keeps `next`, unless somebody has kept something else since `before` was read. Answers what is kept then. */
  async move(next: AcceptedCommit, before: AcceptedCommit | undefined): Promise<AcceptedCommit> {
    const { file, ref } = this.at;
    // Held for two small files only, so whoever holds it for longer is gone.
    return withFileLock({ file: `${file}.lock`, waitMs: 5000, staleMs: 10_000 }, async () => {
      const now = await this.read();
      if (now && now.commit !== before?.commit) return now;
      const { commit, anchored, signers } = next;
      await writeAside(file, JSON.stringify({ ref, commit: objectId(commit), anchored, signers }));
      return next;
    });
  }
}

/** Writes a file so that nobody ever reads half of it. */
export async function writeAside(file: string, text: string): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  await writeFile(aside, text, { mode: 0o600 });
  await rename(aside, file);
}
