import fc from 'fast-check';
import type { Asked } from '../../src/commands/asked';
import { parseCommand, parseLine, type CommandText } from '../../src/commands/grammar';
import { lineOf, printAsked } from '../../src/commands/print';
import { editDistance, nearest } from '../../src/commands/suggest';

const known = {
  services: ['checkout', 'payments', 'search'],
  environments: ['staging', 'production'],
  runbooks: ['provision-node', 'restart-workers'],
};
const read = (line: string, more: Partial<CommandText> = {}) => parseLine({ text: line, ...more });
const asked = (line: string, more: Partial<CommandText> = {}): Asked => {
  const parsed = read(line, more);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.asked;
};
const deploy = { kind: 'deploy', service: 'checkout', version: 'v1', environment: 'staging', labels: [] } as const;

describe('understands', () => {
  const rows: readonly (readonly [string, string, object])[] = [
    ['a plain deploy', '/deploy checkout v1 to staging', deploy],
    ['"in" as well as "to"', '/deploy checkout v1 in staging', deploy],
    ['the place first', '/deploy to staging checkout v1', deploy],
    ['flags in front', '/deploy --risk high checkout v1 to staging', { ...deploy, risk: 'high' }],
    ['flags with an equals sign', '/deploy checkout v1 to staging --reason="a b"', { ...deploy, reason: 'a b' }],
    ['the dash of a phone', '/deploy checkout v1 to staging —reason “fixes it”', { ...deploy, reason: 'fixes it' }],
    [
      'an en dash and low quotes',
      '/deploy checkout v1 to staging –reason „fixes it“',
      { ...deploy, reason: 'fixes it' },
    ],
    ['guillemets', '/deploy checkout v1 to staging --reason «fixes it»', { ...deploy, reason: 'fixes it' }],
    [
      'an apostrophe inside single quotes',
      "/deploy checkout v1 to staging --reason 'it's late'",
      { ...deploy, reason: "it's late" },
    ],
    ['several labels', '/deploy checkout v1 to staging --label a --label b,a', { ...deploy, labels: ['a', 'b'] }],
    ['lines and tabs between words', '/deploy\tcheckout\n v1  to\r\n staging ', deploy],
    [
      'names with direction marks and zero-width spaces',
      '/deploy \u200echeckout\u200f v\u200b1 to \u202astaging\u202c',
      deploy,
    ],
    [
      'an emoji in a reason',
      '/deploy checkout v1 to staging --reason "ship it 🚀👩‍💻"',
      { ...deploy, reason: 'ship it 🚀👩‍💻' },
    ],
    ['a branch as version', '/deploy checkout feature/vat-2 to staging', { ...deploy, version: 'feature/vat-2' }],
    [
      'a rollback',
      '/rollback checkout in production',
      { kind: 'rollback', service: 'checkout', environment: 'production' },
    ],
    [
      'a rollback to a version, either way round',
      '/rollback checkout to v0.9 in production --reason errors',
      { kind: 'rollback', service: 'checkout', environment: 'production', version: 'v0.9', reason: 'errors' },
    ],
    [
      'inputs by place and by name',
      '/provision provision-node node-7 10.0.0.1 join=false note="a = b"',
      {
        kind: 'provision',
        runbook: 'provision-node',
        positional: ['node-7', '10.0.0.1'],
        inputs: { join: 'false', note: 'a = b' },
        labels: [],
      },
    ],
    [
      'a runbook with its place',
      '/runbook run restart-workers --environment production',
      {
        kind: 'runbook.run',
        runbook: 'restart-workers',
        positional: [],
        inputs: {},
        environment: 'production',
        labels: [],
      },
    ],
    ['a list', '/runbook list', { kind: 'runbook.list' }],
    [
      'an incident',
      '/incident declare sev1 checkout "payments fail"',
      { kind: 'incident.declare', severity: 'sev1', service: 'checkout', summary: 'payments fail' },
    ],
    [
      'an incident without quotes, with dashes and an open quote',
      '/incident declare SEV-2 checkout rack 19" fails — badly --now',
      { kind: 'incident.declare', severity: 'sev2', service: 'checkout', summary: 'rack 19" fails — badly --now' },
    ],
    [
      'an incident about no known service',
      '/incident declare p3 printers are out',
      { kind: 'incident.declare', severity: 'sev3', summary: 'printers are out' },
    ],
    [
      'an update of several lines',
      '/incident update a\n b --id inc-1',
      { kind: 'incident.update', text: 'a\n b', incident: 'inc-1' },
    ],
    ['an assignment', '/incident assign lead <@U0ANN|ann>', { kind: 'incident.assign', role: 'lead', user: 'U0ANN' }],
    ['a bare mitigation', '/incident mitigate', { kind: 'incident.mitigate' }],
    [
      'a question',
      '/signalbox why checkout to production',
      { kind: 'why', service: 'checkout', environment: 'production' },
    ],
    [
      'a command and an instant',
      '/signalbox what-if "deploy checkout v3 to production --reason \'so it is\'" at "friday 18:00"',
      { kind: 'what-if', command: "deploy checkout v3 to production --reason 'so it is'", at: 'friday 18:00' },
    ],
    [
      'the same without quotes',
      '/signalbox what-if deploy checkout v3 to production --label hotfix at friday 18:00',
      { kind: 'what-if', command: 'deploy checkout v3 to production --label hotfix', at: 'friday 18:00' },
    ],
    [
      'a command for now',
      '/signalbox what-if “rollback checkout in production”',
      { kind: 'what-if', command: 'rollback checkout in production' },
    ],
    [
      'a lock for a while',
      '/signalbox lock checkout in production “database migration” for 2h —change v3',
      {
        kind: 'hold.lock',
        service: 'checkout',
        environment: 'production',
        reason: 'database migration',
        for: '2h',
        change: 'v3',
      },
    ],
    [
      'a reason without quotes, with words that are keywords elsewhere',
      '/signalbox lock checkout in production waiting for Bob in Berlin',
      { kind: 'hold.lock', service: 'checkout', environment: 'production', reason: 'waiting for Bob in Berlin' },
    ],
    [
      'an unlock',
      '/signalbox unlock checkout in production',
      { kind: 'hold.unlock', service: 'checkout', environment: 'production' },
    ],
    [
      'a hand-over',
      '/signalbox hand-over checkout in production to @U0ANN "my shift is over"',
      {
        kind: 'hold.hand_over',
        service: 'checkout',
        environment: 'production',
        to: 'U0ANN',
        reason: 'my shift is over',
      },
    ],
    [
      'a freeze until an instant',
      '/signalbox freeze production "audit" until friday 18:00',
      { kind: 'hold.freeze', environment: 'production', reason: 'audit', until: 'friday 18:00' },
    ],
    [
      'a freeze of one service for a while',
      '/signalbox freeze checkout in production "audit" for 1h30m',
      { kind: 'hold.freeze', service: 'checkout', environment: 'production', reason: 'audit', for: '1h30m' },
    ],
    ['a thaw', '/signalbox thaw production', { kind: 'hold.thaw', environment: 'production' }],
    ['a stop', '/signalbox stop credentials leaked', { kind: 'hold.stop', reason: 'credentials leaked' }],
    ['a go', '/signalbox go', { kind: 'hold.go' }],
    ['what is held', '/signalbox locks', { kind: 'locks' }],
    ['an id', '/signalbox show k3m9x2p7qa', { kind: 'show', id: 'k3m9x2p7qa' }],
    ['help on a command', '/signalbox help /Deploy', { kind: 'help', topic: 'deploy' }],
    ['signalbox without words', '/signalbox', { kind: 'help' }],
    ['a line without its slash', 'deploy checkout v1 to staging', deploy],
  ];
  it.each(rows)('%s', (_name, line, expected) => {
    expect(asked(line, { known })).toEqual(expected);
  });

  it("Slack's escapes once, and mentions as names that ping nobody", () => {
    const line =
      '/deploy checkout v1 to staging --reason "a &lt;b&gt; &amp;amp; <!channel> <@U1|ann> <#C1|general> <http://x.io|x.io>"';
    expect(asked(line, { escaped: true })).toEqual({ ...deploy, reason: 'a <b> &amp; @channel @ann #general x.io' });
  });

  it("a name that Slack took for a link, and a person's id in a mention", () => {
    expect(asked('/deploy <http://checkout.io|checkout.io> v1 to staging', { escaped: true })).toMatchObject({
      service: 'checkout.io',
    });
    expect(asked('/incident assign scribe <@W0123|bob>', { escaped: true })).toMatchObject({ user: 'W0123' });
  });

  it('leaves markup alone where Slack escaped nothing', () => {
    expect(asked('/deploy checkout v1 to staging --reason "<!channel> &lt;"')).toMatchObject({
      reason: '<!channel> &lt;',
    });
  });
});

describe('refuses in one sentence and says what was probably meant', () => {
  const rows: readonly (readonly [string, string, string, string | undefined])[] = [
    ['a mistyped command', '/deplyo checkout v1 to staging', 'no command', '/deploy'],
    ['a mistyped subcommand', '/incident delcare sev1 x', 'no "delcare"', '/incident declare'],
    ['a mistyped flag', '/deploy checkout v1 to staging --raeson x', 'no flag --raeson', '--reason'],
    ['a mistyped service', '/deploy chekcout v1 to staging', 'no service "chekcout"', 'checkout'],
    ['a mistyped environment', '/deploy checkout v1 to prodution', 'no environment "prodution"', 'production'],
    ['a mistyped runbook', '/provision provison-node a', 'no runbook', 'provision-node'],
    ['a mistyped service of an incident', '/incident declare sev1 chekout "x"', 'no service', 'checkout'],
    ['a missing "to"', '/deploy checkout v1 staging', 'behind "to"', '/deploy checkout v1 to staging'],
    ['a rollback to a place', '/rollback checkout to production', 'behind "in"', '/rollback checkout in production'],
    ['a reason without quotes', '/deploy checkout v1 to staging --reason so late', 'in quotes', '--reason "so late"'],
    ['a missing version', '/deploy checkout to staging', 'Which version', undefined],
    ['a flag without value', '/deploy checkout v1 to staging --reason', 'needs a value', undefined],
    ['a flag as value of a flag', '/deploy checkout v1 to staging --reason --risk high', 'needs a value', undefined],
    ['a reason given twice', '/deploy checkout v1 to staging --reason a --reason b', 'given 2 times', undefined],
    ['an input given twice', '/provision provision-node a=1 a=2', 'given twice', undefined],
    ['an open quote', '/deploy checkout v1 to staging --reason "x', 'never closed', undefined],
    ['an option as version', '/deploy checkout "--upload-pack=x" to staging', 'cannot be a version', undefined],
    ['a path as service', '/deploy ../../etc v1 to staging', 'cannot be the name of a service', undefined],
    ['a range as version', '/deploy checkout v1..v2 to staging', 'cannot be a version', undefined],
    ['a reserved word', '/deploy promote staging to production', 'is kept for a command of its own', undefined],
    ['an unknown risk', '/deploy checkout v1 to staging --risk hihg', '--risk is one of', 'high'],
    [
      'a wrong severity',
      '/incident declare checkout is down',
      'How bad is it',
      '/incident declare sev2 checkout is down',
    ],
    [
      'a severity that there is not',
      '/incident declare sev9 checkout "payments  fail"',
      'How bad is it',
      '/incident declare sev4 checkout "payments  fail"',
    ],
    ['a number that is no severity', '/incident declare 19" rack', 'How bad is it', '/incident declare sev2 19" rack'],
    ['a declaration of nothing', '/incident declare', 'How bad is it', undefined],
    ['a declaration of a severity alone', '/incident declare sev0', 'How bad is it', '/incident declare sev1'],
    ['an update without text', '/incident update', 'What is new', undefined],
    ['text beyond the limit', `/deploy ${'x'.repeat(4_001)}`, '4000 characters', undefined],
  ];
  it.each(rows)('%s', (_name, line, sentence, didYouMean) => {
    const parsed = read(line, { known });
    expect(parsed).toMatchObject({ ok: false, because: 'misread', problem: expect.stringContaining(sentence) });
    expect((parsed as { didYouMean?: string }).didYouMean).toBe(didYouMean);
    expect((parsed as { usage: string }).usage).toMatch(/^\//);
  });

  it('asks for a form when nothing was typed', () => {
    expect(parseCommand({ command: '/deploy', text: ' \n ' })).toMatchObject({ ok: false, because: 'bare' });
  });

  it('lets a name through that is near nothing: policy knows better than a catalogue that may be old', () => {
    expect(asked('/deploy brand-new-thing v1 to staging', { known })).toMatchObject({ service: 'brand-new-thing' });
  });
});

describe('whatever is typed', () => {
  const name = fc
    .stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_]{0,20}$/)
    .filter((text) => !['to', 'in', 'into', 'promote', 'list', 'extend', 'destroy'].includes(text.toLowerCase()));
  const version = fc
    .stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_+/-]{0,20}[a-z0-9]$/)
    .filter((text) => !text.includes('//') && !['to', 'in', 'into'].includes(text.toLowerCase()));
  const prose = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
    .map((text) => text.trim())
    .filter((text) => text !== '');
  const value = fc.string({ unit: 'binary', maxLength: 40 });
  const optional = <T>(given: fc.Arbitrary<T>) => fc.option(given, { nil: undefined });
  const labels = fc.uniqueArray(name, { maxLength: 3 });
  const words = {
    runbook: name,
    positional: fc.array(value, { maxLength: 3 }),
    inputs: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/), value, { maxKeys: 3 }),
    service: optional(name),
    environment: optional(name),
    reason: optional(prose),
    labels,
  };
  const role = fc.constantFrom('lead', 'scribe', 'communications');
  const anything = fc
    .oneof(
      fc.record({
        kind: fc.constant('deploy'),
        service: name,
        version,
        environment: name,
        reason: optional(prose),
        rollout: optional(name),
        labels,
        risk: optional(fc.constantFrom('low', 'high')),
      }),
      fc.record({
        kind: fc.constant('rollback'),
        service: name,
        environment: name,
        version: optional(version),
        reason: optional(prose),
      }),
      fc.record({ kind: fc.constantFrom('provision', 'runbook.run'), ...words }),
      fc.record({
        kind: fc.constant('incident.declare'),
        severity: fc.constantFrom('sev1', 'sev4'),
        service: optional(name),
        environment: optional(name),
        summary: prose,
      }),
      fc.record({ kind: fc.constant('incident.update'), text: prose, incident: optional(name) }),
      fc.record({
        kind: fc.constantFrom('incident.mitigate', 'incident.resolve'),
        text: optional(prose),
        incident: optional(name),
      }),
      fc.record({
        kind: fc.constant('incident.assign'),
        role,
        user: fc.stringMatching(/^[UW][A-Z0-9]{4,8}$/),
        incident: optional(name),
      }),
      fc.record({ kind: fc.constant('why'), service: name, environment: name, version: optional(version) }),
      fc.record({ kind: fc.constant('what-if'), command: prose, at: optional(prose) }),
      fc.record({
        kind: fc.constant('hold.lock'),
        service: name,
        environment: name,
        reason: prose,
        for: optional(fc.constantFrom('30m', '2h', '1d12h')),
        change: optional(version),
      }),
      fc.record({ kind: fc.constant('hold.unlock'), service: name, environment: name, reason: optional(prose) }),
      fc.record({
        kind: fc.constant('hold.hand_over'),
        service: name,
        environment: name,
        to: fc.constant('U0ANN'),
        reason: optional(prose),
      }),
      fc.record({
        kind: fc.constant('hold.freeze'),
        environment: name,
        service: optional(name),
        reason: prose,
        until: optional(prose),
      }),
      fc.record({ kind: fc.constant('hold.thaw'), environment: name, service: optional(name) }),
      fc.record({ kind: fc.constant('hold.stop'), reason: prose }),
      fc.record({ kind: fc.constant('hold.go'), reason: optional(prose) }),
      fc.record({ kind: fc.constantFrom('status', 'runbook.list', 'locks') }),
    )
    .map((each) => JSON.parse(JSON.stringify(each)) as Asked);
  const escape = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

  it('what is printed is read back as the same', () => {
    fc.assert(
      fc.property(anything, (each) => {
        expect(asked(lineOf(each))).toEqual(each);
      }),
      { numRuns: 400 },
    );
  });

  it('and the same after Slack escaped it', () => {
    fc.assert(
      fc.property(anything, (each) => {
        const { command, text } = printAsked(each);
        expect(parseCommand({ command, text: escape(text), escaped: true })).toEqual({ ok: true, asked: each });
      }),
      { numRuns: 200 },
    );
  });

  it('it never throws and always answers with a sentence or an understanding', () => {
    const junk = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc
        .array(
          fc.constantFrom(
            'to',
            'in',
            '"',
            '“',
            "'",
            '--',
            '—',
            '=',
            '<',
            '>',
            '&lt;',
            '<@',
            '|',
            '\\',
            ' ',
            '\u200f',
            'x',
            'sev1',
            '--id',
            '\ud800',
          ),
        )
        .map((parts) => parts.join('')),
    );
    const command = fc.constantFrom('/deploy', '/rollback', '/provision', '/runbook', '/incident', '/signalbox');
    const verb = fc.constantFrom('', 'run ', 'declare ', 'declare sev1 ', 'update ', 'why ', 'assign lead ');
    fc.assert(
      fc.property(command, verb, junk, fc.boolean(), (name, first, rest, escaped) => {
        const parsed = parseCommand({ command: name, text: first + rest, escaped, known });
        expect(parsed.ok || parsed.problem.length > 0).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('half a surrogate pair is replaced, so that the text survives every hop', () => {
    expect(asked('/incident update a\ud800b')).toEqual({ kind: 'incident.update', text: 'a\ufffdb' });
  });
});

describe('suggestions', () => {
  it.each([
    ['abcd', 'abdc', 1],
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
    ['same', 'same', 0],
  ])('from %s to %s is %i', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance);
  });

  it('suggests nothing that is far away', () => {
    expect(nearest('banana', ['checkout'])).toBeUndefined();
  });
});
