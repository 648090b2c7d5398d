/** A key whose signature counts on policy commits. */
export interface Signer {
  /** Who it belongs to, as the line says; without a name, the end of the key. */
  readonly principal: string;
  /** Kind and key, as in an authorized_keys file. */
  readonly key: string;
}

export type ReadSigner =
  { readonly ok: true; readonly signer: Signer } | { readonly ok: false; readonly message: string };

const kinds = [
  'ssh-ed25519',
  'sk-ssh-ed25519@openssh.com',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ecdsa-sha2-nistp256@openssh.com',
  'ssh-rsa',
];
const maxLine = 4_000;

/**
 * Reads `ssh-ed25519 AAAA… ann@company`, or the same with the name in front, as in a file of allowed signers. Options
 * are refused: `valid-before` compares with a date that the signer writes, so it would only look like a limit.
 */
export function readSigner(line: string): ReadSigner {
  const refuse = (message: string): ReadSigner => ({ ok: false, message });
  if (line.length > maxLine) return refuse('the line is too long to be a key');
  const words = line.trim().split(/\s+/);
  const at = words.findIndex((word) => kinds.includes(word));
  if (at < 0) return refuse(`it names no kind of key that is known (${kinds[0]}, ecdsa-sha2-nistp256, ssh-rsa, …)`);
  const [kind = '', body = '', ...comment] = words.slice(at);
  const names = words.slice(0, at).filter((word) => word !== 'namespaces="git"');
  if (names.length > 1) return refuse(`options such as ${names[1]} are not taken; to end a key, remove its line`);
  if (!holdsKey(kind, body)) return refuse(`what stands after ${kind} is not a public key of that kind`);
  const principal = names[0] ?? comment[0] ?? `key-${body.replace(/[^A-Za-z0-9]/g, '').slice(-12)}`;
  // A pattern in the first column stands for many people, a comma for several; neither is needed to allow a key.
  if (!/^[\p{L}\p{N}][\p{L}\p{N}@._+/=-]{0,199}$/u.test(principal))
    return refuse(`${JSON.stringify(principal.slice(0, 60))} is no name such as ann@company.example`);
  return { ok: true, signer: { principal, key: `${kind} ${body}` } };
}

/** A key's own bytes begin with its kind, so a mixed-up line is seen here and not on the day a commit is refused. */
function holdsKey(kind: string, body: string): boolean {
  if (!/^[A-Za-z0-9+/]{40,}={0,2}$/.test(body)) return false;
  const bytes = Buffer.from(body, 'base64');
  const length = bytes.length > 4 ? bytes.readUInt32BE(0) : 0;
  return length === kind.length && bytes.toString('latin1', 4, 4 + length) === kind && bytes.length > 4 + length + 32;
}

/** Reads a file of allowed signers: one a line, empty lines and comments aside. */
export function readSigners(
  text: string,
):
  | { readonly ok: true; readonly signers: readonly Signer[] }
  | { readonly ok: false; readonly problems: readonly string[] } {
  const signers: Signer[] = [];
  const problems: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.trim().startsWith('#')) continue;
    const read = readSigner(line);
    if (read.ok) signers.push(read.signer);
    else problems.push(`line ${index + 1}: ${read.message}`);
  }
  if (signers.length === 0 && problems.length === 0) problems.push('it names no key');
  return problems.length > 0 ? { ok: false, problems } : { ok: true, signers };
}

/** The file that `ssh-keygen` compares with, for signatures of Git only. */
export function allowedSigners(signers: readonly Signer[]): string {
  return signers.map(({ principal, key }) => `${principal} namespaces="git" ${key}\n`).join('');
}
