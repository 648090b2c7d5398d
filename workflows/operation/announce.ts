import type { Ballot } from '../../src/approvals/ballot';
import type { Outcome } from '../../src/operation/outcome';
import type { GateView } from '../../src/operation/view';
import { lanes } from '../activities';
import { mentionsOf, type BallotBox } from '../ballot-box';
import type { Courier } from '../courier';
import { instant } from '../say';
import type { Life } from './life';

/** Mentions everybody who may fill a seat: a mention is what makes a phone ring. */
export function callVoters(courier: Courier, box: BallotBox, title: string): void {
  for (const { ballot } of box.openBallots) {
    const mention = [...new Set(ballot.seats.flatMap(({ team }) => mentionsOf(ballot, team)))];
    call(courier, { ballot, title, mention });
  }
}

/** Below the card, and in the channel that policy names for this ballot. */
function call(
  courier: Courier,
  { ballot, title, mention }: { readonly ballot: Ballot; readonly title: string; readonly mention: readonly string[] },
): void {
  const notice = { kind: 'ballot_opened', title, mention, rule: ballot.rule } as const;
  courier.thread(notice);
  if (ballot.channel !== undefined) courier.send({ kind: 'elsewhere', channel: ballot.channel }, notice);
}

/** Marks ballots that ran out, and reminds the teams that still have a free seat: in the thread, and by direct message. */
export function remind(of: Pick<Life, 'box' | 'courier' | 'slot' | 'title' | 'changed'>, operationId: string): void {
  for (const { ballot, openedAt, expiresAt } of of.box.tick()) {
    of.changed();
    const teams = of.box.waitingFor.filter((team) => ballot.teams[team]);
    const mention = [...new Set(teams.flatMap((team) => mentionsOf(ballot, team)))];
    call(of.courier, { ballot, title: of.title, mention });
    const users = teams.flatMap((team) => ballot.teams[team]?.users ?? []);
    const free = users.filter((user) => !ballot.excluded.some(({ id }) => id === user));
    for (const user of [...new Set(free)].slice(0, 10)) {
      of.courier.send(
        { kind: 'person', user },
        {
          kind: 'reminder',
          operationId,
          ballotId: ballot.id,
          ballotDigest: ballot.digest,
          title: of.title,
          waitingSince: instant(openedAt),
          expiresAt: instant(expiresAt),
          link: of.slot?.at,
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
      requester: request.requester.id,
    },
  );
}
