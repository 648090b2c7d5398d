import type { Json, JsonObject } from '../../src/json';
import type { AnsibleHost } from '../../src/runbooks/ansible-hosts';
import { StepFailed } from './outcomes';

/**
 * A value as YAML in which every text that could hold a template is marked as data (`!unsafe`), so that Ansible never takes a part of it for a
 * template, wherever it is used.
 */
export function ansibleData(value: Json): string {
  // Ansible reads a marked "true", "0777" or "*" as if it had no quotes; nothing with a brace is any of these.
  if (typeof value === 'string') return value.includes('{') ? `!unsafe ${quoted(value)}` : quoted(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(ansibleData).join(', ')}]`;
  const entries = Object.entries(value as JsonObject).map(([key, item]) => `${keyOf(key)}: ${ansibleData(item)}`);
  return `{${entries.join(', ')}}`;
}

/** An inventory: hosts in their groups, with how they are reached and their variables. */
export function ansibleInventoryFile(hosts: readonly AnsibleHost[], all: { readonly [name: string]: string }): string {
  const listed = hosts.map(
    (host) => `    ${quoted(host.name)}: ${object([...reaching(host), ...Object.entries(host.vars ?? {})])}\n`,
  );
  const groups = [...new Set(hosts.flatMap((host) => host.groups ?? []))].sort().map((group) => {
    const members = hosts.filter((host) => host.groups?.includes(group));
    return `    ${quoted(group)}: {hosts: {${members.map(({ name }) => `${quoted(name)}: null`).join(', ')}}}\n`;
  });
  return [
    'all:\n  hosts:\n',
    ...listed,
    ...(groups.length > 0 ? ['  children:\n', ...groups] : []),
    `  vars: ${object(Object.entries(all))}\n`,
  ].join('');
}

function reaching({ address, port, user }: AnsibleHost): readonly (readonly [string, Json])[] {
  return [
    ...(address === undefined ? [] : [['ansible_host', address] as const]),
    ...(port === undefined ? [] : [['ansible_port', port] as const]),
    ...(user === undefined ? [] : [['ansible_user', user] as const]),
  ];
}

function object(entries: readonly (readonly [string, Json])[]): string {
  return ansibleData(Object.fromEntries(entries));
}

/** Keys cannot be marked, so those that look like a template are refused. */
function keyOf(key: string): string {
  if (/\{[{%#]/.test(key)) throw new StepFailed(`The key ${JSON.stringify(key.slice(0, 60))} looks like a template.`);
  return quoted(key);
}

/** A text in double quotes as YAML 1.1 reads it: everything that it could break a line at or refuse is escaped. */
function quoted(text: string): string {
  const escaped = [...text].map((letter) => {
    const code = letter.codePointAt(0)!;
    if (letter === '"' || letter === '\\') return `\\${letter}`;
    if (code >= 0x20 && code < 0x7f) return letter;
    if (code >= 0xd800 && code <= 0xdfff) throw new StepFailed('A value holds half a character and is no text.');
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return `"${escaped.join('')}"`;
}
