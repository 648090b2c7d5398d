import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { noHolds, type Holds } from '../../src/holds/holds';
import { holdsIn } from '../../src/holds/read-holds';
import type { IncidentState, Severity } from '../../src/incidents/incident';
import type { HeldBack } from '../../src/operation/case';
import { HOLDS_ID, HOLDS_MEMO, SEARCH_ATTRIBUTES, SEVERITY_MEMO, WORKFLOWS } from '../../workflows/contract';
import { openAbout } from './open-about';

type TemporalClient = Pick<Client, 'workflow' | 'withDeadline'>;

/** How long a decision waits for the answer, before it goes without, which means no. */
export const heldBackMs = 1_500;

/** More open incidents of one service say nothing more. */
const mostIncidents = 20;

/**
 * What holds work on a service back by somebody's word: locks, freezes and the stop, as the workflow that keeps them
 * knows them at this very moment, and open incidents. Needs no worker. Throws when Temporal does not say in time.
 */
export async function heldBack(
  { client, waitMs }: { readonly client: TemporalClient; readonly waitMs: number },
  about: { readonly service?: string },
): Promise<HeldBack> {
  return client.withDeadline(Date.now() + waitMs, async () => {
    const [{ locks, freezes, stop }, incidents] = await Promise.all([
      holdsNow(client),
      about.service === undefined ? [] : incidentsOf(client, about.service),
    ]);
    return {
      locks: locks.map(({ service, environment, holder: { by, reason, until, change } }) => ({
        service,
        environment,
        by,
        reason,
        until,
        ...(change === undefined ? {} : { change }),
      })),
      freezes,
      ...(stop && { stop }),
      incidents,
    };
  });
}

async function holdsNow({ workflow }: TemporalClient): Promise<Holds> {
  try {
    const described = await workflow.getHandle(HOLDS_ID).describe();
    return holdsIn(described, { type: WORKFLOWS.holds, memo: HOLDS_MEMO });
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return noHolds;
    throw error;
  }
}

/** Which there are is known from a list, which lags by a moment; how each stands is asked of it. */
async function incidentsOf({ workflow }: TemporalClient, service: string): Promise<NonNullable<HeldBack['incidents']>> {
  const query = openAbout(WORKFLOWS.incident, { service });
  const ids: string[] = [];
  for await (const { workflowId } of workflow.list({ query, pageSize: mostIncidents })) {
    ids.push(workflowId);
    if (ids.length >= mostIncidents) break;
  }
  const described = await Promise.all(ids.map((id) => workflow.getHandle(id).describe()));
  return described.flatMap((each) => {
    const word = (name: string): string | undefined =>
      each.typedSearchAttributes.get(defineSearchAttributeKey(name, 'KEYWORD'));
    const state = (word(SEARCH_ATTRIBUTES.state.name) ?? 'declared') as IncidentState;
    if (each.status.name !== 'RUNNING' || state === 'resolved') return [];
    const environment = word(SEARCH_ATTRIBUTES.environment.name);
    const severity = (each.memo?.[SEVERITY_MEMO] ?? 'sev1') as Severity;
    return [{ id: each.workflowId, state, severity, service, ...(environment === undefined ? {} : { environment }) }];
  });
}
