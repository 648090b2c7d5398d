import { compileCondition, compileExpression, evaluate, type NameSpace } from '../../src/expressions/cel';

const names: NameSpace = {
  change: { fields: { kind: 'text', risk_level: { oneOf: ['low', 'medium', 'high'] }, labels: 'list', paid: 'bool' } },
  service: { known: { name: 'text', compliance: { known: {} }, deployment: { known: { regions: 'list' } } } },
  plan: 'open',
  now: 'timestamp',
};
const many = Array.from({ length: 2_000 }, (_, index) => index);
const yes = { ok: true, value: true };
const variables = {
  change: { kind: 'deploy', risk_level: 'high', labels: ['hotfix'], paid: true },
  service: { name: 'web', compliance: { sox: 'required' }, deployment: { regions: ['eu'] }, kind: 'fleet' },
  plan: { destroys: 2, ratio: 0.5, list: [1, 2, 3], many, nothing: null },
  now: '2026-03-29T01:30:00Z',
};

function problemsOf(source: string): readonly string[] {
  const compiled = compileCondition({ source, names });
  return compiled.ok ? [] : compiled.problems.map(({ message, hint }) => (hint ? `${message}; ${hint}` : message));
}

function answer(source: string, zone?: string) {
  const compiled = compileExpression({ source, names });
  if (!compiled.ok) throw new Error(compiled.problems.map(({ message }) => message).join());
  return evaluate(compiled, variables, { zone });
}

describe('values go in and come out as plain JSON', () => {
  test.each([
    ['change.risk_level == "high"', true],
    ['plan.destroys + 1', 3],
    ['plan.ratio * 2.0', 1],
    ['plan.list.map(x, x * 2)', [2, 4, 6]],
    ['{"a": 1, "b": [1.5, 2u]}', { a: 1, b: [1.5, 2] }],
    ['{service.name: plan.destroys}', { web: 2 }],
    ['plan.nothing', null],
    ['size(change.labels)', 1],
    ['"hotfix" in change.labels', true],
    ['has(service.kind) && service.kind == "fleet"', true],
    ['has(service.missing)', false],
    ['now', '2026-03-29T01:30:00Z'],
    ['duration("90m")', '5400s'],
    ['now > timestamp("2026-01-01T00:00:00Z")', true],
    ['service.name.upperAscii()', 'WEB'],
    ['has(plan.constructor)', false],
  ])('%s', (source, value) => {
    expect(answer(source)).toEqual({ ok: true, value });
  });

  test('a map without a prototype, a Date and a BigInt are taken as they are', () => {
    const compiled = compileExpression({ source: 'plan', names });
    if (!compiled.ok) throw new Error('it should compile');
    const plan = Object.assign(Object.create(null) as object, { at: new Date(0), big: 5n });
    expect(evaluate(compiled, { plan })).toEqual({ ok: true, value: { at: '1970-01-01T00:00:00Z', big: 5 } });
  });

  test.each([
    ['UTC', 1, 0],
    ['Europe/Berlin', 3, 0],
    ['America/New_York', 21, 6],
    ['+05:30', 7, 0],
  ])('now is read in the zone %s of the rule, through a night that has no second hour', (zone, hour, weekday) => {
    expect(answer('now.getHours()', zone)).toEqual({ ok: true, value: hour });
    expect(answer('now.getDayOfWeek()', zone)).toEqual({ ok: true, value: weekday });
    expect(answer(`now.getHours("${zone}")`)).toEqual({ ok: true, value: hour });
  });
});

describe('an expression is refused when it is read', () => {
  test.each([
    ['chnge.kind == "x"', '"chnge" is not known here; did you mean "change"?'],
    ['change.knd == "x"', 'change has no field "knd"; did you mean "kind"?'],
    ['change.risk_level == "hihg"', 'change.risk_level is never "hihg"; did you mean "high"?'],
    ['change.risk_level in ["low", "hgih"]', 'change.risk_level is never "hgih"; did you mean "high"?'],
    [
      'change.risk_level > "low"',
      'change.risk_level is a name and has no order; write change.risk_level in ["low", "medium", "high"]',
    ],
    [
      'service.kind == "fleet"',
      'service.kind may be missing; not every document has service.kind, so ask first: has(service.kind) && ...',
    ],
    [
      'has(service.custom.level)',
      'service.custom may be missing; not every document has service.custom, so ask first: has(service.custom) && ...',
    ],
    ['{chnge.kind: 1} == {}', '"chnge" is not known here; did you mean "change"?'],
    ['change.risk_level', 'it has to be true or false; compare it with something'],
    ['plan.list.map(x, x)', 'it has to be true or false; compare it with something'],
    ['change.kind.x == 1', 'change.kind has no fields, so change.kind.x cannot be asked for'],
    ['strtsWith(change.kind, "x")', 'there is no function "strtsWith"; did you mean "startsWith"?'],
    ['"%d".format([1]) == "1"', 'there is no function "format"'],
    ['Foo{a: 1} == 1', 'the type Foo does not exist here'],
    ['change.kind ==', 'it is not CEL from character 13 on: unexpected ='],
    ['', 'it is empty'],
    ['__proto__ == 1', '"__proto__" is not known here; known here: change, service, plan, now'],
    ['@counted(plan.list) == 1', 'it is not CEL from character 1 on: unexpected @'],
  ])('%s', (source, problem) => {
    expect(problemsOf(source)).toContain(problem);
  });

  test.each([
    ['2,001 characters', `"${'x'.repeat(2_000)}" == ""`],
    ['forty brackets', `${'('.repeat(40)}true${')'.repeat(40)}`],
    ['brackets that never close', '['.repeat(1_900)],
    ['forty nested choices', `${'true ? 1 : '.repeat(40)}1 == 1`],
    ['four macros inside each other', 'plan.list.all(a, plan.list.all(b, plan.list.all(c, plan.list.all(d, true))))'],
    ['three hundred entries', `1 in [${Array(300).fill('1').join(',')}]`],
  ])('%s are too much', (_what, source) => {
    expect(problemsOf(source)).not.toEqual([]);
  });

  test('a long chain of alternatives is not nesting', () => {
    expect(problemsOf(Array(100).fill('change.paid').join(' || '))).toEqual([]);
  });
});

describe('an evaluation that fails is an answer, never an exception', () => {
  test.each([
    ['plan.missing == 1', 'field not found: missing'],
    ['1 / 0', 'int divide by zero'],
    ['plan.destroys + 1.5', '+ does not work with int and double'],
    ['9223372036854775807', 'the number 9223372036854775807 cannot be kept exactly'],
    ['1.0 / 0.0', 'its result is not a number'],
    ['timestamp(5)', 'timestamp() wants a text such as "2026-11-24T10:00:00Z"'],
    ['plan.many.all(a, plan.many.all(b, true))', 'it looks at more than 100000 entries'],
    ['now.getHours("Mars/Olympus")', '"Mars/Olympus" is not a time zone'],
  ])('%s', (source, message) => {
    expect(answer(source)).toEqual({ ok: false, message });
  });

  const page = `"${'a'.repeat(100)}"`;
  const tooMuchText = 'it reads and writes more than 2000000 characters of text';
  const tooManyEntries = 'it looks at more than 100000 entries';
  test.each([
    ['replacing what is everywhere', `size(${page}${`.replace("", ${page})`.repeat(4)}) > 0`, tooMuchText],
    ['replacing with more of itself', `size(${page}${`.replace("a", ${page})`.repeat(4)}) > 0`, tooMuchText],
    [
      'splitting what was made long',
      `size(${page}.replace("", ${page}).replace("a", "bcdefghijklm").split("")) > 0`,
      tooManyEntries,
    ],
    ['adding a text to itself', `size([${page}]${`.map(x, ${'x + '.repeat(30)}x)`.repeat(3)}[0]) > 0`, tooMuchText],
    ['joining one long text many times', 'size(plan.many.map(x, plan.long).join("")) > 0', tooMuchText],
    ['searching a long text for every entry', 'plan.many.all(x, !plan.long.contains("b"))', tooMuchText],
    ['writing a long text in capitals for every entry', 'plan.many.all(x, plan.long.upperAscii() != "")', tooMuchText],
    ['matching a pattern of many states', 'plan.many.all(x, !plan.long.matches("((a{50}){10}|b)*c"))', tooMuchText],
    ['looking for every entry in the list itself', 'plan.many.all(x, !(-1 in plan.many))', tooManyEntries],
    ['comparing the list with itself for every entry', 'plan.many.all(x, plan.many == plan.many)', tooManyEntries],
  ])('work that no limit of the expression bounds is refused: %s', (_what, source, message) => {
    const compiled = compileExpression({ source, names });
    if (!compiled.ok) throw new Error(compiled.problems.map((problem) => problem.message).join());
    const plan = { ...variables.plan, long: 'a'.repeat(20_000) };
    expect(evaluate(compiled, { ...variables, plan })).toEqual({ ok: false, message });
  });

  test('one evaluation does not pay for another', () => {
    const source = 'plan.many.all(x, plan.long.contains("a"))';
    const compiled = compileExpression({ source, names });
    if (!compiled.ok) throw new Error('it should compile');
    const ask = () => evaluate(compiled, { plan: { many, long: 'a'.repeat(1_000) } });
    expect([ask(), ask(), ask()]).toEqual([yes, yes, yes]);
  });

  test.each([
    ['"a-b-c".replace("-", "+")', 'a+b+c'],
    ['"a-b-c".replace("-", "+", 1)', 'a+b-c'],
    ['"a-b-c".replace("-", "+", 0)', 'a-b-c'],
    ['"a-b-c".replace("x", "+")', 'a-b-c'],
    ['"aaa".replace("aa", "a")', 'aa'],
    ['"$&".replace("&", "$&")', '$$&'],
    ['"abc".replace("", "-")', '-a-b-c-'],
    ['"abc".replace("", "-", 2)', '-a-bc'],
    ['"Straße É1".upperAscii()', 'STRAßE É1'],
    ['"ÀBC Ω".lowerAscii()', 'Àbc Ω'],
  ])('a function that is ours does what the definition says: %s', (source, value) => {
    expect(answer(source)).toEqual({ ok: true, value });
  });

  test('a condition that turns out not to be true or false is one', () => {
    const compiled = compileCondition({ source: 'plan.destroys', names });
    if (!compiled.ok) throw new Error('it should compile');
    expect(evaluate(compiled, variables)).toEqual({ ok: false, message: 'it has to be true or false and is a number' });
  });

  test('a name without a value is one', () => {
    const compiled = compileCondition({ source: 'change.paid', names });
    if (!compiled.ok) throw new Error('it should compile');
    expect(evaluate(compiled, {})).toEqual({ ok: false, message: 'a name in it has no value here' });
  });

  test('a pattern that makes other engines stop takes no time', () => {
    const compiled = compileCondition({ source: 'change.kind.matches("^(a+)+$")', names });
    if (!compiled.ok) throw new Error('it should compile');
    expect(evaluate(compiled, { change: { kind: `${'a'.repeat(40)}!` } })).toEqual({ ok: true, value: false });
  });

  test('it says which paths it reads', () => {
    const compiled = compileCondition({ source: 'change.paid && has(service.compliance.pci_dss)', names });
    expect(compiled.ok && compiled.paths).toEqual(['change.paid', 'service.compliance.pci_dss']);
  });
});

describe('variables that nobody changes', () => {
  const hour = compileExpression({ source: 'now.getHours()', names });
  const paid = compileCondition({ source: 'change.paid', names });
  if (!hour.ok || !paid.ok) throw new Error('they should compile');

  test('keep an answer for each expression and each zone, and no other variables get it', () => {
    const asked = { change: { paid: true }, now: '2026-11-24T10:00:00Z' };
    const others = { change: { paid: false }, now: '2026-11-24T20:00:00Z' };
    for (let round = 0; round < 2; round++) {
      expect(evaluate(hour, asked, { unchanging: true })).toEqual({ ok: true, value: 10 });
      expect(evaluate(hour, asked, { unchanging: true, zone: 'Europe/Berlin' })).toEqual({ ok: true, value: 11 });
      expect(evaluate(paid, asked, { unchanging: true })).toEqual({ ok: true, value: true });
      expect(evaluate(hour, others, { unchanging: true })).toEqual({ ok: true, value: 20 });
      expect(evaluate(paid, others, { unchanging: true })).toEqual({ ok: true, value: false });
    }
  });

  test('leave the stacks of errors elsewhere as long as they were', () => {
    const before = Error.stackTraceLimit;
    evaluate(paid, {}, { unchanging: true });
    evaluate(paid, {});
    expect(Error.stackTraceLimit).toBe(before);
  });
});
