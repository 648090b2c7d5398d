import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { openPolicyRepository, type PolicyRepository } from '../../../activities/adapters/policy-repository';
import { createPolicyReader } from '../../../activities/worker/policy-reading';
import { ambient } from '../../config';
import { Refusal } from '../../errors';
import type { Signer } from '../../policy/signers';
import { trustedSigners } from '../stores';
import { failed, missing, ok, type Check, type Finding } from './doctor-finding';
import { plural } from './command';
import { withFolder } from './with-folder';

const callTimeoutMs = 15_000;

export const checkPolicy: Check = async (config, io) => {
  const { POLICY_REPO: url, POLICY_REF: ref = 'main' } = config;
  if (url === undefined) return [];
  return withFolder(async (dataDir) => {
    try {
      const repository = openPolicyRepository({ url, ref, dataDir, now: () => Date.now(), timeoutMs: callTimeoutMs });
      const { commit } = await repository.fetch();
      const shown = `${ref} at ${commit.slice(0, 10)}`;
      const reading = await createPolicyReader(repository)(commit);
      if (!reading.ok || reading.failedTest !== undefined) {
        const why = reading.ok ? reading.failedTest : reading.problem;
        return [failed('policy', `${shown} would not bind: ${why}; "signalbox policy check" lists all.`)];
      }
      const { services, signers } = reading.repository.policy;
      return [
        ok('policy', `${ref} binds at ${commit.slice(0, 10)}, with ${plural(services.size, 'service')}.`),
        ...(await signatureFindings(repository, {
          commit,
          shown,
          own: signers,
          trusted: trustedSigners(config.POLICY_SIGNERS),
          hasVerifier: hasProgram('ssh-keygen', ambient(['PATH'], io.env).PATH),
        })),
      ];
    } catch (error) {
      const words = error instanceof Refusal ? error.message : `It could not be looked at (${firstLine(error)}).`;
      return [failed('policy', words)];
    }
  });
};

const check = 'policy signatures';

async function signatureFindings(
  repository: PolicyRepository,
  about: {
    readonly commit: string;
    readonly shown: string;
    readonly own?: readonly Signer[];
    readonly trusted?: readonly Signer[];
    readonly hasVerifier: boolean;
  },
): Promise<readonly Finding[]> {
  const { commit, shown, own, trusted, hasVerifier } = about;
  if (own === undefined && trusted === undefined) return [];
  if (!hasVerifier)
    return [
      failed(check, 'ssh-keygen is not installed here, so no newer policy commit binds; install OpenSSH 8.2 or later.'),
    ];
  if (trusted === undefined)
    return [
      missing(
        check,
        'POLICY_SIGNERS is not set, so a program that starts with an empty DATA_DIR believes the first policy it sees, signed or not; name a file with the keys that may sign it.',
      ),
    ];
  const unsigned = await repository.findUnsigned({ to: commit, signers: [...trusted, ...(own ?? [])] });
  if (unsigned) return [failed(check, `${shown} would not bind: it ${unsigned.why}.`)];
  const first = await repository.findUnsigned({ to: commit, signers: trusted });
  return first
    ? [
        missing(
          check,
          `${shown} is signed, but by no key of POLICY_SIGNERS, so a program that starts with an empty DATA_DIR would not take it; add that key to the file.`,
        ),
      ]
    : [ok(check, `${shown} is signed by a key of POLICY_SIGNERS.`)];
}

function hasProgram(name: string, path = '/usr/local/bin:/usr/bin:/bin'): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function firstLine(error: unknown): string {
  return String((error as Error).message).split('\n')[0] ?? '';
}
