import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse } from 'yaml';
import { formatProblem } from '../../src/documents/read-yaml';
import { jsonSchemaOf, schemaFolder, schemaHeader } from '../../src/policy/file-formats';
import { runPolicyTests } from '../../src/policy/policy-tests';
import { readRepository } from '../../src/policy/read-repository';
import { type } from '../cli/terminal';

const root = join(__dirname, '../../examples/policies');
const companies = ['bank', 'hospital', 'start-up'] as const;
type Company = (typeof companies)[number];

const texts = new Map(companies.map((company) => [company, textsOf(join(root, company))]));

function textsOf(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    // Made for editors on this machine, and no part of the example.
    .filter((path) => !path.includes(`/${schemaFolder}/`));
  return new Map(files.map((path) => [relative(folder, path), readFileSync(path, 'utf8')]));
}

function testsOf(files: ReadonlyMap<string, string>) {
  const read = readRepository({
    files: new Map([...files].map(([path, text]) => [path, { text, blob: text }])),
    commit: 'example',
  });
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join('\n'));
  return runPolicyTests(read.repository.policy);
}

describe.each(companies)('the example policy of the %s', (company) => {
  const dir = join(root, company);
  const files = texts.get(company)!;

  test('is read without a problem and without a warning', async () => {
    const { code, out, err } = await type(['policy', 'check', '--dir', dir, '--json']);
    expect(err).toBe('');
    expect(JSON.parse(out)).toMatchObject({ ok: true, problems: [], unread: [], warnings: [], failedTests: 0 });
    expect(code).toBe(0);
  });

  test('passes its own tests, of which there are at least fifteen, each about something of its own', async () => {
    const { code, out } = await type(['policy', 'test', '--dir', dir, '--json']);
    const { results } = JSON.parse(out) as { results: { name: string; differences: string[] }[] };
    expect(results.filter(({ differences }) => differences.length > 0)).toEqual([]);
    expect(code).toBe(0);
    expect(results.length).toBeGreaterThanOrEqual(15);
    expect(new Set(results.map(({ name }) => name)).size).toBe(results.length);
    const questions = [...files]
      .filter(([path]) => path.startsWith('policy_tests/'))
      .flatMap(([, text]) => (parse(text) as { tests: { name: string }[] }).tests)
      .map((test) => JSON.stringify({ ...test, name: '' }));
    expect(new Set(questions).size).toBe(results.length);
  });

  test('tells editors the format of every file', () => {
    for (const [path, text] of files) expect([path, text.split('\n')[0]]).toEqual([path, schemaHeader(path)]);
  });

  test('names no key of a service that neither the format nor its own rules know', () => {
    const rules = files.get('policy.yaml')!;
    const unknown = [...files]
      .filter(([path]) => path.startsWith('configs/services/'))
      .flatMap(([, text]) => strangers(jsonSchemaOf('service') as Shape, parse(text), ''));
    expect(unknown.filter((key) => !rules.includes(key))).toEqual([]);
  });

  test('uses each runbook, connection and service file that it has', () => {
    const all = [...files.values()].join('\n');
    const uses = (path: string): string | undefined => {
      const name = path.split('/').at(-1)!.replace('.yaml', '');
      if (path.startsWith('runbooks/')) return `runbook: ${name} }`;
      if (path.startsWith('configs/services/')) return `service: ${name}, environment:`;
      if (!path.startsWith('connections/')) return undefined;
      return files.get(path)!.includes('kind: git') ? `repository: ${name}\n` : `connection: ${name}\n`;
    };
    expect([...files.keys()].filter((path) => !all.includes(uses(path) ?? ''))).toEqual([]);
  });
});

interface Shape {
  readonly properties?: { readonly [key: string]: Shape };
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
}

/** Keys that a shape does not list, such as `service.tier`. */
function strangers(shape: Shape, value: unknown, path: string): readonly string[] {
  if (Array.isArray(value)) return shape.items ? value.flatMap((each) => strangers(shape.items!, each, path)) : [];
  if (typeof value !== 'object' || value === null || !shape.properties) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const place = path ? `${path}.${key}` : key;
    const known = shape.properties![key];
    return known ? strangers(known, inner, place) : [place];
  });
}

/** One rule changed in each line: what it says, what it says instead, and a test that must not let that pass. */
const slips: readonly {
  readonly company: Company;
  readonly what: string;
  readonly file?: string;
  readonly from: string;
  readonly to: string;
  readonly noticed: string;
}[] = [
  {
    company: 'bank',
    what: 'nobody of the board any more',
    from: 'require: [engineering_leads, security, change_board]',
    to: 'require: [engineering_leads, security]',
    noticed: 'payments takes a lead, security and the board',
  },
  {
    company: 'bank',
    what: 'an hour more of every evening',
    from: 'from: "20:00", to: "23:00"',
    to: 'from: "20:00", to: "24:00"',
    noticed: 'at 23:00 it is over',
  },
  {
    company: 'bank',
    what: 'no freeze over the year’s end',
    from: 'name: year end\n    every: year\n    from: "12-15"\n    to: "01-04"',
    to: 'name: year end\n    every: year\n    from: "12-24"\n    to: "12-24"',
    noticed: 'from 15 December production stands still',
  },
  {
    company: 'bank',
    what: 'authors may ask',
    from: 'sox: { segregation: three_people }',
    to: 'sox: { segregation: approvers }',
    noticed: 'who wrote a part of it does not ask for it',
  },
  {
    company: 'bank',
    what: 'a ledger that is under no regime',
    file: 'configs/services/ledger.yaml',
    from: 'sox: required',
    to: 'sox: none',
    noticed: 'when nobody can tell who wrote it, the ledger stays as it is',
  },
  {
    company: 'hospital',
    what: 'one of clinical safety for a pump',
    from: '{ team: clinical_safety, count: 2 }',
    to: 'clinical_safety',
    noticed: 'a pump takes two of clinical safety',
  },
  {
    company: 'hospital',
    what: 'Friday nights too',
    from: 'small-hours: { days: mon-thu',
    to: 'small-hours: { days: mon-fri',
    noticed: 'Friday has no night of its own',
  },
  {
    company: 'hospital',
    what: 'no freeze over Christmas',
    from: 'to: "01-02"\n    environments: [wards-ie, wards-us]',
    to: 'to: "01-02"\n    environments: [wards-us]',
    noticed: 'from 23 December it takes clinical safety to let something pass',
  },
  {
    company: 'hospital',
    what: 'data of patients anywhere',
    from: 'regions: ["eu-*"], privacy_assessment: { max_age: 365d }',
    to: 'regions: ["*"], privacy_assessment: none',
    noticed: 'GDPR refuses a region outside the Union and an assessment of last year',
  },
  {
    company: 'hospital',
    what: 'incidents that hold nothing back',
    from: 'incidents: { freeze: service }',
    to: 'incidents: { freeze: none }',
    noticed: 'an incident of the charts holds the charts back',
  },
  {
    company: 'hospital',
    what: 'another person on call',
    file: 'oncall/clinical-it.yaml',
    from: 'rotation: [U0DARA, U0AOIFE]',
    to: 'rotation: [U0AOIFE, U0DARA]',
    noticed: 'the break-glass of somebody who is not on call this week is refused',
  },
  {
    company: 'start-up',
    what: 'no founder',
    from: 'require: [developers, founders]',
    to: 'require: [developers]',
    noticed: 'billing takes a founder as well',
  },
  {
    company: 'start-up',
    what: 'the till’s code from elsewhere is nothing special',
    from: 'path.startsWith("billing/")',
    to: 'path == "billing"',
    noticed: 'a change of the web that touches the till takes a founder as well',
  },
  {
    company: 'start-up',
    what: 'a weekend that begins at three',
    from: 'cron: "0 14 * * fri"\n    for: 66h',
    to: 'cron: "0 15 * * fri"\n    for: 65h',
    noticed: 'at 14:00 it is weekend, unless somebody says why not',
  },
  {
    company: 'start-up',
    what: 'no freeze before Mother’s Day',
    from: 'from: 2027-05-03\n    to: 2027-05-09',
    to: 'from: 2026-05-03\n    to: 2026-05-09',
    noticed: "before Mother's Day versions stay at home",
  },
];

test.each(slips)('the tests of the $company notice: $what', ({ company, file = 'policy.yaml', from, to, noticed }) => {
  const files = texts.get(company)!;
  expect(files.get(file)!.split(from)).toHaveLength(2);
  const { results } = testsOf(new Map([...files, [file, files.get(file)!.replace(from, to)]]));
  const failed = results.filter(({ differences }) => differences.length > 0).map(({ name }) => name);
  expect(failed).toContain(noticed);
});

test('control: a misspelt key and a key of a service that nobody reads are noticed', async () => {
  const files = texts.get('start-up')!;
  const misspelt = files.get('policy.yaml')!.replace('freezes:', 'freeze:');
  expect(() => testsOf(new Map([...files, ['policy.yaml', misspelt]]))).toThrow(/did you mean "freezes"/);
  const service = { service: { name: 'web', compliance: { soxx: 'required' }, tier: 1 } };
  expect(strangers(jsonSchemaOf('service') as Shape, service, '')).toEqual(['service.compliance.soxx', 'service.tier']);
});
