import { ACTIONS, decodeValue, decodeVoteValue, encodeValue } from '../../src/messages/actions';
import { operationCard } from '../../src/messages/operation-card';
import { finishedStates, type BallotView, type OperationState } from '../../src/operation/view';
import { buttonsOf, markupOf, problemsOf, valuesOf } from './reading';
import { ballotView, inState, operationView, waitingView } from './views';

const about = {
  temporalUiUrl: 'https://temporal.example',
  namespace: 'ops',
  policyUrl: 'https://git.example/{commit}/{file}#L{line}',
};

const buttonsByState: readonly (readonly [OperationState, readonly string[]])[] = [
  ['preparing', [ACTIONS.cancel]],
  ['waiting', [ACTIONS.approve, ACTIONS.reject, ACTIONS.cancel]],
  ['queued', [ACTIONS.cancel]],
  ['checking', []],
  ['running', [ACTIONS.abort, ACTIONS.stopHere]],
  ['watching', [ACTIONS.rollback, ACTIONS.finishWatch]],
  ['held', [ACTIONS.abort, ACTIONS.stopHere]],
  ['undoing', []],
  ['needs_hands', [ACTIONS.retryUndo, ACTIONS.doneByHand, ACTIONS.leaveIt]],
  ['succeeded', [ACTIONS.rollback, ACTIONS.incidentOpen]],
  ['rolled_back', [ACTIONS.rollback, ACTIONS.retry, ACTIONS.incidentOpen]],
  ['failed', [ACTIONS.rollback, ACTIONS.retry, ACTIONS.incidentOpen]],
  ['denied', []],
  ['rejected', []],
  ['expired', [ACTIONS.retry]],
  ['cancelled', [ACTIONS.retry]],
  ['superseded', []],
];

describe.each(buttonsByState)('the card of an operation that is %s', (state, wanted) => {
  const card = operationCard(inState(state), about);

  it('has the buttons of that state and no others', () => {
    expect(buttonsOf(card)).toEqual(wanted);
  });

  it('keeps within the limits of Slack and says everything in one sentence', () => {
    expect(problemsOf(card)).toEqual([]);
    expect(card.text).toContain('Deploy checkout 1.4.2 to production, asked for by <@U0LEE>: ');
  });
});

it.each<['runbook' | 'provision']>([['runbook'], ['provision']])('lets a %s that succeeded be run again', (kind) => {
  expect(buttonsOf(operationCard(operationView({ state: 'succeeded', kind })))).toEqual([
    ACTIONS.retry,
    ACTIONS.incidentOpen,
  ]);
});

it.each(finishedStates)('has no decision buttons once it is %s, whatever its ballots say', (state) => {
  const buttons = buttonsOf(operationCard(operationView({ state, ballots: [ballotView] })));
  expect(buttons).not.toContain(ACTIONS.approve);
  expect(buttons).not.toContain(ACTIONS.reject);
});

it('puts operation, ballot and digest on the buttons of a ballot, and only the operation on the others', () => {
  const [approve, reject, cancel] = valuesOf(operationCard(waitingView));
  expect(decodeVoteValue(approve)).toEqual({ o: waitingView.id, b: 'b1', d: 'd'.repeat(64) });
  expect(reject).toBe(approve);
  expect(decodeValue(cancel)).toEqual({ o: waitingView.id });
});

it.each<[OperationState, number]>([
  ['needs_hands', 3],
  ['needs_decision', 2],
  ['running', 1],
])('puts what is asked on the buttons that decide about it, of an operation that %s', (state, count) => {
  const question = { id: 'question-2', step: 'Canary 5%' };
  const card = operationCard(operationView({ state, may: ['skip'], question }));
  const about = valuesOf(card).filter((value) => decodeValue(value)?.a === 'question-2');
  expect(about).toHaveLength(count);
  expect(problemsOf(card)).toEqual([]);
  const long = { ...question, id: 'x/'.repeat(500) };
  expect(problemsOf(operationCard(operationView({ state, may: ['skip'], question: long })))).toEqual([]);
});

it.each<[string, string | undefined, string | null]>([
  ['the version that its question names', '1.4.1', '1.4.1'],
  ['that its question names no version', undefined, null],
])('puts on the Roll back button %s', (_what, version, carried) => {
  const view = operationView({ state: 'succeeded', rollback: { ready: true, version } });
  expect(decodeValue(valuesOf(operationCard(view))[0])).toEqual({ o: view.id, v: carried });
});

describe('a freeze that began while it ran', () => {
  const hold = { name: 'year end <!channel>', until: '2027-01-04T23:00:00Z' };

  it('is named with its end in the reader’s zone, and in UTC where a phone reads it out', () => {
    const card = operationCard(operationView({ state: 'held', hold }), about);
    expect(markupOf(card)).toContain(
      'Held by the freeze "year end &lt;!channel&gt;" until <!date^1799103600^{date_short_pretty} {time}|2027-01-04 23:00 UTC>, then it goes on by itself.',
    );
    expect(card.text).toContain('until 2027-01-04 23:00 UTC, then it goes on by itself.');
  });

  it('is announced while what is in progress ends, and is no matter once the operation is over', () => {
    expect(markupOf(operationCard(operationView({ state: 'running', hold })))).toContain(
      'what is in progress ends first',
    );
    expect(markupOf(operationCard(operationView({ state: 'undoing', hold })))).not.toContain('year end');
  });
});

it('says on the button when policy allows one click', () => {
  const view = operationView({ ballots: [{ ...ballotView, oneClick: true }] });
  expect(decodeValue(valuesOf(operationCard(view))[0])).toMatchObject({ q: 1 });
});

it('says that approving needs a code, and so does the button, where policy asks for a second factor', () => {
  const card = operationCard(operationView({ ballots: [{ ...ballotView, secondFactor: true }] }));
  expect(markupOf(card)).toContain('Approving needs a code from your authenticator');
  expect(decodeValue(valuesOf(card)[0])).toMatchObject({ f: 1 });
  expect(problemsOf(card)).toEqual([]);
  expect(markupOf(operationCard(waitingView))).not.toContain('authenticator');
});

it.each<[OperationState, readonly string[]]>([
  ['waiting', [ACTIONS.reject, ACTIONS.cancel]],
  ['queued', [ACTIONS.reject, ACTIONS.cancel]],
  ['checking', [ACTIONS.reject]],
  ['rejected', []],
])('offers Reject on a filled ballot of an operation that is %s, as long as it has not begun', (state, wanted) => {
  const card = operationCard(operationView({ state, ballots: [{ ...ballotView, takes: 'rejections' }] }));
  expect(buttonsOf(card)).toEqual(wanted);
  expect(markupOf(card).includes('may still reject')).toBe(wanted.length > 0);
  expect(problemsOf(card)).toEqual([]);
});

it('asks for a mid-run approval while the operation runs', () => {
  expect(buttonsOf(operationCard(operationView({ state: 'running', ballots: [ballotView] })))).toEqual([
    ACTIONS.approve,
    ACTIONS.reject,
    ACTIONS.abort,
    ACTIONS.stopHere,
  ]);
});

it.each([
  ['who asked', '<@U0LEE>'],
  ['what changes', '`1.4.1` → `1.4.2`'],
  ['what it was asked with', '`targets` 12'],
  ['who has decided', '✅ `security_team`: <@U0MIA>'],
  ['who is still needed, with a mention', '▫️ `director`: still needed, <@U0DIRECTOR>'],
  ['when a gate opens', '🕒 Outside office hours. Opens <!date^'],
  ['the lane', '🚦 Number 2 in line, held by `deploy-checkout-production-aaaa`'],
  ['what cannot be undone', '⚠️ Cannot be undone: The migration drops the column vat_old'],
  ['that rollback is ready', '↩️ Rollback is ready, to `1.4.1`'],
  [
    'which rule asks, where it stands',
    '<https://git.example/abcdef0123456789abcdef0123456789abcdef01/policy.yaml#L31|policy.yaml:31>',
  ],
  ['the commit of the policy', '|abcdef0123>'],
  [
    'where Temporal shows it',
    '<https://temporal.example/namespaces/ops/workflows/deploy-checkout-production-k3m9x2p7qa|Temporal>',
  ],
  ['how long a step took and what came of it', '✅ Migrate the database: 3 migrations _1 min 05 s_'],
])('shows %s', (_what, shown) => {
  const view = operationView({
    ballots: [ballotView],
    lane: { position: 2, heldBy: 'deploy-checkout-production-aaaa' },
  });
  expect(markupOf(operationCard(view, about))).toContain(shown);
});

it('shows the missed criterion with what was measured, and what runs again', () => {
  const missed = { metric: 'error_rate', wanted: '<0.1%', measured: '2.4%', stage: 'canary' };
  const view = operationView({
    state: 'rolled_back',
    outcome: { kind: 'rolled_back', sentence: 'The canary failed.', missed, restored: '1.4.1' },
  });
  const shown = markupOf(operationCard(view));
  expect(shown).toContain('`error_rate` measured *2.4%*, wanted *&lt;0.1%*');
  expect(shown).toContain('Restored: `1.4.1`');
});

it('says once why a step failed, and beside the step where nothing else says it', () => {
  const steps = [{ name: 'Empty the cache', state: 'failed' as const, summary: 'The cache does not answer.' }];
  const note = 'The cache does not answer. It was tried 3 times.';
  const count = (view: Parameters<typeof operationView>[0]): number =>
    markupOf({ blocks: operationCard(operationView({ steps, ...view })).blocks }).split('cache does not').length - 1;
  expect(count({ state: 'needs_decision', note })).toBe(1);
  expect(count({ state: 'running' })).toBe(1);
});

it('names the steps that cannot be undone on one line, and what else is lost on its own', () => {
  const irreversible = ['“Empty a” cannot be undone.', '“Empty b” cannot be undone.', 'The column vat_old is dropped.'];
  const shown = markupOf(operationCard(operationView({ irreversible })));
  expect(shown).toContain('⚠️ Cannot be undone: “Empty a”, “Empty b”\n');
  expect(shown).toContain('⚠️ Cannot be undone: The column vat_old is dropped.');
});

it.each<[OperationState, string]>([
  ['held', '⏸️ <@U0ANA> paused it. Resume lets its next step begin; Abort undoes what was done.'],
  ['running', '⏸️ <@U0ANA> paused it: what runs now ends, and nothing more begins until Resume.'],
])('says who paused it while it is %s', (state, wanted) => {
  expect(markupOf(operationCard(operationView({ state, paused: 'U0ANA' })))).toContain(wanted);
});

it('says once that it succeeded where it is read aloud', () => {
  const view = operationView({ state: 'succeeded' });
  const outcome = { kind: 'succeeded' as const, sentence: `${view.title} is done.` };
  expect(operationCard({ ...view, outcome }).text).toMatch(/: succeeded\.$/);
});

it('does not mention whoever an unsigned caller names', () => {
  const view = operationView({ kind: 'approval', requesterVerified: false });
  expect(markupOf(operationCard(view))).not.toContain('<@U0LEE>');
  expect(operationCard(view).text).toContain('(not verified)');
});

it('lists at most a dozen steps, what failed and what runs among them', () => {
  const steps = Array.from({ length: 40 }, (_, index) => ({
    name: `Step ${index}`,
    state:
      index === 3
        ? ('failed' as const)
        : index < 30
          ? ('done' as const)
          : index === 30
            ? ('running' as const)
            : ('waiting' as const),
  }));
  const shown = markupOf(operationCard(operationView({ state: 'running', steps, moreSteps: 5, stepsDone: 33 })));
  expect(shown).toContain('*Steps* (33 of 45 done)');
  expect(shown.match(/Step \d+/g)).toHaveLength(12);
  expect(shown).toContain('❌ Step 3, failed');
  expect(shown).toContain('🔵 Step 30, running');
  expect(shown).toContain('… and 33 more');
});

it('stays a card when everything is too much', () => {
  const long = 'x'.repeat(5_000);
  const seats = Array.from({ length: 60 }, () => ({ team: long, mention: ['U0A'] }));
  const view = operationView({
    title: long,
    reason: long,
    denials: Array.from({ length: 60 }, () => long),
    ballots: Array.from({ length: 40 }, (_, index) => ({ ...ballotView, id: `b${index}`, rule: long, seats })),
    gates: Array.from({ length: 60 }, () => ({ kind: 'window' as const, holds: false, message: long })),
    why: Array.from({ length: 60 }, () => ({ rule: long, source: long, message: long })),
    inputs: Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`${long}${index}`, long])),
    steps: Array.from({ length: 60 }, () => ({ name: long, state: 'waiting' as const, summary: long })),
    irreversible: Array.from({ length: 60 }, () => long),
    note: long,
  });
  const card = operationCard(view, about);
  expect(problemsOf(card)).toEqual([]);
  expect(buttonsOf(card).at(-1)).toBe(ACTIONS.cancel);
});

it.each([undefined, '', 'x', '[]', '{"o":1}', '{"o":"a","evil":1}', `{"o":"${'a'.repeat(5000)}"}`])(
  'reads no foreign button value: %s',
  (text) => {
    expect(decodeValue(text)).toBeUndefined();
  },
);

it('reads what it wrote', () => {
  expect(decodeValue(encodeValue({ i: 'incident-x' }))).toEqual({ i: 'incident-x' });
  expect(decodeVoteValue(encodeValue({ o: 'a', b: 'b' }))).toBeUndefined();
});

it('says once what was missed and what runs again', () => {
  const missed = { metric: 'error_rate', wanted: '<0.1%', measured: '7.14%', stage: 'canary' };
  const sentence = 'It failed because error_rate was 7.14%. What had been done was undone; 1.4.1 runs again.';
  const card = operationCard(
    operationView({ state: 'rolled_back', outcome: { kind: 'rolled_back', sentence, missed, restored: '1.4.1' } }),
  );
  const shown = card.blocks.map((block) => markupOf({ blocks: [block] })).join('\n');
  expect(card.text).toContain(sentence);
  expect(shown.match(/7\.14%/g)).toHaveLength(1);
  expect(shown).toContain('wanted *&lt;0.1%*');
  expect(shown).toContain('Restored: `1.4.1` runs again');
});

it('names a rule once, however many gates it made', () => {
  const rule = { rule: 'high risk', source: 'policy.yaml:31', message: 'x' };
  const shown = markupOf(operationCard(operationView({ why: [rule, { ...rule, message: 'y' }] })));
  expect(shown.match(/high risk \(policy\.yaml:31\)/g)).toHaveLength(1);
});

it('says once that nothing ran here before', () => {
  const why = 'No version ran here before, so there is nothing to go back to.';
  const view = operationView({ state: 'running', irreversible: [why], rollback: { ready: false, why } });
  expect(markupOf(operationCard(view)).match(/nothing to go back to/g)).toHaveLength(1);
});

it('names who ended it beside the sentence, which is only text', () => {
  const outcome = { kind: 'rolled_back', sentence: 'It was aborted. <@U0EVIL>', by: 'U0LEE' } as const;
  const shown = markupOf(operationCard(operationView({ state: 'rolled_back', outcome })));
  expect(shown).toContain('👤 By <@U0LEE>.');
  expect(shown).not.toContain('<@U0EVIL>');
});

it('says that a version already ran here when it is deployed again, and not of a rollback', () => {
  const again = operationView({ version: '1.4.1', previousVersion: '1.4.1' });
  expect(markupOf(operationCard(again, about))).toContain('`1.4.1`, which already ran here');
  expect(markupOf(operationCard({ ...again, kind: 'rollback' }, about))).not.toContain('already ran here');
});

describe('a ballot that takes a reason', () => {
  const soft = { ...ballotView, purpose: 'override' as const, rule: 'quiet week', seats: [ballotView.seats[1]!] };
  const text = (view: ReturnType<typeof operationView>) => JSON.stringify(operationCard(view).blocks);

  it('has Override… and no Reject, and the card does not say that it waits for those who may', () => {
    const card = operationView({ ballots: [soft] });
    expect(text(card)).toContain('Override…');
    expect(text(card)).not.toContain('"Reject"');
    expect(text(card)).not.toContain('Approval: quiet week');
    expect(operationCard(card).text).not.toContain('waits for director');
  });

  it('says who overrode it', () => {
    const seats = [{ ...soft.seats[0]!, filledBy: 'U0DIRECTOR', at: '2026-11-21T09:05:00Z' }];
    const card = text(operationView({ ballots: [{ ...soft, seats, takes: 'rejections' }] }));
    expect(card).toContain('Overridden by <@U0DIRECTOR>');
    expect(card).not.toContain('Override…');
  });

  it('of a review has Close review… and no Cancel', () => {
    const view = operationView({ kind: 'review', ballots: [{ ...soft, purpose: 'review', rule: 'break_glass' }] });
    expect(text(view)).toContain('Close review…');
    expect(text(view)).not.toContain('Cancel request');
    expect(operationCard(view).text).toContain('waits for director');
  });
});

test('a card says who is asked next and when, who may approve by now, and why somebody is missing', () => {
  const ballot: BallotView = {
    ...ballotView,
    seats: [
      { ...ballotView.seats[0]!, sitsInFor: 'U0ANN' },
      { team: 'oncall', anyOf: ['oncall', 'director'], mention: [], missing: 'Nobody is on call for oncall.' },
    ],
    widened: ['director'],
    ladder: [
      { at: '2026-11-21T10:00:00Z', does: 'remind' },
      { at: '2026-11-21T11:00:00Z', does: 'widen', team: 'leads' },
      { at: '2026-11-21T12:00:00Z', does: 'page', team: 'oncall' },
      { at: '2026-11-21T13:00:00Z', does: 'reject' },
    ],
  };
  const card = operationCard(operationView({ ballots: [ballot] }), { dateTokens: false });
  const shown = JSON.stringify(card.blocks);
  expect(shown).toContain('<@U0MIA>, sitting in for <@U0ANN>');
  expect(shown).toContain('`oncall`: still needed ⚠️ Nobody is on call for oncall.');
  expect(shown).toContain('`director` may approve this too by now, in place of `oncall`');
  expect(shown).toMatch(
    /If nobody decides: ⏰ a reminder [^·]+ · 👥 `leads` may approve too [^·]+ · 📟 `oncall` is called [^·]+ · 🚫 it counts as rejected/,
  );
  expect(problemsOf(card)).toEqual([]);
});
