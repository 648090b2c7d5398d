import { readdirSync, readFileSync } from 'node:fs';

/** All processes below one, however deep. */
export function childrenOf(pid: number | undefined): readonly number[] {
  if (pid === undefined) return [];
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) ? statOf(Number(name))?.parent : undefined;
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  const isBelow = (one: number): boolean => {
    const parent = parents.get(one);
    return parent !== undefined && (parent === pid || isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow);
}

/** A process and not another one that gets its number later: the system begins anew with them once all were given out. */
export interface KnownProcess {
  readonly pid: number;
  /** Clock ticks from the start of the machine to that of the process: field 22 of proc(5). */
  readonly startedAt: number;
}

/** Undefined where it has ended. */
export function knownProcess(pid: number): KnownProcess | undefined {
  const stat = statOf(pid);
  return stat && { pid, startedAt: stat.startedAt };
}

/** False as well for one that has ended and is only waiting to be reaped. */
export function isAlive({ pid, startedAt }: KnownProcess): boolean {
  return statOf(pid)?.startedAt === startedAt;
}

export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return `process ${pid}`;
  }
}

function statOf(pid: number): { readonly parent: number; readonly startedAt: number } | undefined {
  try {
    // From field 3 on: the name before it may have blanks.
    const [state, parent, ...rest] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return state === 'Z' ? undefined : { parent: Number(parent), startedAt: Number(rest[17]) };
  } catch {
    return undefined;
  }
}
