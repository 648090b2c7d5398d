import type { Ballot } from '../../src/approvals/ballot';
import { teamsOf } from '../../src/approvals/seats';
import type { Notice } from '../../src/messages/notice';
import type { Outcome } from '../../src/operation/outcome';
import type { GateView } from '../../src/operation/view';
import { lanes } from '../activities';
import type { BallotBox } from '../ballot-box';
import { mentionsFor, mentionsOf } from '../ballot-view';
import type { Courier } from '../courier';
import { instant } from '../say';
import type { Life } from './life';

/** Mentions everybody who may fill a seat: a mention is what makes a phone ring. */
export function callVoters(courier: Courier, box: BallotBox, title: string): void {
  for (const ballot of box.openBallots) {
    const mention = [...new Set(ballot.seats.flatMap(teamsOf).flatMap((team) => mentionsOf(ballot, team)))];
    tell(courier, ballot, { kind: 'ballot_opened', title, mention, rule: ballot.rule });
  }
}

/** Below the card, and in the channels that policy names for this ballot. */
function tell(
  courier: Courier,
  ballot: Ballot,
  notice: Extract<Notice, { kind: 'ballot_opened' | 'escalated' }>,
): void {
  courier.thread(notice);
  for (const channel of ballot.channels) courier.send({ kind: 'elsewhere', channel }, notice);
}

/** Most people that one step writes to. */
const writtenMost = 10;

/**
 * Takes what time has brought to the ballots: what ran out, and the steps of their ladders. Whoever a step calls is
 * mentioned in the thread; a reminder and a page are direct messages too.
 */
export function escalate(of: Pick<Life, 'box' | 'courier' | 'slot' | 'title' | 'changed'>, operationId: string): void {
  const before = of.box.state;
  const calls = of.box.tick();
  if (calls.length > 0 || of.box.state !== before) of.changed();
  for (const { ballot, rung, groups, users, openedAt, expiresAt, mayVote } of calls) {
    const mention = mentionsFor({ groups, users });
    const about = { title: of.title, mention, rule: ballot.rule };
    if (rung.does === 'widen' || rung.does === 'page')
      tell(of.courier, ballot, { kind: 'escalated', ...about, does: rung.does, team: rung.team });
    else tell(of.courier, ballot, { kind: 'ballot_opened', ...about });
    if (rung.does === 'widen') continue;
    for (const user of users.slice(0, writtenMost)) {
      of.courier.send(
        { kind: 'person', user },
        {
          kind: 'reminder',
          operationId,
          ballotId: ballot.id,
          ballotDigest: ballot.digest,
          ...(ballot.secondFactor && { secondFactor: ballot.secondFactor }),
          title: of.title,
          waitingSince: instant(openedAt),
          expiresAt: instant(expiresAt),
          link: of.slot?.at,
          ...(rung.does === 'page' && { page: { team: rung.team, mayVote } }),
        },
      );
    }
  }
}

/** Nobody can decide on a card that nobody sees, so whoever asked has to know. */
export function sayCardIsNowhere(life: Life, reason: string): void {
  const { requester, asked, id } = life.facts.request;
  if (requester.kind !== 'person') return;
  const text = `${life.title} is under way as ${id}, but its card cannot be shown: ${reason} Until that is mended, follow it with /signalbox show ${id}.`;
  life.courier.send({ kind: 'private', user: requester.id, channel: asked.channel }, { kind: 'plain', text });
}

export function sayWhatOpened(life: Life, before: readonly GateView[]): void {
  for (const gate of life.facts.gates) {
    const opened = gate.holds && before.some((old) => old.kind === gate.kind && !old.holds);
    if (opened) life.courier.thread({ kind: 'gate_opened', message: gate.message });
  }
}

/** Says how it ended: privately when nothing was opened, else in the thread, to the channels and to open incidents. */
export function announce(life: Life, outcome: Outcome): void {
  const { request, admission, denials, state } = life.facts;
  const { requester, service, environment } = request;
  if (!life.slot) {
    if (requester.kind !== 'person') return;
    const reasons = denials.length > 0 ? denials : [outcome.sentence];
    life.courier.send(
      { kind: 'private', user: requester.id, channel: request.asked.channel },
      { kind: 'denied', title: life.title, reasons, policyCommit: admission?.policyCommit },
    );
    return;
  }
  const { sentence } = outcome;
  life.courier.thread(
    { kind: 'outcome', title: life.title, sentence, state, requester: requester.id },
    { broadcast: life.started },
  );
  if (!life.started) return;
  if (outcome.kind === 'rolled_back' || outcome.kind === 'failed') sendRollbackNotice(life, outcome);
  void lanes()
    .tellIncidents({ service, environment, event: { at: instant(), text: sentence } })
    .catch(() => undefined);
}

function sendRollbackNotice(life: Life, outcome: Outcome): void {
  const { request, admission } = life.facts;
  const failure = life.runHandle?.failure;
  life.courier.send(
    { kind: 'channel', channel: admission?.rollbackChannel ?? admission!.channel },
    {
      kind: 'rollback_notice',
      operationId: request.id,
      title: life.title,
      service: request.service,
      environment: request.environment,
      failedStep: failure?.step ?? 'a step',
      reason: failure?.reason ?? outcome.sentence,
      missed: outcome.missed,
      restored: outcome.restored,
      kept: outcome.kept,
      ...(outcome.kind === 'failed' ? { failed: outcome.sentence } : {}),
      requester: request.requester.id,
    },
  );
}
