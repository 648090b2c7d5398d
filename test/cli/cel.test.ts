import { type } from './terminal';

const now = new Date('2026-11-24T10:00:00Z');

it.each([
  ['a condition', ['1 + 1 == 2'], 0, 'true'],
  ['facts', ['change.risk_level == "high"', '--with', '{"change": {"risk_level": "high"}}'], 0, 'true'],
  ['any value', ['[1, 2].map(x, x * 2)'], 0, '[2,4]'],
  ['the present instant', ['now.getHours()'], 0, '10'],
  ['the present instant in a zone', ['now.getHours()', '--zone', 'Europe/Berlin'], 0, '11'],
  ['an instant of one’s own', ['now.getFullYear()', '--with', '{"now": "2031-01-01T00:00:00Z"}'], 0, '2031'],
  ['JSON', ['"a" + "b"', '--json'], 0, '{\n  "value": "ab"\n}'],
] as const)('evaluates %s', async (_, argv, code, out) => {
  expect(await type(['cel', ...argv], { now })).toEqual({ code, out, err: '' });
});

it.each([
  ['what cannot be read', ['1 +'], 2, /cannot be read/],
  ['a name that no fact has', ['chnage.kind == "deploy"', '--with', '{"change": {}}'], 2, /chnage/],
  ['what has no value', ['change.kind == "deploy"', '--with', '{"change": {}}'], 1, /kind/],
  ['a division by zero', ['1 / 0'], 1, /zero/],
  ['facts that are no object', ['true', '--with', '[]'], 2, /object/],
  ['facts that are no JSON', ['true', '--with', '{'], 2, /--with is not JSON/],
  ['an unknown zone', ['true', '--zone', 'Mars/Phobos'], 2, /IANA/],
  ['an instant that is none', ['true', '--with', '{"now": "soon"}'], 2, /instant/],
  ['nothing', [], 2, /Give an expression/],
  ['both an expression and a file', ['true', '--batch', '-'], 2, /either/],
] as const)('says what is wrong with %s', async (_, argv, code, err) => {
  const answered = await type(['cel', ...argv], { now });
  expect(answered).toMatchObject({ code, out: '', err: expect.stringMatching(err) });
});

it('answers a file of expressions line by line, also those that it cannot', async () => {
  const lines = ['{"expression": "x > 1", "with": {"x": 2}}', '', '{"expression": "1 +"}', 'nonsense', '{"with": {}}'];
  const { code, out } = await type(['cel', '--batch', '-'], { now, input: lines.join('\n') });
  const answers = out.split('\n').map((line) => JSON.parse(line) as { value?: unknown; error?: string });
  expect(code).toBe(2);
  expect(answers).toEqual([
    { value: true },
    { error: expect.stringContaining('cannot be read') },
    { error: expect.stringContaining('Line 4 is not JSON') },
    { error: expect.stringContaining('expression') },
  ]);
});
