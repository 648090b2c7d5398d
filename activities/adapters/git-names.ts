import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Refusal } from '../../src/errors';

/** A Git remote that passed every check: never an option, never a helper program, never a credential. */
export interface RemoteUrl {
  /** What git gets, as an argument after `--end-of-options`. */
  readonly url: string;
  readonly kind: 'local' | 'ssh' | 'https';
  /** What people see. */
  readonly shown: string;
}

const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const host = '[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?';
const user = '[A-Za-z0-9_][A-Za-z0-9._-]*';
const sshUrl = new RegExp(`^ssh://(?:${user}@)?${host}(?::\\d{1,5})?/[^-?#\\s][^?#\\s]*$`);
const scpLike = new RegExp(`^(?:${user}@)?${host}:(?!/|-)[^\\s:]+$`);
const httpsUrl = new RegExp(`^https://${host}(?::\\d{1,5})?/[^?#\\s]+$`);

/** Checks the value of a setting such as `POLICY_REPO`. Throws `Refusal('setting_invalid')`. */
export function remoteUrl(text: string, setting = 'The Git repository'): RemoteUrl {
  const refuse = (why: string) =>
    new Refusal(
      'setting_invalid',
      `${setting} is not a repository Signalbox can use, because ${why}; set it to an https:// or ssh:// address, git@host:path, file:// or an absolute folder.`,
    );
  if (invisible.test(text) || /%(?:0|1|7f|2f|5c)/i.test(text)) throw refuse('it holds control or invisible characters');
  if (text.trim() !== text || text === '') throw refuse('it is empty or has space around it');
  if (text.startsWith('-')) throw refuse('it starts with a dash');
  if (/^[a-z0-9+.-]+::/i.test(text)) throw refuse('it asks for a helper program');
  if (text.includes('\\')) throw refuse('it holds a backslash');
  if (/^[a-z]+:\/\/[^/]*:[^/]*@/i.test(text))
    throw refuse('a password in an address ends up in process lists; pass it as the token instead');
  if (text.startsWith('file://')) return local(pathOf(text, refuse), refuse);
  if (isAbsolute(text)) return local(text, refuse);
  if (sshUrl.test(text) || (scpLike.test(text) && !/^[A-Za-z]:/.test(text) && !text.includes('://')))
    return { url: text, kind: 'ssh', shown: text };
  if (httpsUrl.test(text)) return { url: text, kind: 'https', shown: text };
  if (/^[a-z][a-z0-9+.-]*:/i.test(text))
    throw refuse('only https, ssh and file are spoken, and the address has to be whole');
  if (text.split('/').some((part) => part === '..' || part === '') || /[:%@]/.test(text))
    throw refuse('a relative folder may not climb or hold : % @');
  return local(resolve(text), refuse);
}

function pathOf(url: string, refuse: (why: string) => Refusal): string {
  try {
    return fileURLToPath(url);
  } catch {
    throw refuse('the file address cannot be read');
  }
}

function local(path: string, refuse: (why: string) => Refusal): RemoteUrl {
  if (path.split('/').includes('..')) throw refuse('its path climbs');
  return { url: path, kind: 'local', shown: path };
}

/** Longest branch or tag name; narrower than Git's own limit, which is the file system's. */
const longestRef = 250;

/**
 * Whether a branch, tag or full ref name is one we use: Git's own rules (git-check-ref-format) and narrower: no part
 * starts with a dash or a plus, nothing is reserved, nothing is invisible.
 */
export function isRefName(name: string): boolean {
  if (name === '' || Buffer.byteLength(name) > longestRef || name === '@' || name === 'HEAD') return false;
  if (invisible.test(name) || /[\s~^:?*[\\]|\.\.|@\{/u.test(name) || name.endsWith('.')) return false;
  return name
    .split('/')
    .every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock') && !/^[-+]/.test(part));
}

/** Throws `Refusal('bad_request')` for what is not a ref name. */
export function refName(name: string): string {
  if (isRefName(name)) return name;
  throw new Refusal(
    'bad_request',
    `${JSON.stringify(name.slice(0, 60))} cannot be the name of a branch or tag, so nothing was looked up; write the name as Git shows it, without ranges, options or spaces.`,
  );
}

/** Whether a text is a whole object id (lower-case SHA-1 or SHA-256, not the null id). */
export function isObjectId(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text) && !/^0+$/.test(text);
}

/** Throws `TypeError`: object ids come from our own records, so anything else is a mistake in the caller. */
export function objectId(text: string): string {
  if (!isObjectId(text)) throw new TypeError(`${JSON.stringify(text.slice(0, 80))} is not a whole object id`);
  return text;
}

/** Why a path inside a repository is dangerous wherever it stands; undefined when it is not. */
export function dangerIn(path: string): string | undefined {
  if (path.includes('\ufffd')) return 'its name is not valid UTF-8';
  if (invisible.test(path)) return 'its name holds control or invisible characters';
  if (path.includes('\\')) return 'its name holds a backslash';
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'its name climbs out of its folder';
  if (parts.some((part) => /^(?:\.git[ .]*|git~\d+)$/i.test(part))) return 'its name is one of Git’s own';
  return undefined;
}

/** Whether a path given by people or policy may be looked up in a repository: narrower than what a tree may hold. */
export function isRepositoryPath(path: string): boolean {
  if (path.length > 1024 || dangerIn(path) !== undefined || /^[:-]|[%;]/.test(path)) return false;
  return path
    .split('/')
    .every(
      (part) =>
        Buffer.byteLength(part) <= 255 &&
        !part.toLowerCase().startsWith('.git') &&
        !/^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(part),
    );
}
