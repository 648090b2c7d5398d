import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { ambient } from '../../src/config';

/** What this machine lets a runner put around the programs it runs. */
export interface Isolation {
  /** `namespace`: the kernel ends the whole group with its guard; `group`: the guard finds and ends each process. */
  readonly processes: 'namespace' | 'group';
  /** Whether a program can be kept from the network. */
  readonly network: 'can be cut' | 'always there';
  /** Words of the command that puts a guard into a world of its own; empty where there is none. */
  readonly enter: readonly string[];
  /** Program that sets limits of the kernel, where there is one. */
  readonly limiter?: string;
}

const cutNetwork = '--net';
const common = ['--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'];

/** Ways into a world of one's own: as root, and as anybody where the kernel allows it. */
const ways: readonly (readonly string[])[] = [common, ['--user', '--map-current-user', ...common]];

/** Tries what works here; it starts up to four short processes, so ask once a process. */
export function findIsolation(): Isolation {
  const limiter = programAt('prlimit');
  const unshare = programAt('unshare');
  for (const way of unshare === undefined ? [] : ways) {
    if (!works(unshare!, way)) continue;
    const network = works(unshare!, [...way, cutNetwork]) ? 'can be cut' : 'always there';
    return { processes: 'namespace', network, enter: [unshare!, ...way], limiter };
  }
  return { processes: 'group', network: 'always there', enter: [], limiter };
}

/** Words before the guard's own. */
export function entering(isolation: Isolation, network: 'host' | 'none'): readonly string[] {
  if (isolation.enter.length === 0) return [];
  return [...isolation.enter, ...(network === 'none' && isolation.network === 'can be cut' ? [cutNetwork] : []), '--'];
}

/** Absolute path of a program that the search path of this process finds. */
export function programAt(name: string, path: string = ambient(['PATH']).PATH ?? ''): string | undefined {
  return path
    .split(':')
    .map((folder) => `${folder}/${name}`)
    .find((file) => file.startsWith('/') && existsSync(file));
}

function works(unshare: string, way: readonly string[]): boolean {
  const tried = spawnSync(unshare, [...way, '--', 'true'], {
    timeout: 10_000,
    stdio: 'ignore',
    env: ambient(['PATH']),
  });
  return tried.status === 0;
}
