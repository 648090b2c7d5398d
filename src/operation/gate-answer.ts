import type { Ballot } from '../approvals/ballot';
import { overrideBallotFor } from '../policy/override-ballots';
import type { Gate } from '../policy/verdict';
import { describeCase, excludedFrom, type Case } from './case';
import { placeOfWork } from './case-work';
import type { GateAnswer } from './judgement';
import type { GateView } from './view';

/** Where a gate that only time can open is asked again when it names no instant, ms. */
const gatePollMs = 60_000;

/** Gates as the card shows them, the ballots that override some, and when they want to be asked again. */
export function gateAnswer(gates: readonly Gate[], input: Case, planDigest: string): GateAnswer {
  const { now, repository } = input;
  const { request, world } = describeCase(input);
  const { service } = placeOfWork(repository.policy, request);
  const ballotOf = (gate: Extract<Gate, { kind: 'override' }>): Ballot =>
    overrideBallotFor({
      gate,
      policy: repository.policy,
      planDigest,
      operationId: input.request.id,
      excluded: excludedFrom(input),
      now,
      service,
      world,
    });
  const overrides = gates.flatMap((gate) => (gate.kind === 'override' ? [ballotOf(gate)] : []));
  const views = gates.flatMap((gate): GateView[] => {
    if (gate.kind === 'approval') return [];
    const opensAt = opensAtOf(gate);
    const { kind, holds, message, about } = gate;
    const ballot = kind === 'override' ? { ballot: ballotOf(gate).id } : {};
    return [{ kind, holds, message, opensAt: holds ? undefined : opensAt, ...ballot, ...(about && { about }) }];
  });
  const closed = views.filter(({ holds }) => !holds);
  if (closed.length === 0) return { gates: views, overrides };
  const instants = closed.map(({ opensAt }) => (opensAt ? Date.parse(opensAt) : now.getTime() + gatePollMs));
  return { gates: views, overrides, nextGateCheckAtMs: Math.max(now.getTime() + 100, Math.min(...instants)) };
}

function opensAtOf(gate: Exclude<Gate, { kind: 'approval' }>): string | undefined {
  switch (gate.kind) {
    case 'freeze':
    case 'override':
      return gate.until;
    case 'window':
    case 'order':
      return gate.opensAt;
    case 'prerequisite':
      return undefined;
  }
}
