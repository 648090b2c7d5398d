import { Refusal } from '../../src/errors';
import type { Repository } from '../../src/policy/read-repository';
import { shortCommit } from '../../src/policy/short-commit';
import type { Signer } from '../../src/policy/signers';
import type { AcceptedCommit } from '../adapters/accepted-commit';
import type { SignatureFinding } from '../adapters/git-signatures';
import { unapproved } from './policy-approval';
import type { Reading } from './policy-reading';

/** What a commit has to pass before it binds, as the mirror tells it. */
export interface BindingMirror {
  relation(range: { readonly from: string; readonly to: string }): Promise<'follows' | 'precedes' | 'unrelated'>;
  findUnsigned(range: {
    readonly from?: string;
    readonly to: string;
    readonly signers: readonly Signer[];
  }): Promise<SignatureFinding | undefined>;
  stepsBetween(range: {
    readonly from: string;
    readonly to: string;
    readonly path: string;
  }): Promise<readonly string[]>;
  /** Paths that differ between two commits. */
  changedPaths(range: { readonly from?: string; readonly to: string }): Promise<readonly string[]>;
  accepted(): Promise<AcceptedCommit | undefined>;
  accept(next: AcceptedCommit, before: AcceptedCommit | undefined): Promise<AcceptedCommit>;
}

/** A newer commit that does not bind. */
export interface RefusedCommit {
  readonly commit: string;
  /**
   * `unusable`: it cannot be read, or fails its own tests; `untrusted`: rewritten, older, or not signed as it has to be;
   * `unapproved`: nothing is wrong with it, but people have to approve it first.
   */
  readonly because: 'unusable' | 'untrusted' | 'unapproved';
  /** In words that continue a sentence. */
  readonly why: string;
}

/** Which commit is in force, and why a newer one is not. */
export interface Bound {
  readonly inForce?: { readonly commit: string; readonly repository: Repository };
  readonly refused?: RefusedCommit;
  /** Something about the commit in force itself that people should know. */
  readonly concern?: string;
  /** The same question may get another answer: it could not be settled whether the head is to be trusted. */
  readonly isOpen?: true;
}

export interface BindingDeps {
  readonly mirror: BindingMirror;
  /** Keys of whoever runs Signalbox: they anchor the first commit, and always count. */
  readonly trusted?: readonly Signer[];
  /** The newest policy commit that people approved; throws when nobody can tell. Absent: none has to be. */
  readonly approved?: () => Promise<string | undefined>;
  /** Reads a commit and runs its own tests. */
  readonly read: (commit: string) => Promise<Reading>;
}

/** How often another process may have moved on before we go by what it left. */
const rounds = 3;

/**
 * Decides whether the newest commit binds, and keeps it if it does. Where signatures are asked for, it has to follow
 * the last accepted commit and everything in between has to be signed by keys that were allowed before it came.
 */
export async function bind(deps: BindingDeps, head: string): Promise<Bound> {
  for (let round = 1; ; round++) {
    const accepted = await deps.mirror.accepted();
    const outcome = await judge(deps, { head, accepted }).catch((error: unknown): Outcome => {
      // What cannot be verified does not bind; what was accepted before stays.
      if (!(error instanceof Refusal)) throw error;
      const why = `it cannot be verified. ${error.message}`;
      return { kind: 'stay', accepted, refused: { commit: head, because: 'untrusted', why }, isOpen: true };
    });
    if (outcome.kind === 'stay') return stay(deps, outcome);
    const { next, before, repository } = outcome;
    const kept = isEqual(next, before) ? next : await deps.mirror.accept(next, before);
    if (kept.commit === head) return { inForce: { commit: head, repository }, concern: outcome.concern };
    if (round === rounds) return stay(deps, { accepted: kept });
  }
}

type Outcome =
  | {
      readonly kind: 'move';
      readonly next: AcceptedCommit;
      readonly before: AcceptedCommit | undefined;
      readonly repository: Repository;
      readonly concern?: string;
    }
  | {
      readonly kind: 'stay';
      readonly accepted: AcceptedCommit | undefined;
      readonly refused: RefusedCommit;
      readonly isOpen?: true;
    };

interface Position {
  readonly head: string;
  readonly accepted: AcceptedCommit | undefined;
}

async function judge(deps: BindingDeps, start: Position): Promise<Outcome> {
  const { head } = start;
  const isSame = start.accepted?.commit === head;
  const { accepted, finding, anchored } = await verified(deps, start);
  if (finding && !isSame)
    return { kind: 'stay', accepted, refused: { commit: head, because: 'untrusted', why: finding } };
  const reading = await deps.read(head);
  if (!reading.ok || (!isSame && reading.failedTest !== undefined)) {
    const why = reading.ok ? reading.failedTest! : reading.problem;
    return { kind: 'stay', accepted, refused: { commit: head, because: 'unusable', why } };
  }
  const { repository } = reading;
  const held = isSame ? undefined : await unapproved(deps, { head, accepted });
  if (held) return { kind: 'stay', ...held, isOpen: true };
  const next = { commit: head, anchored, signers: repository.policy.signers };
  // What binds already goes on, but people who wait for a reason should find it.
  const concern = finding ?? reading.failedTest;
  return { kind: 'move', next, before: accepted, repository, ...(concern === undefined ? {} : { concern }) };
}

/** Keys that count for what comes after the accepted commit; undefined when nobody asks for signatures. */
function wantedOf({ trusted }: BindingDeps, accepted: AcceptedCommit | undefined): readonly Signer[] | undefined {
  if (trusted === undefined && accepted?.signers === undefined) return undefined;
  return [...(trusted ?? []), ...(accepted?.signers ?? [])];
}

interface Verified {
  /** How far we got on the way to the head. */
  readonly accepted: AcceptedCommit | undefined;
  readonly anchored: boolean;
  /** Why the head is not to be trusted. */
  readonly finding?: string;
}

async function verified(deps: BindingDeps, { head, accepted }: Position): Promise<Verified> {
  const { mirror, trusted } = deps;
  if (wantedOf(deps, accepted) === undefined) return { accepted, anchored: false };
  if (trusted !== undefined && !accepted?.anchored) {
    const unsigned = await mirror.findUnsigned({ to: head, signers: trusted });
    const finding =
      unsigned && `${wordsOf(unsigned, head)}, and only what a key of POLICY_SIGNERS signed can come first`;
    return { accepted, anchored: !unsigned, ...(finding ? { finding } : {}) };
  }
  const from = accepted!;
  const { anchored } = from;
  if (from.commit === head) return { accepted, anchored };
  const relation = await mirror.relation({ from: from.commit, to: head });
  if (relation === 'precedes')
    return { accepted, anchored, finding: `it is older than ${shortCommit(from.commit)}, which was accepted before` };
  if (relation === 'unrelated') {
    const finding = `it does not follow ${shortCommit(from.commit)}, the last accepted commit, so history was rewritten`;
    return { accepted, anchored, finding };
  }
  return walk(deps, { head, accepted: from });
}

/**
 * Goes from one change of the keys to the next, so that what counts does not depend on when we happened to look: a key
 * that an accepted commit took away is gone for the commit after it, even if both came in one push.
 */
async function walk(
  deps: BindingDeps,
  start: { readonly head: string; readonly accepted: AcceptedCommit },
): Promise<Verified> {
  const { mirror, read } = deps;
  const { head } = start;
  const { anchored } = start.accepted;
  let { accepted } = start;
  for (const step of await mirror.stepsBetween({ from: accepted.commit, to: head, path: 'policy.yaml' })) {
    if ((await mirror.relation({ from: accepted.commit, to: step })) !== 'follows') continue;
    const signers = wantedOf(deps, accepted);
    if (signers && (await mirror.findUnsigned({ from: accepted.commit, to: step, signers }))) break;
    const reading = await read(step);
    if (!reading.ok || reading.failedTest !== undefined) continue;
    if (JSON.stringify(reading.repository.policy.signers) === JSON.stringify(accepted.signers)) continue;
    if (await unapproved(deps, { head: step, accepted })) break;
    const next = { commit: step, anchored, signers: reading.repository.policy.signers };
    const kept = await mirror.accept(next, accepted);
    // Somebody else is on the same way, perhaps further along it; the next look begins where they are.
    if (kept.commit !== step) break;
    accepted = next;
  }
  const signers = wantedOf(deps, accepted);
  if (signers === undefined) return { accepted, anchored };
  const unsigned = await mirror.findUnsigned({ from: accepted.commit, to: head, signers });
  return { accepted, anchored, ...(unsigned ? { finding: wordsOf(unsigned, head) } : {}) };
}

async function stay(
  deps: BindingDeps,
  stays: { readonly accepted: AcceptedCommit | undefined; readonly refused?: RefusedCommit; readonly isOpen?: true },
): Promise<Bound> {
  const { accepted, refused, isOpen } = stays;
  const reading = accepted && (await deps.read(accepted.commit).catch(() => undefined));
  const about = { refused, ...(isOpen ? { isOpen } : {}) };
  if (!accepted || !reading?.ok) return about;
  return { inForce: { commit: accepted.commit, repository: reading.repository }, ...about };
}

function isEqual(next: AcceptedCommit, before: AcceptedCommit | undefined): boolean {
  const text = ({ commit, anchored, signers }: AcceptedCommit) => JSON.stringify([commit, anchored, signers]);
  return before !== undefined && text(next) === text(before);
}

function wordsOf({ commit, why }: SignatureFinding, head: string): string {
  return commit === head ? `it ${why}` : `commit ${shortCommit(commit)} on the way to it ${why}`;
}
