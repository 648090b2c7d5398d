import { readdirSync, readFileSync } from 'node:fs';

/** Name of the variable that marks every process of one group. */
export const groupVariable = 'SIGNALBOX_GROUP';

export interface LivingProcess {
  readonly pid: number;
  readonly residentBytes: number;
}

const pageBytes = 4096;

/**
 * Processes that live and belong to a group: by their process group or session, or, when they have left both, by the
 * token in their environment. Ended ones that nobody has waited for do not count.
 */
export function livingOf(group: {
  readonly token: string;
  /** First process of the group; its id is the id of the process group and of the session. */
  readonly leader?: number;
  /** Count every process that can be seen: for a guard that is alone in its world. */
  readonly all?: boolean;
}): readonly LivingProcess[] {
  const mark = `${groupVariable}=${group.token}`;
  return pidsIn('/proc').flatMap((pid) => {
    if (pid === process.pid) return [];
    const stat = statOf(pid);
    if (!stat) return [];
    const isIn = stat.group === group.leader || stat.session === group.leader;
    if (!group.all && !isIn && !hasMark(pid, mark)) return [];
    return [{ pid, residentBytes: stat.residentBytes }];
  });
}

/** Start of a process, which together with its id is never given twice; undefined when it does not live. */
export function startOf(pid: number): string | undefined {
  return statOf(pid)?.start;
}

function pidsIn(folder: string): readonly number[] {
  try {
    return readdirSync(folder).flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

function statOf(pid: number) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of a program stands in parentheses and may hold anything, parentheses too.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state, , group, session] = fields;
    if (state === 'Z' || state === 'X') return undefined;
    return {
      group: Number(group),
      session: Number(session),
      start: fields[19]!,
      residentBytes: Number(fields[21]) * pageBytes,
    };
  } catch {
    return undefined;
  }
}

function hasMark(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark);
  } catch {
    // Not ours to read, so not of our making.
    return false;
  }
}
