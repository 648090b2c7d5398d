import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { Refusal } from '../src/errors';

/** A hundred and twenty-eight bits, the least that RFC 4226 allows, are 26 characters of base32. */
const secret = z.string().regex(/^[A-Z2-7]{26,128}=*$/, 'must be a base32 secret of at least 16 bytes');
const table = z.record(z.string().regex(/^[UW][A-Z0-9]{1,20}$/), secret);

/** Slack user id -> base32 secret of that person's authenticator. */
export type Authenticators = ReadonlyMap<string, string>;

/**
 * Reads SECOND_FACTORS_FILE; one that is not there yet has nobody in it. Throws a `Refusal` that names what is wrong
 * and shows no secret: also when others than its owner can read the file.
 */
export function readAuthenticators(file: string): Authenticators {
  return new Map(Object.entries(valid(documentIn(file))));
}

/** Changes the file in one step: whoever reads it sees all of the change or none. Comments in it stay. */
export function changeAuthenticators(file: string, change: (known: Authenticators) => Authenticators): void {
  const next = `${file}.new`;
  let opened: number;
  try {
    // Whoever else changes the file holds this name meanwhile.
    opened = openSync(next, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable('cannot be written');
    throw new Refusal(
      'setting_invalid',
      `${next} is there already, so somebody else is changing the file at this moment; try again, and remove it if nobody is.`,
    );
  }
  try {
    const document = documentIn(file);
    const known = new Map(Object.entries(valid(document)));
    const wanted = change(known);
    for (const user of known.keys()) if (!wanted.has(user)) document.delete(user);
    for (const [user, value] of wanted) document.set(user, value);
    writeFileSync(opened, String(document));
    fsyncSync(opened);
    renameSync(next, file);
  } catch (error) {
    rmSync(next, { force: true });
    throw error;
  } finally {
    closeSync(opened);
  }
}

function documentIn(file: string): Document {
  const text = textIn(file);
  // Without the pretty errors, which would print lines of the file.
  const document = parseDocument(text, { prettyErrors: false });
  if (document.errors.length > 0) throw unusable('is not YAML');
  return document.contents === null ? parseDocument('{}\n', { prettyErrors: false }) : document;
}

function textIn(file: string): string {
  try {
    const { mode } = statSync(file);
    if ((mode & 0o077) !== 0)
      throw unusable(`can be read or written by others than its owner: run "chmod 600 ${file}"`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Refusal) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw unusable('cannot be read');
  }
}

function valid(document: Document): z.infer<typeof table> {
  const parsed = table.safeParse(document.toJS());
  if (parsed.success) return parsed.data;
  // A key that is no id may be a secret in the wrong place, so it is not shown.
  const problems = parsed.error.issues.map((issue) =>
    issue.code === 'invalid_key'
      ? 'a name in it is not a Slack user id'
      : `${issue.path.join('.') || 'the file'} ${issue.message}`,
  );
  throw unusable(`is not a list of people and secrets (${problems.slice(0, 5).join('; ')})`);
}

function unusable(why: string): Refusal {
  return new Refusal('setting_invalid', `SECOND_FACTORS_FILE ${why}. Whoever runs Signalbox mends the file.`);
}
