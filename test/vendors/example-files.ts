import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { JsonObject } from '../../src/json';
import type { RunbookAsked } from '../helpers/run-runbook';

const root = join(__dirname, '../../examples/policy');

/** Files of the example company, as a company would copy them. */
export function exampleFiles(...paths: readonly string[]): { readonly [path: string]: string } {
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

/** A runbook of one step that uses an action of the example company over one connection, whose vendor is at `origin`. */
export function oneAction(asked: {
  readonly action: string;
  readonly connection: string;
  readonly origin: string;
  readonly inputs: JsonObject;
  /** Steps after it, as a runbook writes them. */
  readonly then?: readonly JsonObject[];
}): RunbookAsked {
  const steps = [{ id: 'act', uses: `actions/${asked.action}`, with: asked.inputs }, ...(asked.then ?? [])];
  return {
    files: {
      ...exampleFiles(`actions/${asked.action}.yaml`, `connections/${asked.connection}.yaml`),
      'runbooks/work.yaml': stringify({ name: 'work', steps }),
    },
    runbook: 'work',
    connections: { [asked.connection]: { origin: asked.origin } },
    pace: 100,
  };
}

/** Fails a run after everything before it was done, so that it is undone. */
export const failing: JsonObject = { uses: 'fail', with: { message: 'What comes after it failed.' } };

/** Waits until something holds, 20 s at most. */
export async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it never held');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
