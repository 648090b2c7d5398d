/** One file that nobody should be able to do harm with, and why it has to be refused. */
export interface HostileFile {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly why: RegExp;
}

const kib = 1024;
/** Service definitions are an open format, so nothing but the reader itself refuses what is under a key of one's own. */
const service = (more: string, name = 'x'): string => `service:\n  name: ${name}\n${more}\n`;
const own = (value: string): string => service(`  mine: ${value}`);

const files: HostileFile[] = [];
const add = (name: string, content: string | Uint8Array, why: RegExp): void => void files.push({ name, content, why });

const tooLarge = /at most 256 KiB are read|at most 262144 are read/;
const tooMany = /too many parts|more than \d+ aliases|aliases/;
const tooDeep = /nested deeper than 64 levels|too many parts|nested too deeply/;
const hidden = /cannot stand in a file that people review/;
const notText = /is not valid UTF-8 text/;

/** Larger than is read, in shapes that cost a parser differently. */
function large(): void {
  const size = 256 * kib;
  const shapes: readonly (readonly [string, string])[] = [
    ['one long word', own('a'.repeat(size))],
    ['one long comment', `${own('1')}# ${'x'.repeat(size)}`],
    ['many lines', service('  mine:\n' + '    - a\n'.repeat(size / 8))],
    ['many empty lines', own('1') + '\n'.repeat(size)],
    ['spaces only', ' '.repeat(size + 1)],
    ['one long quoted text', own(`"${'é'.repeat(size / 2)}"`)],
    ['one long block of text', service(`  mine: |\n${'    text\n'.repeat(size / 8)}`)],
    ['many brackets', own('['.repeat(size))],
    ['three megabytes', own('x'.repeat(3 * kib * kib))],
    ['a text in large letters', own('𝔞'.repeat(size / 4))],
  ];
  for (const [what, text] of shapes) add(`large: ${what}`, text, tooLarge);
}

/** Few bytes that would become many values. */
function bombs(): void {
  for (const levels of [3, 4, 5, 6, 8, 10, 15, 20, 30, 60])
    for (const kind of ['list', 'map'] as const) {
      const lines = ['  l0: &l0 [boom, boom]'];
      for (let level = 1; level <= levels; level++) {
        const aliases = Array.from({ length: 9 }, (_, index) =>
          kind === 'list' ? `*l${level - 1}` : `k${index}: *l${level - 1}`,
        );
        lines.push(
          `  l${level}: &l${level} ${kind === 'list' ? `[${aliases.join(', ')}]` : `{ ${aliases.join(', ')} }`}`,
        );
      }
      add(`bomb: ${levels} levels of ${kind}s`, service(lines.join('\n')), tooMany);
    }
  for (const count of [21, 50, 500, 5_000])
    add(`bomb: ${count} aliases of one`, service(`  a: &a [1]\n  b: [${Array(count).fill('*a').join(', ')}]`), tooMany);
  for (const count of [201, 2_000, 10_000])
    add(
      `bomb: ${count} anchors`,
      service(Array.from({ length: count }, (_, at) => `  k${at}: &a${at} 1`).join('\n')),
      tooMany,
    );
  add('bomb: a list that holds itself', own('&a [*a]'), /./);
  add('bomb: a map that holds itself', own('&a { b: *a }'), /./);
  add('bomb: an alias of nothing', own('*nothing'), /./);
}

function deep(): void {
  const shapes: readonly (readonly [string, (depth: number) => string])[] = [
    ['lists', (depth) => own(`${'['.repeat(depth)}${']'.repeat(depth)}`)],
    ['maps', (depth) => own(`${'{ a: '.repeat(depth)}1${' }'.repeat(depth)}`)],
    ['lists that never end', (depth) => own('['.repeat(depth))],
    ['maps that never end', (depth) => own('{ a: '.repeat(depth))],
    ['dashes', (depth) => service(`  mine:\n    ${'- '.repeat(depth)}1`)],
    ['question marks', (depth) => service(`  mine:\n    ${'? '.repeat(depth)}1`)],
  ];
  for (const depth of [130, 1_000, 10_000, 40_000])
    for (const [what, make] of shapes) add(`deep: ${depth} ${what}`, make(depth), /./);
  for (const depth of [70, 200, 500]) {
    const lines = Array.from({ length: depth }, (_, level) => `${' '.repeat(level + 2)}k:`);
    add(`deep: ${depth} indented maps`, service(`${lines.join('\n')} 1`), tooDeep);
  }
}

/** Texts in which people do not see what the machine reads. */
function invisible(): void {
  const codes = [
    0x00, 0x01, 0x02, 0x07, 0x08, 0x0b, 0x0c, 0x0e, 0x1b, 0x1f, 0x7f, 0x80, 0x85, 0x9b, 0x9f, 0x2028, 0x2029, 0x202a,
    0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069, 0xfeff, 0xfffd, 0xfffe, 0xffff,
  ];
  for (const code of codes) {
    const hex = code.toString(16).padStart(4, '0');
    add(`hidden: U+${hex} in a value`, own(`a${String.fromCodePoint(code)}b`), hidden);
    add(`hidden: U+${hex} in a key`, service(`  a${String.fromCodePoint(code)}b: 1`), hidden);
    if (code > 0x2000) add(`hidden: U+${hex} in a comment`, `# a${String.fromCodePoint(code)}b\n${own('1')}`, hidden);
  }
  add('hidden: a carriage return by itself', own('a\rservice: 2'), hidden);
}

function encodings(): void {
  const text = own('1');
  const latin = (bytes: readonly number[]) =>
    Buffer.concat([Buffer.from('# '), Buffer.from(bytes), Buffer.from(`\n${text}`)]);
  add('encoding: UTF-16, low byte first', Buffer.from(`\ufeff${text}`, 'utf16le'), /UTF-8|cannot stand/);
  add('encoding: UTF-16, high byte first', Buffer.from(`\ufeff${text}`, 'utf16le').swap16(), /UTF-8|cannot stand/);
  add('encoding: UTF-16 without a mark', Buffer.from(text, 'utf16le'), hidden);
  add(
    'encoding: UTF-32',
    Buffer.from([...`\ufeff${text}`].flatMap((char) => [char.codePointAt(0)! & 255, char.codePointAt(0)! >> 8, 0, 0])),
    /UTF-8|cannot stand/,
  );
  add('encoding: Latin-1', latin([0xe4, 0xf6, 0xfc]), notText);
  add('encoding: a slash written too long', latin([0xc0, 0xaf]), notText);
  add('encoding: a zero written too long', latin([0xc0, 0x80]), notText);
  add('encoding: half a pair', latin([0xed, 0xa0, 0x80]), notText);
  add('encoding: beyond Unicode', latin([0xf4, 0x90, 0x80, 0x80]), notText);
  add('encoding: cut off', Buffer.concat([Buffer.from(text), Buffer.from([0xe2, 0x82])]), notText);
  add('encoding: a continuation by itself', latin([0x80]), notText);
  add('encoding: compressed', Buffer.from([0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 3]), notText);
  add('encoding: a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), notText);
}

/** Parts of YAML that make something else of a text than it says. */
function tricks(): void {
  const values = [
    '!!js/function "function () { return 1 }"',
    '!!js/regexp /a/',
    '!!python/object/apply:os.system ["id"]',
    '!!binary aGVsbG8=',
    '!!timestamp 2026-01-01',
    '!!set { a, b }',
    '!!omap [a: 1]',
    '!ruby/object:Gem::Installer { i: x }',
    '!<tag:yaml.org,2002:java.net.URL> ["http://127.0.0.1"]',
    '!include /etc/passwd',
    '!ENV ${HOME}',
    '!Ref secret',
  ];
  for (const value of values) add(`trick: ${value.split(' ')[0]}`, own(value), /./);
  const texts: readonly (readonly [string, string])[] = [
    ['a version directive', `%YAML 1.1\n---\n${own('1')}`],
    ['a tag directive', `%TAG ! tag:example.com,2026:\n---\n${own('1')}`],
    ['two documents', `${own('1')}---\n${own('2')}`],
    ['a merge key', service('  a: &a { b: 1 }\n  c: { <<: *a }')],
    ['the same key twice', service('  mine: 1\n  mine: 2')],
    ['the same key twice, once in quotes', service('  mine: 1\n  "mine": 2')],
    ['the same key twice at the top', `${own('1')}${own('2')}`],
    ['a map as a key', service('  ? { a: 1 }\n  : 2')],
    ['a list as a key', service('  [a, b]: 2')],
    ['a key that is an alias', service('  a: &a b\n  *a : 1')],
    ['a tab for indentation', service('  mine:\n\t- a')],
    ['a quote that never ends', own('"a')],
    ['an apostrophe that never ends', own("'a")],
    ['a list that never ends', own('[a, b')],
    ['brackets that close nothing', own(`a\n${']'.repeat(50)}`)],
    ['an indicator that is reserved', own('@a')],
    ['a backtick', own('`a`')],
    ['an escape that does not exist', own('"\\q"')],
    ['a surrogate by an escape', own('"\\ud800"')],
    ['a surrogate by an escape in a key', service('  "\\udfff": 1')],
    ['nothing', ''],
    ['only a comment', '# nothing\n'],
    ['only null', 'null\n'],
    ['a list instead of a map', '- service\n'],
    ['a text instead of a map', 'service\n'],
    ['a service that is null', 'service:\n'],
    ['an end of document in the middle', `service:\n  name: x\n...\nother: 1\n`],
    ['a name that climbs', service('', '../../policy')],
    ['a name that is a number with an exponent', service('', '1e3 # x')],
    ['a name that is a list', service('', '[x]')],
    ['a thousand commas', own(`[${','.repeat(1_001)}]`)],
    ['very many small parts', service(`  mine: [${'a,'.repeat(80_000)}]`)],
    ['very many colons', own(`a${': '.repeat(2_000)}`)],
    ['very many quotes', own('"" '.repeat(20_000))],
    ['very many exclamation marks', own('! '.repeat(20_000))],
    ['very many ampersands', own('&a '.repeat(20_000))],
    ['very many bars', own('| '.repeat(2_000))],
    ['a misspelt key that would act', service('  deployment: { requires_dual_aproval: true }')],
    [
      'a day that is not in the calendar',
      service('  deployment: { blackout_windows: [{ start: 2026-02-30, end: 2026-03-01 }] }'),
    ],
    ['a number for a text', service('  owner: 12')],
  ];
  for (const [what, text] of texts) add(`trick: ${what}`, text, /./);
}

large();
bombs();
deep();
invisible();
encodings();
tricks();

/** The corpus, each with a path of its own. */
export const hostileFiles: readonly (HostileFile & { readonly path: string })[] = files.map((file, index) => ({
  ...file,
  path: `configs/services/hostile-${index}.yaml`,
}));
