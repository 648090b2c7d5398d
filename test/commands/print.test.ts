import fc from 'fast-check';
import type { Asked } from '../../src/commands/asked';
import { parseCommand, parseLine, type CommandText } from '../../src/commands/grammar';
import { lineOf, printAsked } from '../../src/commands/print';

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
      fc.record({ kind: fc.constant('runbook.list'), words: prose }),
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
