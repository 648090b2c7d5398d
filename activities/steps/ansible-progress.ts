import { z } from 'zod';
import { canonical } from '../../src/canonical';
import type { Json, JsonObject } from '../../src/json';
import { fileRefSchema } from '../../src/runbooks/file-ref';
import { StepError } from './outcomes';
import type { StepContext } from './step-kind';

const progressSchema = z.strictObject({
  ok: z.array(z.string()),
  changed: z.array(z.string()),
  facts: z.record(z.string(), z.json()),
});

/** What the attempts of a playbook have done so far. */
export interface AnsibleProgress {
  /** Hosts that need no second attempt, by what came of them. */
  readonly ok: readonly string[];
  readonly changed: readonly string[];
  /** What the playbook gave to `set_stats`. */
  readonly facts: JsonObject;
}

/** What one attempt, or its batches until now, adds to that. */
export interface AnsibleGain {
  readonly ok: readonly string[];
  readonly changed: readonly string[];
  readonly facts: JsonObject;
  /** Facts that grow with each host instead of being replaced. */
  readonly growing: readonly string[];
}

export const nothingDone: AnsibleProgress = { ok: [], changed: [], facts: {} };

type Keeping = Pick<StepContext, 'checkpoint' | 'saveCheckpoint' | 'keepFile' | 'readFile'>;

/** Saves it for the next attempt: the names of thousands of hosts are too much for a heartbeat, so that has their address. */
export async function saveProgress(context: Keeping, progress: AnsibleProgress): Promise<void> {
  const file = await context.keepFile(Buffer.from(canonical(progress as unknown as Json)), 'progress.json');
  await context.saveCheckpoint(file as unknown as Json);
}

/** What the attempts before this one have done. Throws `StepError` when they kept it and it cannot be read. */
export async function readProgress(context: Keeping): Promise<AnsibleProgress> {
  const kept = fileRefSchema.safeParse(context.checkpoint());
  if (!kept.success) return nothingDone;
  try {
    return progressSchema.parse(JSON.parse((await context.readFile(kept.data)).toString('utf8'))) as AnsibleProgress;
  } catch {
    // Beginning anew would do again what is done.
    throw new StepError('What earlier attempts have done cannot be read from the blob store.', { unsent: true });
  }
}

/** Both together; what is newer about a host counts. */
export function withGain(before: AnsibleProgress, gain: AnsibleGain): AnsibleProgress {
  const isNew = new Set([...gain.ok, ...gain.changed]);
  const old = (names: readonly string[]): readonly string[] => names.filter((name) => !isNew.has(name));
  return {
    ok: [...old(before.ok), ...gain.ok].sort(),
    changed: [...old(before.changed), ...gain.changed].sort(),
    facts: factsTogether(before.facts, gain),
  };
}

/** Facts as if one attempt had done the hosts of both: those that grow go on where they stood, as in Ansible itself. */
function factsTogether(before: JsonObject, { facts, growing }: AnsibleGain): JsonObject {
  const together: { [name: string]: Json } = { ...before };
  for (const [name, value] of Object.entries(facts))
    together[name] = growing.includes(name) && Object.hasOwn(before, name) ? grown(before[name]!, value) : value;
  return together;
}

function grown(before: Json, more: Json): Json {
  if (Array.isArray(before) && Array.isArray(more)) return [...before, ...more] as Json;
  if (typeof before === 'number' && typeof more === 'number') return before + more;
  if (typeof before === 'string' && typeof more === 'string') return before + more;
  if (isMap(before) && isMap(more)) return merged(before, more);
  return more;
}

function merged(before: JsonObject, more: JsonObject): JsonObject {
  const together: { [key: string]: Json } = { ...before };
  for (const [key, value] of Object.entries(more)) {
    const old = Object.hasOwn(together, key) ? together[key]! : null;
    together[key] = isMap(old) && isMap(value) ? merged(old, value) : value;
  }
  return together;
}

function isMap(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
