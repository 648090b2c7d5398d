import { transformFileSync } from '@swc/core';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFleet, type FleetIntervals, type RunningFleet } from '../../examples/fleet/start-fleet';

export interface TestFleet extends RunningFleet {
  readonly dataDir: string;
  /** Makes versions that the example company has not released known to its registry. */
  publish(service: string, ...versions: readonly string[]): Promise<void>;
}

/** A fleet for tests, with the waits of tests. Its instances are processes, so their program is compiled first. */
export async function startTestFleet(
  asked: { readonly dataDir?: string; readonly port?: number; readonly intervals?: Partial<FleetIntervals> } = {},
): Promise<TestFleet> {
  const dataDir = asked.dataDir ?? mkdtempSync(join(tmpdir(), 'signalbox-fleet-'));
  const intervals = { buildMs: 150, restartMs: 50, windowMs: 1_500, requestsPerSecond: 40, ...asked.intervals };
  const fleet = await startFleet({
    port: asked.port ?? 0,
    dataDir,
    intervals,
    instanceProgram: compiledInstance(dataDir),
  });
  return {
    ...fleet,
    dataDir,
    async publish(service, ...versions) {
      for (const version of versions) {
        const body = JSON.stringify({ version });
        const answer = await fetch(`${fleet.url}/services/${service}/versions`, { method: 'POST', body });
        if (!answer.ok) throw new Error(`${version} of ${service} was not published: ${await answer.text()}`);
      }
    },
  };
}

export function compiledInstance(folder: string): string {
  const { code } = transformFileSync(join(__dirname, '../../examples/fleet/instance.ts'), {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const program = join(folder, 'instance.cjs');
  writeFileSync(program, code);
  return program;
}
