import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseLine } from '../../src/commands/grammar';

const root = join(__dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** Rows of a page that say `file` › *title*, and those that claim something and name no test. */
function claimsOf(page: string) {
  const rows = page.split('\n').filter((line) => /^\| .* \|$/.test(line) && !/^\| (feature|---)/.test(line));
  return rows.map((row) => {
    const [, feature = '', today = '', shown = ''] = row
      .split(' | ')
      .flatMap((cell, at) => (at === 0 ? ['', cell] : [cell]));
    const [, file = '', title = ''] = /`(test\/[^`]+)` › \*(.+)\*/.exec(shown) ?? [];
    return { feature: feature.replace(/^\| /, ''), today, file, title };
  });
}

const isThere = ({ file, title }: { readonly file: string; readonly title: string }): boolean =>
  existsSync(join(root, file)) && read(file).replaceAll("\\'", "'").includes(title);

describe('docs/features.md', () => {
  const claims = claimsOf(read('docs/features.md'));

  test('says of every feature whether it is there, and shows what is by a test', () => {
    expect(claims.length).toBeGreaterThan(60);
    expect(claims.filter(({ today }) => !/^(yes|part|no)\b/.test(today))).toEqual([]);
    expect(claims.filter(({ today, title }) => !today.startsWith('no') && title === '')).toEqual([]);
  });

  test.each(claims.filter(({ title }) => title !== '').map((claim) => [claim.feature, claim] as const))(
    '%s: the test it names exists',
    (_, claim) => {
      expect(isThere(claim) ? undefined : `${claim.file} › ${claim.title}`).toBeUndefined();
    },
  );

  test('control: a test that does not exist is noticed', () => {
    expect(isThere({ file: 'test/docs/features.test.ts', title: ['no such', 'title'].join(' ') })).toBe(false);
    expect(isThere({ file: 'test/docs/nowhere.test.ts', title: 'x' })).toBe(false);
  });
});

const pages = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith('.md'),
);

describe.each(pages)('%s', (page) => {
  test('leads nowhere that does not exist', () => {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(#[^)\s]*)?\)/g)];
    const lost = links.filter(([, path = '', anchor = '']) => {
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(root, target))) return true;
      return anchor !== '' && !anchorsOf(read(target)).includes(anchor.slice(1));
    });
    expect(lost.map(([link]) => link)).toEqual([]);
  });

  test('names no file of the project that does not exist', () => {
    const named = [
      ...read(page).matchAll(/`((?:src|bot|workflows|activities|test|scripts|examples|docs)\/[\w./-]+\.\w+)`/g),
    ];
    expect(named.map(([, file]) => file!).filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  test('shows only commands that Signalbox understands', () => {
    const shown = [...read(page).matchAll(/`(\/(?:deploy|rollback|provision|runbook|incident|signalbox) [^`]+)`/g)];
    const lines = shown.map(([, line]) => line!).filter((line) => !/[<>…[|]/.test(line));
    expect(lines.filter((text) => !parseLine({ text }).ok)).toEqual([]);
  });
});

/** As Git hosts make them. */
function anchorsOf(page: string): readonly string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}
