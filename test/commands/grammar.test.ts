import type { Asked } from '../../src/commands/asked';
import { parseCommand, parseLine, type CommandText } from '../../src/commands/grammar';

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
      'a check',
      '/runbook run patch --check web',
      { kind: 'runbook.run', runbook: 'patch', positional: ['web'], inputs: {}, labels: [], check: true },
    ],
    [
      'a check from a phone',
      '/provision node —check',
      { kind: 'provision', runbook: 'node', positional: [], inputs: {}, labels: [], check: true },
    ],
    ['a search', '/runbook list “patch hosts”  weekly', { kind: 'runbook.list', words: 'patch hosts weekly' }],
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
