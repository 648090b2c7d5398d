import { renderNotice } from '../../src/messages/notices';
import { operationCard } from '../../src/messages/operation-card';
import type { StepView } from '../../src/operation/view';
import { markupOf } from './reading';
import { operationView } from './views';

const title = 'Deploy checkout v2.5.0 to production';

describe('how it ended is told once', () => {
  const outcome = (sentence: string) =>
    renderNotice({ kind: 'outcome', title, sentence, state: 'succeeded', requester: 'U0ANA' }).text;

  test('when the sentence begins with the title', () => {
    expect(outcome(`${title} is done.`)).toBe(`✅ ${title} is done. Asked for by <@U0ANA>.`);
  });

  test('when it does not', () => {
    expect(outcome('Nothing was changed.')).toBe(`✅ ${title}: Nothing was changed. Asked for by <@U0ANA>.`);
  });
});

describe('what was measured is told once', () => {
  const text = (reason: string) =>
    renderNotice({
      kind: 'rollback_notice',
      operationId: 'deploy-checkout-production-k3m9x2p7qa',
      title,
      failedStep: 'Watch error_rate for 8s',
      reason,
      missed: { metric: 'error_rate', measured: '7.14%', wanted: '<0.1%', stage: 'canary' },
      requester: 'U0ANA',
    }).text;

  test.each([['error_rate has to be <0.1% and was 7.14% in stage canary.'], ['The criterion was missed.']])(
    'whether or not the reason says it: %s',
    (reason) => {
      expect(text(reason).match(/was 7\.14%/g)).toHaveLength(1);
    },
  );
});

describe('the notice of an operation that failed', () => {
  const notice = {
    kind: 'rollback_notice' as const,
    operationId: 'runbook-empty-caches-k3m9x2p7qa',
    title: 'Run empty-caches',
    failedStep: 'Empty b',
    reason: 'It does not answer.',
    requester: 'U0ANA',
  };

  test('names what stays, because nothing puts it back', () => {
    const said = markupOf(renderNotice({ ...notice, kept: ['Empty a', 'Warm a'] }));
    expect(said).toContain('*Rolled back: Run empty-caches*');
    expect(said).toContain('⚠️ Not undone, because nothing puts it back: “Empty a”, “Warm a”.');
  });

  test('does not say that anything was undone where nothing was', () => {
    const failed = 'Run empty-caches failed at "Empty b": It does not answer. Nothing had been changed before that.';
    const message = renderNotice({ ...notice, failed });
    expect(message.text).toBe(`❌ ${failed}`);
    expect(markupOf(message)).toContain(`*Failed: Run empty-caches*\n${failed}`);
    expect(markupOf(message)).not.toContain('was undone');
  });
});

test.each<[string, Partial<StepView>, boolean]>([
  ['that lasted as long as its name says', {}, false],
  ['that ended before', { endedAt: '2026-11-21T09:00:03Z' }, true],
  ['that failed', { state: 'failed' }, true],
  ['whose name says no time', { name: 'Wait until healthy' }, true],
])('a step %s has its time beside its name or not', (_what, change, isShown) => {
  const times = { startedAt: '2026-11-21T09:00:00Z', endedAt: '2026-11-21T09:00:08.300Z' };
  const step: StepView = { name: 'Watch error_rate for 8s', state: 'done', ...times, ...change };
  const card = markupOf(operationCard(operationView({ state: 'running', steps: [step] })));
  const line = card.split('\n').find((each) => each.includes(step.name))!;

  expect(/_\d.*s_$/.test(line)).toBe(isShown);
});

describe('a ladder', () => {
  const link = { channel: 'C1', ts: '1.1' };
  const reminder = {
    kind: 'reminder',
    operationId: 'o1',
    ballotId: 'b1',
    ballotDigest: 'd1',
    title,
    waitingSince: '2026-11-21T09:00:00Z',
    expiresAt: '2026-11-21T21:00:00Z',
    link,
  } as const;

  test.each([
    ['widen', '📟 <@U0DEE> `directors` may approve'],
    ['page', '📟 <@U0DEE> `directors` is called'],
  ] as const)('says who is asked at a step that says %s', (does, beginning) => {
    const notice = {
      kind: 'escalated',
      does,
      team: 'directors',
      title,
      mention: ['user:U0DEE'],
      rule: 'prod',
    } as const;
    expect(renderNotice(notice).text).toContain(beginning);
  });

  test.each([
    [true, true],
    [false, false],
  ])('gives whoever is paged the buttons if they may vote: %s', (mayVote, buttons) => {
    const message = renderNotice({ ...reminder, page: { team: 'oncall', mayVote } });
    expect(message.text).toContain('you are called for oncall');
    expect(JSON.stringify(message.blocks).includes('"Approve"')).toBe(buttons);
  });

  test('tells in whose place somebody approved, and who withdrew', () => {
    const cast = { kind: 'vote_cast', by: 'U0SUB', stillNeeded: ['leads'] } as const;
    expect(renderNotice({ ...cast, decision: 'approve', seat: 'leads#1', sitsInFor: ['U0KIM'] }).text).toBe(
      '✅ <@U0SUB> approved for leads, sitting in for <@U0KIM>. Still needed: leads.',
    );
    expect(renderNotice({ ...cast, decision: 'withdraw' }).text).toBe(
      '↩️ <@U0SUB> withdrew the approval. Still needed: leads.',
    );
  });
});
