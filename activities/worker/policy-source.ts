import { Refusal } from '../../src/errors';
import type { Repository } from '../../src/policy/read-repository';
import { shortCommit } from '../../src/policy/short-commit';
import type { Signer } from '../../src/policy/signers';
import type { PolicyTrouble } from '../../src/policy/unreachable';
import { bind, type BindingDeps, type BindingMirror, type Bound, type RefusedCommit } from './policy-binding';
import type { PolicyChange } from '../../src/operation/policy-change';
import { isGated } from './policy-approval';
import { readPolicyChange, type ChangeMirror } from './policy-change';
import { createPolicyReader, type TreeMirror } from './policy-reading';

export type { RefusedCommit } from './policy-binding';

/** Where the policy ref stood when the mirror last heard of it. */
interface Head {
  readonly commit: string;
  readonly fetchedAt: string;
  readonly rewrittenFrom?: string;
}

/** The policy repository as the worker needs it. */
export interface PolicyMirror extends BindingMirror, TreeMirror, ChangeMirror {
  fetch(): Promise<Head>;
  head(): Promise<Head | undefined>;
}

/** The policy in force. */
export interface PolicyInForce {
  readonly repository: Repository;
  readonly commit: string;
  /** ISO 8601: when the mirror last heard from its origin. */
  readonly fetchedAt: string;
  /** Set when this is not the newest commit, or nobody knows: why, in words that continue a sentence. */
  readonly problem?: string;
  /** The repository could not be asked: nobody knows whether something newer binds. */
  readonly unreachable: boolean;
  /** The newest commit, when something is wrong with it. */
  readonly refused?: RefusedCommit;
  /** The commit in force would not be accepted today. */
  readonly isDoubtful?: true;
  /** The newest commit, when people have to approve it before it binds. */
  readonly proposed?: string;
  /** The commit that was in force before, when the one in force does not follow it and no signatures are asked for. */
  readonly rewrittenFrom?: string;
}

/** What policy is told of its own state. */
export function troubleIn({ problem, unreachable, refused, isDoubtful }: PolicyInForce): {
  readonly policyProblem?: string;
  readonly policyTrouble?: PolicyTrouble;
} {
  if (problem === undefined) return {};
  const isRefused = refused !== undefined || isDoubtful === true;
  return { policyProblem: problem, policyTrouble: unreachable ? (isRefused ? 'both' : 'unreachable') : 'refused' };
}

export interface PolicySource {
  /** The policy in force now. Throws `Refusal` when there is none at all. */
  current(): Promise<PolicyInForce>;
  /** The policy at the commit an operation was pinned to. */
  at(commit: string): Promise<Repository>;
  /** What a commit changes against the one in force; undefined when that is nothing, or nobody has the commit. */
  changeTo(commit: string): Promise<PolicyChange | undefined>;
  /**
   * Whether an earlier commit let everything after it bind unasked (no `policy_changes: gated`), and this one is not
   * older still. What this release cannot read did not.
   */
  isOpenBefore(range: { readonly earlier: string; readonly commit: string }): Promise<boolean>;
  /** Brings the mirror up to date; never throws. */
  refresh(): Promise<void>;
}

/** The same with a look that never waits for Git, for health and metrics. */
export interface WatchedPolicySource extends PolicySource {
  /** As of the last time anybody asked; undefined before that, and where no policy is in force. */
  known(): PolicyInForce | undefined;
}

interface SourceDeps {
  readonly mirror: PolicyMirror;
  /** How old the mirror may be before it is asked again, ms. */
  readonly freshMs: number;
  /** Keys of whoever runs Signalbox; absent: only those of the policy itself are asked for. */
  readonly trusted?: readonly Signer[];
  /** The newest policy commit that people approved; throws when nobody can tell. */
  readonly approved?: () => Promise<string | undefined>;
  readonly now: () => number;
}

/**
 * Reads policy at a commit, once a commit, and keeps the last good one: a newer commit binds only if all of it can be
 * read, its own tests pass and whoever had to sign it did. Nobody has to guess which is in force.
 */
export function createPolicySource(deps: SourceDeps): WatchedPolicySource {
  const { mirror, freshMs, trusted, approved, now } = deps;
  const read = createPolicyReader(mirror);
  let trouble: string | undefined;
  let fetching: Promise<void> | undefined;
  const bound = createSettling({ mirror, trusted, approved, read });

  const refresh = (): Promise<void> => {
    fetching ??= mirror
      .fetch()
      .then(async (head) => {
        // Settled now, so that the first command after a push does not wait for it; what is wrong with it is said then.
        await bound.settle(head);
        trouble = undefined;
      })
      .catch((error: unknown) => void (trouble = troubleOf(error)))
      .finally(() => void (fetching = undefined));
    return fetching;
  };

  const fromDisk = async (): Promise<Settled | undefined> => {
    const head = await mirror.head();
    return head && bound.settle(head);
  };

  const latest = async (): Promise<Settled> => {
    const before = bound.settled() ?? (await fromDisk());
    if (!before || now() - Date.parse(before.head.fetchedAt) > freshMs) await refresh();
    const found = bound.settled() ?? (await fromDisk());
    if (found) return found;
    throw new Refusal(
      'policy_unreachable',
      `No policy could be read, because ${trouble ?? 'the policy repository has no commit'}; whoever runs Signalbox has to look at POLICY_REPO.`,
    );
  };

  return {
    refresh,

    known: () => {
      const settled = bound.settled();
      return settled?.bound.inForce ? inForceOf(settled, trouble) : undefined;
    },

    current: async () => inForceOf(await latest(), trouble),

    async changeTo(commit) {
      const found = await latest();
      const { commit: from, repository } = inForceOf(found, trouble);
      const environments = [...repository.policy.environments.keys()];
      return readPolicyChange({ mirror, from, to: commit, head: found.head.commit, environments });
    },

    async isOpenBefore({ earlier, commit }) {
      if (earlier === commit) return false;
      const relation = await mirror.relation({ from: earlier, to: commit });
      if (relation === 'precedes') return false;
      const reading = await read(earlier).catch((error: unknown) => {
        // What rewritten history left behind may be gone, and news of the policy must not wait for it.
        if (relation === 'unrelated') return undefined;
        throw error;
      });
      return reading?.ok === true && !isGated(reading.repository);
    },

    async at(commit) {
      const reading = await read(commit);
      if (reading.ok) return reading.repository;
      throw new Refusal('policy_invalid', `The policy at ${shortCommit(commit)} cannot be used: ${reading.problem}`);
    },
  };
}

interface Settled {
  readonly head: Head;
  readonly bound: Bound;
  /** What it was settled about: the head, and what was accepted then. */
  readonly about: string;
}

/** What binds, settled once for each head and what was accepted before it. */
function createSettling(deps: BindingDeps & { readonly mirror: PolicyMirror }) {
  const { mirror } = deps;
  /** As of our own last look: asking the mirror costs a Git process, which no command may wait for. */
  let settled: Settled | undefined;

  /** Verifying a long way costs many processes, so nothing is asked twice that has its answer. */
  const boundAt = async (head: Head): Promise<Settled> => {
    const before = JSON.stringify([head.commit, await mirror.accepted()]);
    if (settled && settled.about === before && !settled.bound.isOpen) return { ...settled, head };
    const bound = await bind(deps, head.commit);
    return { head, bound, about: JSON.stringify([head.commit, await mirror.accepted()]) };
  };

  return {
    settled: (): Settled | undefined => settled,

    async settle(head: Head): Promise<Settled> {
      settled = await boundAt(head);
      // Another process may have fetched and accepted more than we had seen: then ours only looks like an older one.
      const newer = settled.bound.refused?.because === 'untrusted' ? await mirror.head() : undefined;
      if (newer && newer.commit !== head.commit) settled = await boundAt(newer);
      return settled;
    },
  };
}

function inForceOf({ head, bound }: Settled, trouble: string | undefined): PolicyInForce {
  const { inForce, concern } = bound;
  const isProposed = bound.refused?.because === 'unapproved';
  const refused = isProposed ? undefined : bound.refused;
  if (!inForce) throw new Refusal('policy_invalid', noneInForce(bound.refused));
  const why = refused && wordsOf(refused);
  const about =
    concern && `the commit in force, ${shortCommit(inForce.commit)}, would not be accepted today: ${concern}`;
  const problems = [why, about, trouble].filter((each) => each !== undefined);
  return {
    ...inForce,
    fetchedAt: head.fetchedAt,
    unreachable: trouble !== undefined,
    ...(problems.length > 0 ? { problem: problems.join('; and ') } : {}),
    ...(refused ? { refused } : {}),
    ...(concern === undefined ? {} : { isDoubtful: true }),
    ...(isProposed ? { proposed: bound.refused?.commit } : {}),
    ...(inForce.commit === head.commit && head.rewrittenFrom ? { rewrittenFrom: head.rewrittenFrom } : {}),
  };
}

function noneInForce(refused: RefusedCommit | undefined): string {
  if (!refused) return 'No policy is in force, because none was ever accepted.';
  const isUnapproved = refused.because === 'unapproved';
  return `No policy is in force, because ${wordsOf(refused)}.${isUnapproved ? '' : ' Whoever made that commit has to mend it.'}`;
}

function wordsOf({ commit, why }: RefusedCommit): string {
  return `the newest commit ${shortCommit(commit)} cannot be used: ${why}`;
}

function troubleOf(error: unknown): string {
  return `the policy repository cannot be reached: ${error instanceof Refusal ? error.message : 'Git did not answer'}`;
}
