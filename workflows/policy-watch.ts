import { continueAsNew, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { WorkerActivities } from '../src/operation/ports';
import type { PolicyNews } from '../src/policy/news';
import { lanes } from './activities';
import { WORKER_QUEUE, type OperationTimings } from './contract';
import { Courier } from './courier';

/** What `policyWatch` is started with, and carries on with. */
export interface PolicyWatchInput {
  readonly timings: OperationTimings;
  readonly known?: PolicyNews;
  /** How many notices were sent: their keys go on from there. */
  readonly sent?: number;
  /** Ids of schedules and watches. */
  readonly armed?: readonly string[];
}

type WatchActivities = Pick<WorkerActivities, 'policyNews' | 'proposePolicy' | 'armTriggers'>;

const watching = (): WatchActivities =>
  proxyActivities<WatchActivities>({
    taskQueue: WORKER_QUEUE,
    startToCloseTimeout: '60 seconds',
    retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
  });

/**
 * Has schedules and watches follow the policy in force, tells the policy channel what became of each policy commit, and has waiting operations judged by the one that is in
 * force. There is one of it, and it never ends.
 */
export async function policyWatch({
  timings,
  known: carried,
  sent,
  armed: before = [],
}: PolicyWatchInput): Promise<void> {
  let known = carried;
  let armed: readonly string[] | undefined;
  const courier = new Courier({ owner: 'policy-watch', timings, count: sent });
  while (!workflowInfo().continueAsNewSuggested) {
    const { news, sentences, channel } = await watching().policyNews({ known });
    if (channel !== undefined)
      for (const text of sentences) courier.send({ kind: 'channel', channel }, { kind: 'plain', text });
    if (news.proposed !== undefined && news.proposed !== known?.proposed)
      await watching().proposePolicy({ commit: news.proposed });
    if (news.commit !== undefined && (armed === undefined || news.commit !== known?.commit)) {
      const answer = await watching().armTriggers({ commit: news.commit, formerly: armed ?? before });
      armed = answer.armed;
      if (channel !== undefined)
        for (const text of answer.problems) courier.send({ kind: 'channel', channel }, { kind: 'plain', text });
    }
    const isMoved = known !== undefined && (news.commit !== known.commit || news.proposed !== known.proposed);
    known = news;
    if (isMoved) await lanes().stirOperations({});
  }
  await courier.close();
  await continueAsNew<typeof policyWatch>({ timings, known, sent: courier.sent, armed: armed ?? before });
}
