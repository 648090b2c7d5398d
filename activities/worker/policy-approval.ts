import { isGoverned } from '../../src/policy/governed';
import type { Repository } from '../../src/policy/read-repository';
import { shortCommit } from '../../src/policy/short-commit';
import type { AcceptedCommit } from '../adapters/accepted-commit';
import type { BindingDeps, RefusedCommit } from './policy-binding';

interface Held {
  /** How far people have let the policy come. */
  readonly accepted: AcceptedCommit | undefined;
  readonly refused: RefusedCommit;
}

/**
 * Whether a commit waits for people: where the policy before it says `policy_changes: gated`, what it changes of the
 * governed paths has to be approved first. What nobody can tell is not approved.
 */
export async function unapproved(
  deps: BindingDeps,
  at: { readonly head: string; readonly accepted: AcceptedCommit | undefined },
): Promise<Held | undefined> {
  if (!deps.approved) return undefined;
  const { head } = at;
  const held = (accepted: AcceptedCommit | undefined, why: string): Held => ({
    accepted,
    refused: { commit: head, because: 'unapproved', why },
  });
  // Who knows no policy yet asks in any case: the newest commit may be the one that no longer wants to be asked about.
  if (at.accepted && !(await isGatedAt(deps, at.accepted.commit))) return undefined;
  let approved: string | undefined;
  try {
    approved = await deps.approved();
  } catch {
    return held(
      at.accepted,
      'nobody can tell whether it was approved, because the ledger cannot be read; whoever runs Signalbox has to look at LEDGER_REPO',
    );
  }
  if (approved === head) return undefined;
  const accepted = await furthest(deps, { ...at, approved });
  const before = accepted && (await deps.read(accepted.commit));
  if (!accepted || !before?.ok) {
    // Nobody was ever asked, so nobody has to be: this is where it begins.
    if (approved === undefined) return undefined;
    return held(accepted, incomparable(accepted?.commit ?? approved));
  }
  if (!isGated(before.repository)) return undefined;
  const environments = [...before.repository.policy.environments.keys()];
  const changed = await deps.mirror.changedPaths({ from: accepted.commit, to: head });
  const governed = changed.filter((path) => isGoverned(path, environments));
  if (governed.length === 0) return undefined;
  const more = governed.length > 3 ? ` and ${governed.length - 3} more` : '';
  return held(accepted, `it changes ${governed.slice(0, 3).join(', ')}${more}, which people have to approve first`);
}

/** Rewritten history, or a release that reads more strictly than the one before, must not get round being asked. */
function incomparable(last: string): string {
  return `it cannot be compared with ${shortCommit(last)}, the last one that people let bind, which is not on the way to it or cannot be read by this release; whoever runs Signalbox has to put the branch back, have the change approved with the release before, or begin anew with another LEDGER_REF`;
}

/** The accepted commit, or the approved one where that is further on the way to the head. */
async function furthest(
  deps: BindingDeps,
  at: { readonly head: string; readonly accepted: AcceptedCommit | undefined; readonly approved: string | undefined },
): Promise<AcceptedCommit | undefined> {
  const { mirror } = deps;
  const { head, accepted, approved } = at;
  if (approved === undefined || approved === accepted?.commit) return accepted;
  const isOnTheWay = async (from: string, to: string): Promise<boolean> =>
    from === to || (await mirror.relation({ from, to })) === 'follows';
  if (!(await isOnTheWay(approved, head))) return accepted;
  if (accepted && !(await isOnTheWay(accepted.commit, approved))) return accepted;
  const reading = await deps.read(approved);
  if (!reading.ok) return accepted;
  const next = { commit: approved, anchored: accepted?.anchored ?? false, signers: reading.repository.policy.signers };
  return mirror.accept(next, accepted);
}

async function isGatedAt(deps: BindingDeps, commit: string): Promise<boolean> {
  const reading = await deps.read(commit);
  return !reading.ok || isGated(reading.repository);
}

/** Whether people have to approve what comes after this policy. */
export function isGated({ policy }: Repository): boolean {
  return policy.file.policy_changes === 'gated';
}
