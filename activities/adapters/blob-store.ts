import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Refusal } from '../../src/errors';

/** Bulky bodies under their hash: plans, tool plans, logs, files between pools. Encrypted at rest. */
export interface BlobStore {
  /** Keeps it and gives its address: hex SHA-256 of the plain bytes. Keeping the same twice is harmless. */
  put(bytes: string | Uint8Array): Promise<string>;
  /** The plain bytes. Throws when it is not there, when the key is another, or when it was altered. */
  get(digest: string): Promise<Buffer>;
  /** Whether it is there; what is asked for is needed, so its retention starts again. */
  has(digest: string): Promise<boolean>;
  /** Removes what nobody has kept or asked for since; gives how many. */
  sweep(spec: { readonly before: Date }): Promise<number>;
  /** Said once at start when the key had to be made. */
  readonly keyNote?: string;
}

const magic = Buffer.from('SBX1');
const ivBytes = 12;
const tagBytes = 16;

/**
 * Opens a folder as a blob store. AES-256-GCM; the header names the key, so that a wrong one is told apart from a
 * damaged file. A file appears by rename, so nobody ever reads half of one.
 */
export async function openBlobStore(options: {
  /** A folder. */
  readonly location: string;
  /** 32 bytes, hex or base64. Made and kept beside the folder when absent. */
  readonly key?: string;
}): Promise<BlobStore> {
  const { location } = options;
  if (/^[a-z0-9+.-]+:\/\//i.test(location))
    throw new Refusal(
      'setting_invalid',
      `BLOB_STORE must be the path of a folder, but it is a URL (${location.slice(0, 12)}…); give a folder that worker and runners share.`,
    );
  await mkdir(location, { recursive: true, mode: 0o700 });
  const { key, note } =
    options.key === undefined ? await ownKey(location) : { key: keyFrom(options.key), note: undefined };
  return new FolderStore(location, key, note);
}

class FolderStore implements BlobStore {
  private readonly keyId: Buffer;

  constructor(
    private readonly location: string,
    private readonly key: Buffer,
    readonly keyNote: string | undefined,
  ) {
    this.keyId = createHash('sha256').update('signalbox blob key\0').update(key).digest().subarray(0, 8);
  }

  async put(given: string | Uint8Array): Promise<string> {
    const bytes = Buffer.from(given as Uint8Array);
    const digest = createHash('sha256').update(bytes).digest('hex');
    const path = this.pathOf(digest);
    // Kept anew means needed anew: its retention starts again, and a damaged copy is replaced.
    const whole = await this.get(digest).then(
      () => true,
      (error: unknown) => {
        if (error instanceof Refusal) throw error;
        return false;
      },
    );
    if (whole && (await touched(path))) return digest;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const aside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
    const file = await open(aside, 'wx', 0o600);
    try {
      await file.writeFile(this.seal(bytes, digest));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
    return digest;
  }

  async get(digest: string): Promise<Buffer> {
    const bytes = this.unseal(await readFile(this.pathOf(digest)), digest);
    if (createHash('sha256').update(bytes).digest('hex') !== digest)
      throw new Error(`the blob ${digest} does not have the content of its address`);
    return bytes;
  }

  async has(digest: string): Promise<boolean> {
    return touched(this.pathOf(digest));
  }

  async sweep({ before }: { readonly before: Date }): Promise<number> {
    let removed = 0;
    for (const entry of await readdir(this.location, { withFileTypes: true })) {
      // Others may keep things in the same folder, and nothing of theirs looks like this.
      if (!entry.isDirectory() || !/^[0-9a-f]{2}$/.test(entry.name)) continue;
      const place = join(this.location, entry.name);
      for (const file of await readdir(place, { withFileTypes: true }))
        if (file.isFile() && blobFile.test(file.name) && (await removeOld(join(place, file.name), before)))
          removed += 1;
    }
    return removed;
  }

  private pathOf(digest: string): string {
    if (!/^[0-9a-f]{64}$/.test(digest)) throw new Error('a blob address is 64 hex digits');
    return join(this.location, digest.slice(0, 2), digest.slice(2));
  }

  /** The digest is authenticated too: a file moved to another address does not open. */
  private seal(bytes: Buffer, digest: string): Buffer {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv('aes-256-gcm', this.key, iv).setAAD(Buffer.from(digest));
    const body = Buffer.concat([cipher.update(bytes), cipher.final()]);
    return Buffer.concat([magic, this.keyId, iv, cipher.getAuthTag(), body]);
  }

  private unseal(sealed: Buffer, digest: string): Buffer {
    const start = magic.length + this.keyId.length;
    if (!sealed.subarray(0, magic.length).equals(magic)) throw new Error(`the blob ${digest} is not a blob of ours`);
    if (!sealed.subarray(magic.length, start).equals(this.keyId))
      throw new Refusal(
        'setting_invalid',
        'A blob was written with another BLOB_KEY; give every process the same one.',
      );
    const iv = sealed.subarray(start, start + ivBytes);
    const tag = sealed.subarray(start + ivBytes, start + ivBytes + tagBytes);
    const cipher = createDecipheriv('aes-256-gcm', this.key, iv).setAAD(Buffer.from(digest)).setAuthTag(tag);
    return Buffer.concat([cipher.update(sealed.subarray(start + ivBytes + tagBytes)), cipher.final()]);
  }
}

/** What lies in a folder of the store: bodies, and those on their way in or out. */
const blobFile = /^[0-9a-f]{62}(?:\.[0-9a-f]{12}\.tmp)?$/;

/**
 * Removes a file that nobody touched since; gives whether it did. It is put aside and looked at again first: whoever
 * needed it meanwhile either touched it in time, or finds that it is not there and keeps it anew.
 */
async function removeOld(path: string, before: Date): Promise<boolean> {
  const isOld = async (at: string): Promise<boolean> => (await stat(at)).mtimeMs < before.getTime();
  try {
    if (!(await isOld(path))) return false;
    const aside = `${path.replace(/\.[0-9a-f]{12}\.tmp$/, '')}.${randomBytes(6).toString('hex')}.tmp`;
    await rename(path, aside);
    const isNeeded = !(await isOld(aside));
    // Somebody may have kept it anew already.
    if (isNeeded) await link(aside, path).catch(unless('EEXIST'));
    await rm(aside, { force: true });
    return !isNeeded;
  } catch (error) {
    // It went into its place, or another worker sweeps as well.
    unless('ENOENT')(error);
    return false;
  }
}

function unless(code: string): (error: unknown) => void {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code !== code) throw error;
  };
}

const keyFile = '.blob-key';

async function ownKey(location: string): Promise<{ readonly key: Buffer; readonly note: string }> {
  const path = join(location, keyFile);
  // Of several processes that start at once one wins, and nobody reads a key that is not written yet.
  const aside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  await writeFile(aside, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  await link(aside, path).catch(unless('EEXIST'));
  await rm(aside, { force: true });
  const key = keyFrom((await readFile(path, 'utf8')).trim());
  return { key, note: `BLOB_KEY is not set, so the blob store uses ${path}; keep that file, or set BLOB_KEY.` };
}

async function touched(path: string): Promise<boolean> {
  const now = new Date();
  return utimes(path, now, now).then(
    () => true,
    () => false,
  );
}

function keyFrom(text: string): Buffer {
  const key = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
  if (key.length !== 32)
    throw new Refusal(
      'setting_invalid',
      'BLOB_KEY must be 32 bytes as 64 hex digits or as base64; make one with: openssl rand -hex 32',
    );
  return key;
}
