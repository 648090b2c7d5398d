import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Secret, TOTP } from 'otpauth';
import { defaultWaits } from '../../bot/deps';
import { secondFactors, type SecondFactors } from '../../bot/second-factors';

// RFC 6238, appendix B: this secret, and the last six of the eight digits it gives.
const secret = Secret.fromLatin1('12345678901234567890');
const start = Date.parse('2026-11-24T10:00:00Z');
const stepMs = 30_000;

let folder: string;
let file: string;
let clock: number;
let logged: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-factors-'));
  file = join(folder, 'factors.yaml');
  writeFileSync(file, `U0ANN: ${secret.base32}\nU0BOB: ${new Secret({ size: 20 }).base32}\n`, { mode: 0o600 });
  clock = start;
  logged = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const codeAt = (timestamp: number): string => new TOTP({ secret }).generate({ timestamp });
const wrong = (): string => {
  const right = [-1, 0, 1].map((step) => codeAt(clock + step * stepMs));
  return ['000000', '000001', '000002', '000003'].find((code) => !right.includes(code))!;
};

let uses = 0;
const once = (): string => `use ${(uses += 1)}`;

const log = Object.fromEntries(
  ['debug', 'info', 'warn', 'error'].map((level) => [level, (...said: unknown[]) => logged.push(JSON.stringify(said))]),
) as never;

const stores = {
  'in the process': () => ({ close: () => undefined }),
  'in Redis': () => {
    const { hostname: host, port } = new URL(process.env.TEST_REDIS_URL!);
    const commands = new Redis({ host, port: Number(port), maxRetriesPerRequest: 1 });
    commands.on('error', () => undefined);
    const redis = { commands, blocking: commands, prefix: `test-${randomUUID().slice(0, 8)}` };
    return { redis, close: () => commands.disconnect() };
  },
};

describe.each(Object.entries(stores))('codes, remembered %s', (_where, open) => {
  let store: ReturnType<(typeof stores)['in Redis']> | { redis?: undefined; close: () => void };
  let factors: SecondFactors;
  const make = (more: object = {}): SecondFactors =>
    secondFactors({
      ...(store.redis && { redis: store.redis }),
      now: () => new Date(clock),
      log,
      waits: defaultWaits,
      secondFactorsFile: file,
      ...more,
    });
  beforeEach(() => {
    store = open() as typeof store;
    factors = make();
  });
  afterEach(() => store.close());
  const check = (code: string, use = once(), user = 'U0ANN') => factors.check({ user, code, use });

  it.each([
    ['of now', 0, true],
    ['of the step before', -1, true],
    ['of the step after', 1, true],
    ['of two steps before', -2, false],
    ['of two steps after', 2, false],
  ])('take one %s or not', async (_when, steps, ok) => {
    expect(await check(codeAt(clock + steps * stepMs))).toMatchObject({ ok });
  });

  it('say when one was seen, and count it however it is spaced', async () => {
    const code = codeAt(clock);
    expect(await check(`${code.slice(0, 3)} ${code.slice(3)}`)).toEqual({ ok: true, at: '2026-11-24T10:00:00.000Z' });
  });

  it('count once: for anything else the same code is used up, and the next one is not', async () => {
    const code = codeAt(clock);
    expect(await check(code, 'vote 1')).toMatchObject({ ok: true });
    expect(await check(code, 'vote 2')).toEqual({ ok: false, sentence: expect.stringContaining('used already') });
    clock += stepMs;
    expect(await check(code, 'vote 2')).toMatchObject({ ok: false });
    expect(await check(codeAt(clock), 'vote 2')).toMatchObject({ ok: true });
  });

  it('take the same delivery again as the same', async () => {
    const code = codeAt(clock);
    await check(code, 'vote 1');
    expect(await check(code, 'vote 1')).toMatchObject({ ok: true });
  });

  it('of somebody else are wrong', async () => {
    expect(await check(codeAt(clock), once(), 'U0BOB')).toMatchObject({ ok: false });
  });

  it.each(['', '12345', '1234567', 'abcdef', '１２３４５６', '-12345'])('are six digits, not "%s"', async (code) => {
    expect(await check(code)).toEqual({ ok: false, sentence: expect.stringContaining('six digits') });
  });

  it('that are wrong five times lock out the person, even with the right one, and nobody else', async () => {
    const said = [];
    for (let count = 0; count < 5; count += 1) said.push(await check(wrong()));
    expect(said.at(-1)).toEqual({ ok: false, sentence: expect.stringContaining('five minutes') });
    expect(await check(codeAt(clock))).toEqual({ ok: false, sentence: expect.stringContaining('five minutes') });
    writeFileSync(file, `U0BOB: ${secret.base32}\n`, { mode: 0o600 });
    expect(await check(codeAt(clock), once(), 'U0BOB')).toMatchObject({ ok: true });
  });

  it('that come all at once are five tries at most', async () => {
    const said = await Promise.all(Array.from({ length: 30 }, () => check(wrong())));
    const looked = said.filter((each) => !each.ok && each.sentence.includes('not the code'));
    expect(looked.length).toBeLessThan(5);
  });

  it('that are right forgive the wrong ones before', async () => {
    for (let count = 0; count < 4; count += 1) await check(wrong());
    expect(await check(codeAt(clock))).toMatchObject({ ok: true });
    expect(await check(wrong())).toEqual({ ok: false, sentence: expect.stringContaining('not the code') });
  });

  it('are never logged', async () => {
    const codes = [codeAt(clock), wrong()];
    for (const code of codes) await check(code);
    for (const code of codes) expect(logged.join('\n')).not.toContain(code);
  });
});

it('locks out for five minutes from the fifth wrong code on', async () => {
  const factors = secondFactors({ now: () => new Date(clock), log, waits: defaultWaits, secondFactorsFile: file });
  const check = (code: string) => factors.check({ user: 'U0ANN', code, use: once() });
  for (let count = 0; count < 5; count += 1) {
    await check(wrong());
    clock += 60_000;
  }
  clock += 4 * 60_000 - 1;
  expect(await check(codeAt(clock))).toMatchObject({ ok: false });
  clock += 1;
  expect(await check(codeAt(clock))).toMatchObject({ ok: true });
});

it('keeps the right code out while Redis, which remembers used ones, is away', async () => {
  const commands = new Redis({ port: 1, host: '127.0.0.1', enableOfflineQueue: false, maxRetriesPerRequest: 1 });
  commands.on('error', () => undefined);
  const factors = secondFactors({
    redis: { commands, blocking: commands },
    now: () => new Date(clock),
    log,
    waits: defaultWaits,
    secondFactorsFile: file,
  });
  expect(await factors.check({ user: 'U0ANN', code: codeAt(clock), use: once() })).toEqual({
    ok: false,
    sentence: expect.stringContaining('Redis'),
  });
  commands.disconnect();
});

describe('who cannot give one', () => {
  const factors = (more: object): SecondFactors =>
    secondFactors({ now: () => new Date(clock), log, waits: defaultWaits, ...more });

  it.each([
    ['somebody who is not enrolled', () => ({ secondFactorsFile: file }), /signalbox second-factor enroll U0EVE/],
    ['anybody, without the setting', () => ({}), /sets SECOND_FACTORS_FILE/],
    [
      'anybody, while others can read the file',
      () => {
        chmodSync(file, 0o640);
        return { secondFactorsFile: file };
      },
      /signalbox doctor/,
    ],
  ])('%s, is told who can change that', async (_who, given, words) => {
    const asked = factors(given());
    expect(asked.whyNot('U0EVE')).toMatch(words);
    expect(await asked.check({ user: 'U0EVE', code: '123456', use: once() })).toEqual({
      ok: false,
      sentence: expect.stringMatching(words),
    });
  });

  it('is nobody who was just enrolled', () => {
    const asked = factors({ secondFactorsFile: file });
    writeFileSync(file, `U0EVE: ${secret.base32}\n`, { mode: 0o600 });
    expect(asked.whyNot('U0EVE')).toBeUndefined();
    expect(asked.whyNot('U0ANN')).toBeDefined();
  });
});
