import { canonical } from '../../src/canonical';
import type { Json, JsonObject } from '../../src/json';
import { StepFailed } from './outcomes';

/** Outputs up to so many bytes travel with their operation; larger ones lie in the blob store under their hash. */
const carriedBytes = 8 * 1024;
/** An output smaller than this is not worth a body of its own. */
const smallBytes = 512;

interface Kept {
  readonly $kept: string;
}

/** Puts large outputs into the blob store, so that histories stay small. What is left is a reference to each. */
export async function keepLarge(outputs: JsonObject, keep: (text: string) => Promise<string>): Promise<JsonObject> {
  if (Object.values(outputs).some(isKept))
    throw new StepFailed(
      'An output looks like a reference of Signalbox itself ("$kept"), so nobody could tell them apart; name another.',
    );
  if (Buffer.byteLength(canonical(outputs)) <= carriedBytes) return outputs;
  const entries = await Promise.all(
    Object.entries(outputs).map(async ([name, value]): Promise<[string, Json]> => {
      const text = canonical(value);
      return [name, Buffer.byteLength(text) <= smallBytes ? value : { $kept: await keep(text) }];
    }),
  );
  return Object.fromEntries(entries);
}

/** Outputs by step, with every large one read back. */
export async function recallKept<Outputs extends { readonly [step: string]: JsonObject }>(
  outputs: Outputs,
  read: (digest: string) => Promise<Json>,
): Promise<Outputs> {
  const steps = await Promise.all(
    Object.entries(outputs).map(async ([step, values]): Promise<[string, JsonObject]> => {
      if (!Object.values(values).some(isKept)) return [step, values];
      const entries = await Promise.all(
        Object.entries(values).map(async ([name, value]): Promise<[string, Json]> => [
          name,
          isKept(value) ? await read(value.$kept) : value,
        ]),
      );
      return [step, Object.fromEntries(entries)];
    }),
  );
  return Object.fromEntries(steps) as Outputs;
}

function isKept(value: unknown): value is Kept & JsonObject {
  return typeof value === 'object' && value !== null && typeof (value as Partial<Kept>).$kept === 'string';
}
