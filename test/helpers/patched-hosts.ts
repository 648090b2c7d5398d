import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { examplePolicy } from './company';

/** One line of what the hosts' own program wrote: when (ms), what, about which host. */
export interface HostLine {
  readonly at: number;
  readonly what: 'begin' | 'end';
  readonly host: string;
}

/**
 * Hosts that are names of this machine, and the program that works on them. It takes a while, writes down when it begins and
 * ends, and notices a second one of its kind on the same host.
 */
export class PatchedHosts {
  private readonly folder = mkdtempSync(join(tmpdir(), 'signalbox-hosts-'));
  readonly program = join(this.folder, 'work-on-host');

  constructor(readonly names: readonly string[]) {
    writeFileSync(
      this.program,
      `#!/bin/sh
cd ${this.folder} || exit 9
exec 9>>"$1.lock"
flock -n 9 || echo "$1" >> two-writers
echo "$(date +%s%3N) begin $1" >> log
if [ -e "$1.full" ]; then echo "the disk is full" >&2; exit 1; fi
if [ -e "$1.done" ]; then echo "nothing to do"; else sleep 0.4; touch "$1.done"; fi
echo "$(date +%s%3N) end $1" >> log
`,
    );
    chmodSync(this.program, 0o755);
  }

  /** As the inventory of a company tells them. */
  get inventory(): object {
    const role = (index: number): string => (index % 2 === 0 ? 'web' : 'db');
    return { hosts: this.names.map((name, index) => ({ name, ip: '127.0.0.1', role: role(index) })) };
  }

  fill(...names: readonly string[]): void {
    for (const name of names) writeFileSync(join(this.folder, `${name}.full`), '');
  }

  mend(...names: readonly string[]): void {
    for (const name of names) rmSync(join(this.folder, `${name}.full`));
  }

  /** Hosts that have what they should. */
  get done(): readonly string[] {
    return this.names.filter((name) => existsSync(join(this.folder, `${name}.done`)));
  }

  get log(): readonly HostLine[] {
    return this.read('log').map((line) => {
      const [at, what, host] = line.split(' ') as [string, HostLine['what'], string];
      return { at: Number(at), what, host };
    });
  }

  /** How often the work on a host was begun. */
  begun(host: string): number {
    return this.log.filter((line) => line.host === host && line.what === 'begin').length;
  }

  /** Hosts on which two worked at the same time. */
  get twoWriters(): readonly string[] {
    return this.read('two-writers');
  }

  private read(name: string): readonly string[] {
    const path = join(this.folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  }
}

/** Where `python3` is that Ansible may use on this machine. */
const python = ['/usr/bin/python3', join(process.env.ANSIBLE_BIN ?? '', 'python3')].find(existsSync)!;

/** Files of the example company as they are, but that hosts are this machine instead of others behind ssh, and have this program. */
export function examplesOnThisMachine(program: string): { readonly [path: string]: string } {
  const files = { ...examplePolicy(0), ...workedOnBy({ patch: program, reindex: program }) };
  const chosen = ['patch-hosts', 'reindex-hosts'].map((name): [string, string] => {
    const path = `runbooks/${name}.yaml`;
    return [path, onThisMachine(path, files[path]!)];
  });
  return { ...files, ...Object.fromEntries(chosen) };
}

/** A runbook of the example company whose hosts are this machine. */
export function onThisMachine(path: string, text: string): string {
  const reach = /user: signalbox\n +key: \{ file: [^}]+ \}/g;
  if (!text.match(reach)) throw new Error(`${path} no longer says how hosts are reached`);
  return text.replace(reach, (found) => `connection: local${/\n +/.exec(found)![0]}python: ${python}`);
}

/** Playbooks of the example company, each with this program in the place of the one that its hosts have. */
export function workedOnBy(programs: { readonly [playbook: string]: string }): { readonly [path: string]: string } {
  const files = examplePolicy(0);
  const own = Object.entries(programs).map(([playbook, program]): [string, string] => {
    const path = `playbooks/${playbook}.yml`;
    const text = files[path]!.replace(/argv: \[\/[^,]+,/, `argv: [${program},`);
    if (!text.includes(program)) throw new Error(`${path} no longer says what is run`);
    return [path, text];
  });
  return Object.fromEntries(own);
}
