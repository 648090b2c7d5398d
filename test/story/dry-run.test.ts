import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { endWell, openCompany, startAll, type Company } from '../helpers/company';
import { password, TestPostgres } from '../helpers/postgres';
import { peopleOf } from './people';

jest.setTimeout(300_000);

const bin = process.env.ANSIBLE_BIN ?? join(__dirname, '../../.tools/ansible/bin');
const python = ['/usr/bin/python3', join(bin, 'python3')].find(existsSync)!;
process.env.PATH = `${bin}:${process.env.PATH}`;

let company: Company;
let database: TestPostgres;
let touched: string;

beforeAll(async () => {
  database = await TestPostgres.start();
  await database.ask('create table orders (id int primary key)');
  await database.ask('insert into orders values (1), (2)');
  touched = join(process.env.TMPDIR ?? '/tmp', `signalbox-dry-${process.pid}`);
  const { name: _name, ...connection } = { ...database.connection };
  company = await openCompany({
    env: { DB_PASSWORD: password },
    policy: {
      'connections/dry-db.yaml': JSON.stringify({ connection: { name: 'dry-db', ...connection } }),
      'playbooks/dry.yml': `- hosts: all\n  gather_facts: false\n  tasks:\n    - { name: Touch, copy: { dest: "${touched}-{{ inventory_hostname }}", content: x } }\n`,
      'runbooks/tidy.yaml': `name: tidy
inputs:
  host: { type: string }
steps:
  - id: hosts
    uses: ansible/inventory
    with: { hosts: ["\${{ inputs.host }}"] }
    outputs: { inventory: inventory }
  - id: touch
    name: Touch the hosts
    uses: ansible/playbook
    with: { playbook: playbooks/dry.yml, inventory: "\${{ steps.hosts.outputs.inventory }}", connection: local, python: ${python} }
    undo: none
  - id: empty
    name: Empty the table
    uses: sql/execute
    with: { connection: dry-db, statement: delete from orders }
    undo: none
  - id: ship
    name: Tell the fleet
    uses: http/request
    with: { connection: fleet, method: PUT, path: "/services/\${{ inputs.host }}" }
    undo: none
`,
    },
  });
  await startAll(company);
});

afterAll(async () => {
  await endWell(company);
  await database.stop();
});

test('a dry run of a runbook has each tool try its step, says what the others would do, and changes nothing', async () => {
  const people = peopleOf(company);
  await people.type('U0ANA', '/runbook', 'run tidy web-1 --check');

  const card = await company.card('#deploys', people.shows('Checked'), 'the card of the dry run');

  const shown = JSON.stringify(card);
  expect(shown).toContain('3 steps were tried');
  expect(shown).toContain('Touch the hosts: 1 of 1 host would change');
  expect(shown).toContain('would change web-1');
  expect(shown).toContain('Empty the table: the database would take it');
  expect(shown).toContain(
    'Tell the fleet: would run http/request, with connection: fleet, method: PUT, path: /services/web-1',
  );
  expect(existsSync(`${touched}-web-1`)).toBe(false);
  expect(await database.ask('select count(*)::int as left from orders')).toEqual([{ left: 2 }]);
});
