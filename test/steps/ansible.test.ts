import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { saveProgress, type AnsibleProgress } from '../../activities/steps/ansible-progress';
import type { Json, JsonObject } from '../../src/json';
import type { FileRef } from '../../src/runbooks/file-ref';
import { hostileValues } from '../helpers/hostile-values';
import { attemptOf, environmentOf, failureOf } from './attempt';
import { openTools, packFiles, type TestTools } from './tools';

/** The real Ansible, on hosts that are names of this machine. */
const bin = process.env.ANSIBLE_BIN ?? join(__dirname, '../../.tools/ansible/bin');
process.env.PATH = `${bin}:${process.env.PATH}`;

const folder = mkdtempSync(join(tmpdir(), 'signalbox-ansible-'));
const at = (name: string): string => join(folder, name);
const task = (text: string): string => `- hosts: all\n  gather_facts: false\n  tasks:\n${text}`;
const playbooks = {
  'touch.yml': task(
    `    - { name: Touch, copy: { dest: "${folder}/{{ inventory_hostname }}", content: "{{ size | default(0) }}" } }\n    - set_stats: { aggregate: false, data: { size: "{{ size | default(0) }}" } }\n`,
  ),
  'write.yml': task(
    `    - { name: Write, copy: { dest: "${folder}/{{ inventory_hostname }}.json", content: "{{ [value, own] | to_json }}" } }\n`,
  ),
  'half.yml': task(
    `    - { name: Count, shell: 'echo x >> "${folder}/{{ inventory_hostname }}.count"' }\n    - { name: Look, stat: { path: "${folder}/mended" }, register: mended }\n    - { name: Check, fail: { msg: disk is full }, when: inventory_hostname == "bad" and not mended.stat.exists }\n`,
  ),
  'pool.yml': task(
    `    - { name: Check, fail: { msg: away }, when: inventory_hostname == "lb1" and not ("${folder}/lb-is-back" is exists) }\n    - { name: Pool, copy: { dest: "${folder}/{{ inventory_hostname }}.pool", content: "{{ groups['web'] | map('extract', hostvars, 'weight') | list | to_json }}" } }\n`,
  ),
  'counted.yml': task(
    `    - { name: Check, fail: { msg: disk is full }, when: inventory_hostname == "bad" and not ("${folder}/room" is exists) }\n    - set_stats: { data: { done: 1, names: ["{{ inventory_hostname }}"], by: "{{ {inventory_hostname: 1} }}" } }\n    - set_stats: { aggregate: false, data: { last: "{{ inventory_hostname }}" } }\n`,
  ),
  'local.yml': `${task(`    - { name: Check, fail: { msg: away }, when: inventory_hostname == "bad" and not ("${folder}/near" is exists) }\n    - { name: Count, shell: 'echo x >> "${folder}/{{ inventory_hostname }}.local"' }\n`)}- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n    - { name: Here, shell: 'echo x >> "${folder}/here"' }\n`,
  'adding.yml': `${task(`    - { name: Add, add_host: { name: "added", groups: more, ansible_connection: local } }\n`)}- hosts: more\n  gather_facts: false\n  tasks:\n    - { name: New, fail: { msg: not yet }, when: not ("${folder}/new" is exists) }\n`,
  'broken.yml': '- hosts: all\n  tasks: [ { nonsense: }\n',
  'nobody.yml': '- hosts: not_there\n  tasks: []\n',
  'slow.yml': task(`    - { name: Begin, shell: 'echo x > "${folder}/slow"; exec sleep 600' }\n`),
  'batches.yml': `- hosts: all\n  serial: 1\n  gather_facts: false\n  tasks:\n    - { name: Count, shell: 'echo x >> "${folder}/{{ inventory_hostname }}.batch"' }\n    - set_stats: { data: { batches: ["{{ inventory_hostname }}"] } }\n    - { name: Wait, command: sleep 600, when: inventory_hostname == "third" and not ("${folder}/go" is exists) }\n`,
};

let tools: TestTools;
let trees: { readonly playbooks: Awaited<ReturnType<typeof packFiles>> };
beforeAll(async () => {
  tools = await openTools();
  trees = { playbooks: await packFiles(tools.blobs, playbooks) };
});

const python = (): string => ['/usr/bin/python3', join(bin, 'python3')].find(existsSync)!;
const outputs = { ok: 'ok', changed: 'changed', failed: 'failed', facts: 'facts' };
const step = (playbook: string, more: JsonObject = {}, keys: JsonObject = {}) => ({
  id: 'make',
  uses: 'ansible/playbook',
  with: { playbook: `playbooks/${playbook}`, connection: 'local', python: python(), ...more },
  outputs,
  ...keys,
});

test('a playbook runs on its hosts, and each host says what came of it', async () => {
  const asked = { step: step('touch.yml', { hosts: ['web1', 'web2'], vars: { size: 5 } }), tools, trees };
  const first = await attemptOf('', asked);
  expect(first.outputs).toEqual({ ok: ['web1', 'web2'], changed: ['web1', 'web2'], failed: [], facts: { size: 5 } });
  expect(first.summary).toBe('2 hosts done, 2 changed');
  expect(readFileSync(at('web1'), 'utf8')).toBe('5');
  const second = await attemptOf('', asked);
  expect(second.outputs).toMatchObject({ ok: ['web1', 'web2'], changed: [] });
  expect(readFileSync(join(tools.folder, 'logs', second.log!.key), 'utf8')).toContain('TASK [Touch]');
});

test('a dry run changes nothing and shows what it would change', async () => {
  const made = await attemptOf('', { step: step('touch.yml', { hosts: ['dry'], check: true }), tools, trees });
  expect(made.outputs).toMatchObject({ changed: ['dry'] });
  expect(made.summary).toBe('1 of 1 host would change');
  expect(made.detail).toEqual(['would change dry']);
  expect(existsSync(at('dry'))).toBe(false);
  expect(readFileSync(join(tools.folder, 'logs', made.log!.key), 'utf8')).toContain('+++ after');
});

test('so does one that was not written as such, when it is asked for', async () => {
  const made = await attemptOf('', {
    step: step('touch.yml', { hosts: ['dry'] }, { undo: 'none' }),
    input: { mode: 'check' },
    tools,
    trees,
  });
  expect(made).toMatchObject({ summary: '1 of 1 host would change', detail: ['would change dry'], would: 'tried' });
  expect(made.outputs).toEqual({});
  expect(existsSync(at('dry'))).toBe(false);
  const failure = await failureOf('', {
    step: step('nobody.yml', { hosts: ['dry'] }),
    input: { mode: 'check' },
    tools,
    trees,
  });
  expect(failure.message).toMatch(/did nothing on dry/);
});

test('an inventory of an earlier step is used, and a limit takes a part of it', async () => {
  const inventory = await attemptOf('', {
    step: {
      id: 'list',
      uses: 'ansible/inventory',
      with: { hosts: '${{ inputs.found }}' },
      outputs: { inventory: 'inventory', names: 'names', count: 'count' },
    },
    inputs: { found: [{ name: 'inv1', address: '127.0.0.1', groups: ['web'], vars: { size: 7 } }, 'inv2'] },
    tools,
  });
  expect(inventory.outputs).toMatchObject({ names: ['inv1', 'inv2'], count: 2 });
  const given = { inventory: '${{ inputs.inventory }}', limit: ['inv1'] };
  const inputs = { inventory: inventory.outputs.inventory as Json };
  const made = await attemptOf('', { step: step('touch.yml', given), inputs, tools, trees });
  expect(made.outputs).toMatchObject({ ok: ['inv1'] });
  expect(readFileSync(at('inv1'), 'utf8')).toBe('7');
  expect(existsSync(at('inv2'))).toBe(false);
});

test('hosts that failed are named, and the next attempt does only those', async () => {
  const asked = { step: step('half.yml', { hosts: ['good', 'bad'] }), tools, trees };
  let details: unknown;
  const environment = environmentOf({});
  environment.on('heartbeat', (told: unknown) => (details = told));
  const failure = await failureOf('', { ...asked, environment });
  expect(failure.message).toBe('1 of 2 hosts are not done: bad (Check: disk is full).');
  expect(failure.nonRetryable).toBe(false);
  writeFileSync(at('mended'), '');
  const made = await attemptOf('', { ...asked, attempt: 2, heartbeatDetails: details });
  expect(made.outputs).toMatchObject({ ok: ['bad', 'good'] });
  expect(readFileSync(at('good.count'), 'utf8')).toBe('x\n');
  expect(readFileSync(at('bad.count'), 'utf8')).toBe('x\nx\n');
});

test('batches that ended before an attempt was killed are not done again', async () => {
  const asked = {
    step: step('batches.yml', { hosts: ['first', 'second', 'third'] }),
    tools,
    trees,
  };
  let last: unknown;
  const environment = environmentOf({});
  environment.on('heartbeat', (told: unknown) => (last = told));
  const running = attemptOf('', { ...asked, environment }).catch((error: unknown) => error);
  while ((await doneIn(last)).length < 2) await pause(50);
  environment.cancel();
  await running;
  writeFileSync(at('go'), '');
  const made = await attemptOf('', { ...asked, attempt: 2, heartbeatDetails: last });
  expect(made.outputs).toMatchObject({ ok: ['first', 'second', 'third'] });
  expect(made.outputs.facts).toEqual({ batches: ['first', 'second', 'third'] });
  expect(readFileSync(at('first.batch'), 'utf8')).toBe('x\n');
  expect(readFileSync(at('second.batch'), 'utf8')).toBe('x\n');
});

/** Hosts that are done by what an attempt left for the next. */
async function doneIn(details: unknown): Promise<readonly string[]> {
  const { checkpoint } = (details ?? {}) as { readonly checkpoint?: FileRef };
  if (!checkpoint) return [];
  const kept = JSON.parse((await tools.blobs.get(checkpoint.$file.digest)).toString('utf8')) as AnsibleProgress;
  return [...kept.ok, ...kept.changed];
}

/** Two attempts, with something mended between them; what the first left for the second counts. */
async function twice(written: JsonObject, mend: () => void) {
  let left: unknown;
  const environment = environmentOf({});
  environment.on('heartbeat', (told: unknown) => (left = told));
  const failure = await failureOf('', { step: written, tools, trees, environment });
  mend();
  const made = await attemptOf('', { step: written, tools, trees, attempt: 2, heartbeatDetails: left });
  return { failure, made, left };
}

const pool: readonly Json[] = [
  { name: 'pool1', groups: ['web'], vars: { weight: 1 } },
  { name: 'pool2', groups: ['web'], vars: { weight: 2 } },
  { name: 'lb1', groups: ['lb'] },
];

test('another attempt and a limit see the whole inventory and work on their part of it only', async () => {
  const { made } = await twice(step('pool.yml', { hosts: pool }), () => writeFileSync(at('lb-is-back'), ''));
  expect(made.outputs).toMatchObject({ ok: ['lb1', 'pool1', 'pool2'] });
  expect(readFileSync(at('lb1.pool'), 'utf8')).toBe('[1, 2]');
  const limited: readonly Json[] = [
    { name: 'pool3', groups: ['web'], vars: { weight: 3 } },
    { name: 'all', groups: ['lb'] },
  ];
  const given = { hosts: [...pool, ...limited], limit: ['all'] };
  const part = await attemptOf('', { step: step('pool.yml', given), tools, trees });
  expect(part.outputs).toMatchObject({ ok: ['all'] });
  expect(readFileSync(at('all.pool'), 'utf8')).toBe('[1, 2, 3]');
  expect(existsSync(at('pool3.pool'))).toBe(false);
});

test('facts of hosts that were done before count beside those of another attempt', async () => {
  const { made } = await twice(step('counted.yml', { hosts: ['good1', 'bad', 'good2'] }), () =>
    writeFileSync(at('room'), ''),
  );
  expect(made.outputs.facts).toEqual({
    done: 3,
    names: ['good1', 'good2', 'bad'],
    by: { good1: 1, good2: 1, bad: 1 },
    last: 'bad',
  });
});

test('a play on the runner itself is done in each attempt', async () => {
  const { made } = await twice(step('local.yml', { hosts: ['far', 'bad'] }), () => writeFileSync(at('near'), ''));
  expect(made.outputs).toMatchObject({ ok: ['bad', 'far', 'localhost'] });
  expect(readFileSync(at('far.local'), 'utf8')).toBe('x\n');
  expect(readFileSync(at('here'), 'utf8')).toBe('x\nx\n');
});

test('what failed outside of the inventory is no success of the next attempt', async () => {
  const { failure, made } = await twice(step('adding.yml', { hosts: ['origin'] }), () => writeFileSync(at('new'), ''));
  expect(failure.message).toMatch(/added \(New: not yet\).*so another attempt begins with all hosts\./);
  expect(made.outputs).toMatchObject({ ok: ['added', 'origin'] });
});

test('thousands of hosts with long names that are done are not done again', async () => {
  const names = Array.from({ length: 5_000 }, (_, index) => `node-${10_000 + index}.dc1.example.com`);
  const asked = { step: step('half.yml', { hosts: [...names, 'bad'] }), tools, trees };
  let left: { readonly checkpoint?: Json } = {};
  const saved = {
    checkpoint: () => undefined,
    saveCheckpoint: async (checkpoint: Json) => void (left = { checkpoint }),
    keepFile: async (bytes: Uint8Array, name: string) => ({
      $file: { digest: await tools.blobs.put(bytes), bytes: bytes.length, name },
    }),
    readFile: ({ $file }: FileRef) => tools.blobs.get($file.digest),
  };
  await saveProgress(saved, { ok: [], changed: names, facts: {} });
  rmSync(at('mended'), { force: true });
  const environment = environmentOf({ attempt: 2, heartbeatDetails: left });
  environment.on('heartbeat', (told: typeof left) => (left = told));
  const failure = await failureOf('', { ...asked, environment });
  expect(failure.message).toBe('1 of 5001 hosts are not done: bad (Check: disk is full).');
  expect(Buffer.byteLength(JSON.stringify(left))).toBeLessThan(1_000);
  writeFileSync(at('mended'), '');
  const made = await attemptOf('', { ...asked, attempt: 3, heartbeatDetails: left });
  expect(made.summary).toBe('5001 hosts done, 5001 changed');
});

test('a host that is not reached is told apart from one that failed', async () => {
  const hosts = [{ name: 'away', address: '127.0.0.1', port: 1 }];
  const failure = await failureOf('', { step: step('touch.yml', { hosts, connection: 'ssh' }), tools, trees });
  expect(failure.message).toMatch(/1 of 1 hosts are not done: away \(not reached: .*refused/i);
});

test.each<[string, JsonObject, RegExp]>([
  ['does not parse', step('broken.yml', { hosts: ['a'] }), /broken\.yml did not run to its end \(code/],
  ['is not there', step('missing.yml', { hosts: ['a'] }), /missing\.yml did not run to its end/],
  ['names none of the hosts', step('nobody.yml', { hosts: ['a'] }), /did nothing on a; its "hosts" have to name them/],
  ['has no host', step('touch.yml', { hosts: [] }), /no host/],
  ['is limited to a stranger', step('touch.yml', { hosts: ['a'], limit: ['b'] }), /limit names b/],
  [
    'takes too long',
    step('slow.yml', { hosts: ['a'] }, { timeout: '6s' }),
    /ansible-playbook was not done after 5s and was ended/,
  ],
])('a playbook that %s ends in a sentence', async (_, written, sentence) => {
  expect((await failureOf('', { step: written, tools, trees })).message).toMatch(sentence);
});

test('a cancelled playbook leaves no module running on this machine', async () => {
  const environment = environmentOf({});
  const asked = { step: step('slow.yml', { hosts: ['a'] }), tools, trees, environment };
  writeFileSync(at('slow'), '');
  const running = attemptOf('', asked).catch((error: unknown) => error);
  while (readFileSync(at('slow'), 'utf8') === '') await pause(20);
  environment.cancel();
  expect(await running).toMatchObject({ name: 'CancelledFailure' });
  expect(sleepersIn(tools.workPlace)).toEqual([]);
  expect(readdirSync(tools.workPlace)).toEqual([]);
});

/** Processes that still work in a folder. */
function sleepersIn(place: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(place);
    } catch {
      return false;
    }
  });
}

test('hostile values stay plain data in variables of the step and of a host', async () => {
  const values = hostileValues;
  const hosts = [{ name: 'data', vars: { own: '${{ inputs.values }}' } }];
  const made = await attemptOf('', {
    step: step('write.yml', { hosts, vars: { value: '${{ inputs.values }}' } }),
    inputs: { values: values as unknown as Json },
    tools,
    trees,
  });
  expect(made.outputs).toMatchObject({ ok: ['data'] });
  expect(JSON.parse(readFileSync(at('data.json'), 'utf8'))).toEqual([values, values]);
  expect(existsSync('owned') || existsSync(at('owned'))).toBe(false);
});

const plain = /^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?$/;
test.each(hostileValues.filter((value) => !plain.test(value) || value.length > 253))(
  'no host, address, user, limit or tag can be called %j',
  async (value) => {
    const at = (more: JsonObject) => failureOf('', { step: step('touch.yml', more), inputs: { value }, tools, trees });
    const given = '${{ inputs.value }}';
    for (const more of [
      { hosts: [given] },
      { hosts: [{ name: 'a', address: given }] },
      { hosts: [{ name: 'a', user: given }] },
      { hosts: [{ name: 'a', groups: [given] }] },
      { hosts: ['a'], limit: [given] },
      { hosts: ['a'], tags: [given] },
      { hosts: ['a'], user: given },
    ] as JsonObject[])
      expect((await at(more)).message).toMatch(/cannot be carried out/);
  },
);

test.each(['ansible_connection', 'ansible_ssh_common_args', 'ANSIBLE_host', 'hostvars', 'a b', 'a-b', ''])(
  'no variable can be called %j',
  async (name) => {
    for (const more of [
      { hosts: ['a'], vars: { [name]: 1 } },
      { hosts: [{ name: 'a', vars: { [name]: 1 } }] },
    ] as JsonObject[])
      expect((await failureOf('', { step: step('touch.yml', more), tools, trees })).message).toMatch(
        /cannot be carried out/,
      );
  },
);
