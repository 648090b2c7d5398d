import type { DocumentResult, Problem } from '../documents/read-yaml';
import type { PolicyFile } from './schema';
import { readSigner, type Signer } from './signers';

/** Whose signatures newer policy commits need; absent when the policy does not ask for any. */
export function readVerify({ value, lineOf, columnOf }: Extract<DocumentResult<PolicyFile>, { ok: true }>): {
  readonly signers?: readonly Signer[];
  readonly problems: readonly Problem[];
} {
  if (value.verify === undefined) return { problems: [] };
  const signers: Signer[] = [];
  const problems: Problem[] = [];
  for (const [index, line] of value.verify.signers.entries()) {
    const path = ['verify', 'signers', index];
    const read = readSigner(line);
    if (read.ok) signers.push(read.signer);
    else
      problems.push({
        file: 'policy.yaml',
        line: lineOf(path),
        column: columnOf(path),
        key: path.join('.'),
        message: `this signer cannot be used: ${read.message}`,
        hint: 'write a public key such as "ssh-ed25519 AAAA… ann@company.example"',
      });
  }
  return { signers, problems };
}
