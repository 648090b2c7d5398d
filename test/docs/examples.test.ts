import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatProblem } from '../../src/documents/read-yaml';
import type { PolicyFileText } from '../../src/policy/policy';
import { runPolicyTests } from '../../src/policy/policy-tests';
import { readRepository } from '../../src/policy/read-repository';

const docs = join(__dirname, '../../docs');

interface Block {
  /** `file`: the whole file from here on. `part`: these top-level keys instead of the file's own, here only. */
  readonly kind: 'file' | 'part';
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** The YAML blocks of a page that name a file, in their order. */
function blocksOf(page: string): readonly Block[] {
  return [...page.matchAll(/^```ya?ml (file|part)=(\S+)\n([\s\S]*?)^```$/gm)].map((match) => ({
    kind: match[1] as Block['kind'],
    path: match[2]!,
    line: page.slice(0, match.index).split('\n').length,
    text: match[3]!,
  }));
}

/** A file by its top-level keys, comments with the key after them. */
function sections(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const part of text.split(/^(?=[a-z_]+:)/m)) found.set(/^([a-z_]+):/.exec(part)?.[1] ?? '', part);
  return found;
}

const withParts = (whole: string, parts: string): string =>
  [...new Map([...sections(whole), ...sections(parts)]).values()].join('');

/** A page's repository as it stands at each block: what is wrong with it, and which of its policy tests differ. */
function problemsAfterEach(page: string): readonly { readonly block: Block; readonly problems: readonly string[] }[] {
  const files = new Map<string, PolicyFileText>();
  return blocksOf(page).map((block) => {
    const before = files.get(block.path)?.text ?? '';
    const text = block.kind === 'part' ? withParts(before, block.text) : block.text;
    const here = new Map([...files, [block.path, { text, blob: block.path }]]);
    if (block.kind === 'file') files.set(block.path, { text, blob: block.path });
    const read = readRepository({ files: here, commit: 'docs' });
    if (!read.ok) return { block, problems: read.problems.map(formatProblem) };
    // A part replaces what the page's tests are about.
    if (block.kind === 'part' || !block.path.startsWith('policy_tests/')) return { block, problems: [] };
    const tested = runPolicyTests(read.repository.policy);
    const differences = tested.results.flatMap((result) => result.differences.map((each) => `${result.name}: ${each}`));
    return { block, problems: [...tested.problems.map(formatProblem), ...differences] };
  });
}

const pages = ['policy.md', 'runbooks.md'] as const;

describe.each(pages)('every example of docs/%s', (name) => {
  const states = problemsAfterEach(readFileSync(join(docs, name), 'utf8'));

  test.each(states.map(({ block, problems }) => [`${block.path} in line ${block.line}`, problems] as const))(
    '%s can be used as it stands there',
    (_, problems) => {
      expect(problems).toEqual([]);
    },
  );

  test('names the file it is, so that none goes unread', () => {
    const page = readFileSync(join(docs, name), 'utf8');
    expect(page.match(/^```ya?ml\b.*$/gm)).toHaveLength(states.length);
    expect(states.length).toBeGreaterThan(5);
  });
});

test('control: an example with a slip, or one that promises something else, is noticed', () => {
  const page = readFileSync(join(docs, 'policy.md'), 'utf8');
  const all = (text: string) => problemsAfterEach(text).flatMap(({ problems }) => problems);
  expect(all(page.replace('require: [shop_team, security]', 'requires: [shop_team, security]'))).toEqual(
    expect.arrayContaining([expect.stringContaining('did you mean "require"')]),
  );
  expect(all(page.replace('waits_for: [office]', 'waits_for: []'))).toEqual([
    expect.stringContaining('at the weekend it waits for the window'),
  ]);
});
