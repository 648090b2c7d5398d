import { judgeAsk } from '../../src/approvals/judge-ask';
import type { VoteAnswer, VoteBody } from '../../src/approvals/ballot';
import type { JsonObject } from '../../src/json';
import { relay } from '../../src/operation/relay';
import type { OperationView } from '../../src/operation/view';
import { readRepository } from '../../src/policy/read-repository';
import { VOTE_UPDATE } from '../../workflows/contract';
import { examplePolicy } from './company';
import { testTimings, type World } from './operation-world';
import type { RunbookAsked } from './run-runbook';
import { eventually } from './temporal';

const relayKey = 'a-relay-key-for-tests-of-32-characters';

/** A runbook of the example company as it is in its repository, over connections that lead to this machine. */
export function exampleRun(asked: {
  readonly runbook: string;
  readonly inputs?: JsonObject;
  readonly connections?: RunbookAsked['connections'];
  /** Changes a file, for what on this machine cannot be as it is there. */
  readonly files?: { readonly [path: string]: string };
  readonly pace?: number;
}): RunbookAsked {
  return { pace: 100, ...asked, files: { ...examplePolicy(0), ...asked.files } };
}

/** From now on the example company's own policy says who may approve in the middle of a runbook. */
export function judgeByExamplePolicy(world: World): void {
  const files = Object.entries(examplePolicy(0)).map(([path, text]) => [path, { text, blob: path }]);
  const read = readRepository({ files: new Map(files as never), commit: 'c'.repeat(40) });
  if (!read.ok) throw new Error('the example policy cannot be read');
  const { policy } = read.repository;
  world.judgeApproval = ({ ask }) => ({
    judgement: judgeAsk({
      ask,
      caller: { workflowId: 'run' },
      operation: ask.operation?.body,
      policy,
      now: new Date(),
    }),
    timings: testTimings,
  });
}

/** Waits until people are asked, has one of them decide, and gives the card as they saw it. */
export async function decide(
  world: World,
  {
    by,
    reason,
    about = /./,
  }: {
    readonly by: string;
    /** Given, it is a rejection. */
    readonly reason?: string;
    /** What the title of the card says. */
    readonly about?: RegExp;
  },
): Promise<OperationView> {
  const view = await eventually(() => {
    const asks = asking(world).find(
      ({ title, ballots }) =>
        about.test(title) && !ballots.some(({ approvedBy }) => approvedBy?.includes(by)) && ballots.length > 0,
    );
    if (!asks && !isDenied(world)) throw new Error(`nobody is asked for what ${by} could decide: ${titlesOf(world)}`);
    return asks;
  }, 60_000);
  if (!view) throw new Error(`it was denied: ${titlesOf(world)}`);
  const [ballot] = view.ballots;
  const body: VoteBody = {
    format: 1,
    operationId: view.id,
    ballotId: ballot!.id,
    ballotDigest: ballot!.digest,
    by,
    decision: reason === undefined ? 'approve' : 'reject',
    ...(reason === undefined ? {} : { reason }),
    actionId: `${Date.now()}.1`,
    at: new Date().toISOString(),
  };
  const answer = await world.temporal.client.workflow
    .getHandle(view.id)
    .executeUpdate<VoteAnswer, [unknown]>(VOTE_UPDATE, { args: [relay('vote', body, relayKey)] });
  if (answer.kind !== 'counted') throw new Error(`the vote of ${by} did not count: ${JSON.stringify(answer)}`);
  return view;
}

/** What waits for people at this moment, as the newest cards show it. */
function asking(world: World): readonly OperationView[] {
  return newestCards(world).filter(({ state }) => state === 'waiting');
}

function newestCards({ cards }: World): readonly OperationView[] {
  const newest = new Map<string, OperationView>();
  for (const delivery of cards) if (delivery.card === 'operation') newest.set(delivery.view.id, delivery.view);
  return [...newest.values()];
}

const isDenied = ({ notices }: World): boolean => notices.some(({ notice }) => notice.kind === 'denied');

function titlesOf(world: World): string {
  const denied = world.notices.flatMap(({ notice }) => (notice.kind === 'denied' ? notice.reasons : []));
  const shown = newestCards(world).map(
    ({ title, state, note }) => `${title} is ${state}${note === undefined ? '' : ` (${note})`}`,
  );
  return [...shown, ...denied].join('; ');
}
