import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../src/json';
import { codePages } from '../../src/runbooks/kinds/text-encode';
import { attemptOf, failureOf } from './attempt';
import { codePage } from '../../activities/steps/code-pages';
import { openTools, type TestTools } from './tools';

const others = JSON.parse(readFileSync(join(__dirname, 'code-pages.json'), 'utf8')) as {
  readonly [page: string]: string;
};

let tools: TestTools;
beforeAll(async () => (tools = await openTools()));

function encode(given: JsonObject) {
  const step = {
    id: 'it',
    uses: 'text/encode',
    with: { code_page: '1047', ...given },
    outputs: { base64: 'base64', file: 'file', lines: 'lines' },
  };
  return { step, tools };
}
const hexOf = async (given: JsonObject): Promise<string> => {
  const { outputs } = await attemptOf('', encode(given));
  return Buffer.from(String(outputs.base64), 'base64').toString('hex');
};

describe('text/encode', () => {
  test.each(Object.keys(others).filter((name) => /^\d+$/.test(name)))(
    'encodes every character of code page %s as other programs do',
    (name) => {
      const page = codePage(name)!;
      const ours = [...others.characters!].map((character) => page.get(character)?.toString(16) ?? '--').join('');
      expect(ours).toBe(others[name]);
    },
  );

  it('knows every code page that it offers, and each character in it once', () => {
    for (const name of codePages) expect([name, new Set(codePage(name)!.values()).size]).toEqual([name, 191]);
    expect(codePage('1140')!.get('€')!.toString(16)).toBe(others['1140€']);
  });

  it('makes a record of every line, filled up with blanks', async () => {
    expect(await hexOf({ text: 'AB\n\n[c]\n', record_length: 4 })).toBe('c1c24040' + '40404040' + 'ad83bd40');
  });

  it('ends lines with X’15’ where there are no records', async () => {
    expect(await hexOf({ text: 'A\r\nB' })).toBe('c115c215');
  });

  it('keeps the bytes as a file for later steps', async () => {
    const { outputs } = await attemptOf('', encode({ text: `${'x'.repeat(80)}\n`.repeat(100), record_length: 80 }));
    expect(outputs).toMatchObject({ lines: 100, base64: '', file: { $file: { bytes: 8_000 } } });
  });

  test.each([
    ['a character that the page does not have', { text: 'ok\nab€' }, /Line 2, column 3 .*U\+20AC/],
    ['a character of two code units', { text: 'a😀' }, /Line 1, column 2 .*U\+1F600/],
    ['a control character', { text: 'a\tb' }, /Line 1, column 2 .*U\+0009/],
    ['a NUL', { text: 'a\0' }, /U\+0000/],
    ['a line longer than a record', { text: 'a\nabcde', record_length: 4 }, /Line 2 has 5 characters/],
    ['a page that it does not know', { text: 'a', code_page: '9999' }, /code_page/],
  ])('refuses %s', async (_, given, problem) => {
    expect(await failureOf('', encode(given))).toMatchObject({
      type: 'StepFailed',
      message: expect.stringMatching(problem),
    });
  });
});
