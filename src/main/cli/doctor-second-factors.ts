import { openPolicyRepository } from '../../../activities/adapters/policy-repository';
import { createPolicyReader } from '../../../activities/worker/policy-reading';
import { readAuthenticators, type Authenticators } from '../../../bot/authenticators-file';
import type { Config } from '../../config';
import { Refusal } from '../../errors';
import { rosterOf } from '../../policy/members';
import type { Policy } from '../../policy/policy';
import { failed, missing, ok, type Check, type Finding } from './doctor-finding';
import { withFolder } from './with-folder';

const check = 'second factors';
const callTimeoutMs = 15_000;
/** People who come on call within this may have to approve soon. */
const aheadMs = 7 * 86_400_000;

/** Whether those who may have to give a second factor can. Nothing is said where nobody asks for one. */
export const checkSecondFactors: Check = async (config, io) => {
  const { SECOND_FACTORS_FILE: file } = config;
  let enrolled: Authenticators;
  try {
    enrolled = file === undefined ? new Map<string, string>() : readAuthenticators(file);
  } catch (error) {
    return [failed(check, error instanceof Refusal ? error.message : 'SECOND_FACTORS_FILE cannot be read.')];
  }
  const policy = await newestPolicy(config);
  if (policy && asksForOne(policy)) return [findingOf({ policy, enrolled, file, now: io.now() })];
  return file === undefined ? [] : [ok(check, 'The file can be used; no approval rule asks for a second factor.')];
};

function findingOf(about: {
  readonly policy: Policy;
  readonly enrolled: Authenticators;
  readonly file: string | undefined;
  readonly now: Date;
}): Finding {
  const { policy, enrolled, file, now } = about;
  if (file === undefined)
    return failed(
      check,
      'Policy asks approvers for a second factor, and SECOND_FACTORS_FILE is not set, so none of those approvals can be given; name a file and enroll people with "signalbox second-factor enroll".',
    );
  if (enrolled.size === 0)
    return failed(
      check,
      'Policy asks approvers for a second factor, and nobody is enrolled, so none of those approvals can be given; run "signalbox second-factor enroll <user id>" for each.',
    );
  const lacking = approversById(policy, now).filter((user) => !enrolled.has(user));
  return lacking.length === 0
    ? ok(
        check,
        'Everybody whom policy lists by id for such approvals is enrolled; members of Slack groups are not looked up.',
      )
    : missing(
        check,
        `Not enrolled, so they cannot approve where policy asks for a second factor: ${lacking.join(', ')}; run "signalbox second-factor enroll <user id>" for each.`,
      );
}

/** A policy that cannot be read is the finding of another check. */
async function newestPolicy({ POLICY_REPO: url, POLICY_REF: ref = 'main' }: Partial<Config>) {
  if (url === undefined) return undefined;
  return withFolder(async (dataDir) => {
    try {
      const repository = openPolicyRepository({ url, ref, dataDir, now: () => Date.now(), timeoutMs: callTimeoutMs });
      const reading = await createPolicyReader(repository)((await repository.fetch()).commit);
      return reading.ok ? reading.repository.policy : undefined;
    } catch {
      return undefined;
    }
  });
}

function rulesWithOne({ approvals, environments, serviceApprovals }: Policy) {
  const sets = [approvals, ...[...environments.values()].map((each) => each.approvals), ...serviceApprovals.values()];
  return sets.flat().filter(({ secondFactor }) => secondFactor);
}

/** Duties of services ask without a rule, so the company's word alone is enough. */
function asksForOne(policy: Policy): boolean {
  return policy.file.second_factor !== undefined || rulesWithOne(policy).length > 0;
}

function approversById(policy: Policy, now: Date): readonly string[] {
  const teams = rulesWithOne(policy).flatMap(({ seats }) => seats.flatMap((seat) => seat.teams));
  const users = [...new Set(teams)].flatMap((team) => {
    const roster = rosterOf({ policy, now }, team, aheadMs);
    return [...roster.users, ...(roster.shifts ?? []).map(({ user }) => user)];
  });
  return [...new Set(users)].sort();
}
