import fc from 'fast-check';
import type { Message } from '../../src/messages/blocks';
import { homeView } from '../../src/messages/home';
import { incidentCard } from '../../src/messages/incident-card';
import type { Notice } from '../../src/messages/notice';
import { renderNotice } from '../../src/messages/notices';
import { operationCard } from '../../src/messages/operation-card';
import { incidentModal, runbookModal } from '../../src/messages/request-modals';
import { runbookListMessage } from '../../src/messages/runbook-list';
import { statusMessage } from '../../src/messages/status';
import { approvalModal, reasonModal, rejectModal, resultModal } from '../../src/messages/vote-modals';
import { checkView } from '../slack-rules/view-rules';
import { markupOf, problemsOf } from './reading';
import { ballotView, incidentView, operationView } from './views';

const hostile = fc.oneof(
  fc.constantFrom(
    '<!channel>',
    '<!here|x>',
    '<!subteam^S0SECURITY>',
    '<@U0LEE>',
    '<#C0123|general>',
    '<https://evil.example|Approve>',
    '<mailto:a@b.example|x>',
    '<!date^0^{date}^https://evil.example|now>',
    '```\n<!channel>\n```',
    '> *Approved by <@U0LEE>*',
    '\u202e<\u200b!channel>',
    '&lt;!channel&gt;',
    '',
    ' ',
    '\n\n\n',
  ),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: fc.constantFrom('<', '>', '&', '!', '@', '`', '*', '|', 'U', '0', ' ', '\n'), maxLength: 60 }),
  fc.constantFrom('<', '&', '🚀', '`', 'x', 'a\n', '\u0351').map((unit) => unit.repeat(3_100)),
);

/** What the templates themselves put into a message; everything else between angle brackets came from outside. */
const ours =
  /<@[UW][A-Z0-9]{1,20}>|<!subteam\^S[A-Z0-9]{1,20}>|<#C0ROOM>|<!date\^-?\d+\^\{date_short_pretty\} \{time\}\|[^<>]* UTC>|<https:\/\/(?:temporal|git|acme)\.example\/[^<>|]*\|[^<>]*>/g;

const mentioned = new Set(['<@U0OWN>', '<!subteam^S0OWN>']);

function foreignMarkup(message: { readonly text?: string; readonly blocks: readonly unknown[] }): string[] {
  const shown = markupOf(message);
  const foreignMentions = (shown.match(/<[@!](?!date)[^>]*>/g) ?? []).filter((tag) => !mentioned.has(tag));
  return [...foreignMentions, ...(shown.replace(ours, '').match(/[<>]/g) ?? [])];
}

const about = {
  temporalUiUrl: 'https://temporal.example',
  policyUrl: 'https://git.example/{commit}/{file}#L{line}',
  permalink: 'https://acme.example/archives/C1/p1',
};
const person = 'U0OWN';

const makers: readonly (readonly [string, (text: string) => Message])[] = [
  [
    'the card of an operation',
    (text) =>
      operationCard(
        operationView({
          title: text,
          service: text,
          environment: text,
          version: text,
          previousVersion: `${text}.`,
          runbook: text,
          inputs: { [text || 'x']: text },
          fields: { note: text },
          reason: text,
          requester: { kind: 'machine', id: text, via: 'webhook' },
          policyCommit: text,
          policyProblem: text,
          why: [{ rule: text, source: text, message: text }],
          ballots: [
            {
              ...ballotView,
              rule: text,
              seats: [
                { team: text, mention: ['subteam:S0OWN'] },
                { team: text, mention: [], filledBy: person, at: text },
              ],
              rejectedBy: { by: person, reason: text },
            },
          ],
          gates: [{ kind: 'window', holds: false, message: text, opensAt: text }],
          lane: { position: 1, heldBy: text },
          steps: [{ name: text, state: 'failed', summary: text, startedAt: text }],
          irreversible: [text],
          rollback: { ready: false, why: text },
          digest: text,
          note: text,
          denials: [text],
          missed: { metric: text, wanted: text, measured: text, stage: text },
          outcome: { kind: 'failed', sentence: text, restored: text },
          incidentId: text,
        }),
        about,
      ),
  ],
  [
    'the card of an incident',
    (text) =>
      incidentCard(
        incidentView({
          service: text,
          environment: text,
          summary: text,
          declaredBy: person,
          roles: {},
          timeline: [{ at: text, by: person, text }],
          operationId: text,
          roomChannel: text,
          notDone: [text],
        }),
        about,
      ),
  ],
  [
    'the status list',
    (text) =>
      statusMessage({
        operations: [
          { id: 'o', shortId: 'o', title: text, state: 'waiting', since: text, requester: person, waitingFor: [text] },
        ],
        incidents: [{ id: 'i', shortId: 'i', summary: text, severity: 'sev1', state: 'declared', since: text }],
        holds: [text],
        policyProblem: text,
      }),
  ],
  [
    'the list of runbooks',
    (text) =>
      runbookListMessage({
        of: 'runbook',
        words: text,
        runbooks: Array.from({ length: 16 }, () => ({ name: text || 'x', folder: text, about: text, inputs: [text] })),
      }),
  ],
];

const notices: readonly ((text: string) => Notice)[] = [
  (text) => ({ kind: 'denied', title: text, reasons: [text, text], policyCommit: text }),
  (text) => ({ kind: 'ballot_opened', title: text, mention: ['user:U0OWN', 'subteam:S0OWN'], rule: text }),
  (text) => ({
    kind: 'reminder',
    operationId: 'o',
    ballotId: 'b',
    ballotDigest: 'd',
    title: text,
    waitingSince: text,
    expiresAt: text,
  }),
  (text) => ({ kind: 'vote_answer', title: text, answer: { kind: 'refused', code: 'lookup_failed', detail: text } }),
  (text) => ({
    kind: 'vote_answer',
    title: text,
    answer: { kind: 'counted', decision: 'approve', seat: text, stillNeeded: [text] },
  }),
  (text) => ({ kind: 'vote_cast', by: person, decision: 'reject', reason: text, stillNeeded: [] }),
  (text) => ({ kind: 'vote_cast', by: person, decision: 'approve', seat: text, reason: text, stillNeeded: [text] }),
  (text) => ({ kind: 'step_detail', step: text, summary: text, lines: [text, text] }),
  (text) => ({ kind: 'inputs', pieces: [{ name: text, text, from: 0, of: text.length }], left: 3 }),
  (text) => ({ kind: 'gate_opened', message: text }),
  (text) => ({ kind: 'changed', message: text }),
  (text) => ({
    kind: 'rollback_notice',
    operationId: 'o',
    title: text,
    service: text,
    environment: text,
    failedStep: text,
    reason: text,
    missed: { metric: text, wanted: text, measured: text, stage: text },
    restored: text,
    kept: [text],
    requester: person,
  }),
  (text) => ({
    kind: 'rollback_notice',
    operationId: 'o',
    title: text,
    failedStep: text,
    reason: text,
    failed: text,
    requester: person,
  }),
  (text) => ({ kind: 'needs_hands', title: text, step: text, reason: text, mention: ['user:U0OWN'] }),
  (text) => ({ kind: 'outcome', title: text, sentence: text, state: text, requester: person }),
  (text) => ({ kind: 'incident_event', at: text, text }),
  (text) => ({ kind: 'incident_history', events: [{ at: text, by: person, text, about: person, pinned: true }] }),
  (text) => ({ kind: 'incident_opened', incidentId: text, title: text, channel: text }),
  (text) => ({ kind: 'plain', text }),
];

const all: readonly (readonly [string, (text: string) => Message])[] = [
  ...makers,
  ...notices.map(
    (notice) => [`the notice ${notice('x').kind}`, (text: string) => renderNotice(notice(text), about)] as const,
  ),
];

it.each(all)('lets no text from outside become markup in %s', (_name, make) => {
  fc.assert(
    fc.property(hostile, (text) => {
      const message = make(text);
      expect(foreignMarkup(message)).toEqual([]);
      expect(problemsOf(message)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

const value = { o: 'o', b: 'b1', d: 'd' };
const modals: readonly (readonly [
  string,
  (text: string) => { readonly blocks: readonly unknown[] },
  'modal' | 'home',
])[] = [
  ['the skeleton of an approval', (text) => approvalModal({ value, meta: {}, sentence: text }), 'modal'],
  [
    'an approval',
    (text) =>
      approvalModal({
        value,
        meta: {},
        voter: 'U0OWN',
        view: operationView({
          title: text,
          service: text,
          reason: text,
          inputs: { [text || 'x']: text },
          requester: { kind: 'person', id: person, via: 'slack' },
          irreversible: [text],
          rollback: { ready: false, why: text },
          ballots: [{ ...ballotView, seats: [{ team: text, mention: ['user:U0OWN'] }] }],
        }),
      }),
    'modal',
  ],
  ['a rejection', (text) => rejectModal({ value, meta: {}, sentence: text }), 'modal'],
  [
    'a reason',
    (text) =>
      reasonModal({ action: 'a', title: text || 'x', submit: text || 'x', about: text, required: true, meta: {} }),
    'modal',
  ],
  ['a result', (text) => resultModal('Approve', { kind: 'refused', sentence: text }), 'modal'],
  [
    'an incident to open',
    (text) =>
      incidentModal({ meta: {}, services: [text], environments: [text], initial: { summary: text, service: text } }),
    'modal',
  ],
  [
    'a runbook to run',
    (text) =>
      runbookModal({
        meta: {},
        runbooks: [text],
        environments: ['production'],
        chosen: {
          name: text,
          about: text,
          inputs: {
            host: { type: 'string', help: text, default: text },
            how: { type: 'choice', options: [text || 'x'], help: text },
            hosts: { type: 'list', default: [text] },
            pattern: { type: 'string', pattern: text },
          },
        },
      }),
    'modal',
  ],
  [
    'the home tab',
    (text) =>
      homeView({
        waitingForMe: [
          {
            id: 'o',
            shortId: 'o',
            title: text,
            state: 'waiting',
            since: text,
            requester: person,
            ballot: { id: 'b', digest: 'd' },
          },
        ],
        mine: [],
        incidents: [],
        expiring: [{ name: text, expiresAt: text }],
        at: '2026-11-21T09:00:00Z',
      }),
    'home',
  ],
];

it.each(modals)('lets no text from outside become markup in %s', (_name, make, type) => {
  fc.assert(
    fc.property(hostile, (text) => {
      const view = make(text);
      expect(foreignMarkup(view)).toEqual([]);
      expect(checkView(view, type)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
