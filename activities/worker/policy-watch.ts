import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { operationIdOf } from '../../src/operation/ids';
import type { WorkerActivities } from '../../src/operation/ports';
import { relay } from '../../src/operation/relay';
import type { OperationRequest } from '../../src/operation/request';
import { askedTitle } from '../../src/operation/title';
import { policyNewsSentences, type PolicyNews } from '../../src/policy/news';
import { Refusal } from '../../src/errors';
import {
  SEARCH_ATTRIBUTES,
  TITLE_MEMO,
  WORKER_QUEUE,
  WORKFLOWS,
  type OperationInput,
  type OperationTimings,
} from '../../workflows/contract';
import { adoptPolicy } from './approved-policy';
import { nothingNew } from './nothing-new';
import type { LedgerPort } from './records';
import type { PolicySource } from './policy-source';

/** Looks at the policy repository for the workflow that tells people what became of it. */
export function createPolicyWatch(deps: {
  readonly policy: PolicySource;
  /** How soon to look again when nothing is new, ms. */
  readonly pollMs: number;
  /** How long the repository may be away before people are told, ms. */
  readonly patienceMs: number;
  readonly client: Pick<Client, 'workflow'>;
  readonly ledger: Pick<LedgerPort, 'readState' | 'append'>;
  readonly relayKey: string;
  /** The waits of an operation that asks people about a policy commit. */
  readonly timings: OperationTimings;
  readonly now: () => Date;
}): Pick<WorkerActivities, 'policyNews' | 'proposePolicy'> {
  return {
    async policyNews({ known }) {
      await deps.policy.refresh();
      const { news, channel, isGated } = await look(deps);
      const sentences = policyNewsSentences(known, news);
      if (known && sentences.length === 0 && known.commit === news.commit)
        throw nothingNew('The policy is what it was.', deps.pollMs);
      if (isGated && news.commit !== undefined) await adoptPolicy(deps, { commit: news.commit, now: deps.now() });
      return { news, sentences, channel };
    },

    async proposePolicy({ commit }) {
      const request = relay('request', requestFor(commit, deps.now()), deps.relayKey);
      const { body } = request;
      const title = askedTitle(body);
      await deps.client.workflow
        .start(WORKFLOWS.operation, {
          workflowId: body.id,
          taskQueue: WORKER_QUEUE,
          args: [{ request, timings: deps.timings } satisfies OperationInput],
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          memo: { [TITLE_MEMO]: title },
          staticSummary: title,
          typedSearchAttributes: [
            { key: keyword(SEARCH_ATTRIBUTES.kind.name), value: body.kind },
            { key: keyword(SEARCH_ATTRIBUTES.state.name), value: 'preparing' },
            { key: keyword(SEARCH_ATTRIBUTES.requester.name), value: body.requester.id },
          ],
        })
        .catch((error: unknown) => {
          // A commit is asked about once; whoever wants another answer makes another commit.
          if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        });
    },
  };
}

async function look(
  deps: Pick<Parameters<typeof createPolicyWatch>[0], 'policy' | 'patienceMs' | 'now'>,
): Promise<{ readonly news: PolicyNews; readonly channel?: string; readonly isGated?: boolean }> {
  try {
    const { repository, commit, refused, proposed, rewrittenFrom, unreachable, fetchedAt } =
      await deps.policy.current();
    const awayMs = deps.now().getTime() - Date.parse(fetchedAt);
    const { channels, file } = repository.policy;
    return {
      news: {
        commit,
        ...(refused ? { refused: { commit: refused.commit, why: refused.why } } : {}),
        ...(proposed === undefined ? {} : { proposed }),
        ...(rewrittenFrom === undefined ? {} : { rewrittenFrom }),
        ...(unreachable && awayMs >= deps.patienceMs ? { awaySince: fetchedAt } : {}),
      },
      channel: channels.policy ?? channels.default,
      isGated: file.policy_changes === 'gated',
    };
  } catch (error) {
    // Without any policy there is no channel to tell, and each command is told why.
    if (error instanceof Refusal) return { news: {} };
    throw error;
  }
}

const dayMs = 86_400_000;

/** Nobody asks for it by hand: the commit does, and equal commits are one request. */
function requestFor(commit: string, now: Date): OperationRequest {
  const deliveryId = `policy/${commit}`;
  return {
    format: 1,
    id: operationIdOf({ kind: 'policy', subject: commit.slice(0, 10), deliveryId }),
    kind: 'policy',
    version: commit,
    inputs: {},
    labels: [],
    raise: {},
    requester: { kind: 'machine', id: 'signalbox', via: 'policy' },
    asked: { text: `policy commit ${commit.slice(0, 10)}`, deliveryId },
    requestedAt: now.toISOString(),
    notAfter: new Date(now.getTime() + dayMs).toISOString(),
  };
}

const keyword = (name: string) => defineSearchAttributeKey(name, 'KEYWORD');
