import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { IncidentEvent } from '../../src/incidents/incident';
import type { LaneEntry, WorkerActivities } from '../../src/operation/ports';
import {
  INCIDENT_EVENT,
  LANE_ENTER,
  LANE_LEAVE,
  LANE_STATUS,
  SEARCH_ATTRIBUTES,
  STIR,
  WORKER_QUEUE,
  WORKFLOWS,
} from '../../workflows/contract';
import { openAbout } from './open-about';

type LaneActivities = Pick<
  WorkerActivities,
  'enterLane' | 'leaveLane' | 'tellLane' | 'stirOperations' | 'isOpen' | 'endingOf' | 'tellIncidents' | 'cardOf'
>;

const cardKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.card.name, 'KEYWORD');
const environmentKey = defineSearchAttributeKey(SEARCH_ATTRIBUTES.environment.name, 'KEYWORD');

/** What workflow code cannot do itself: signal-with-start, liveness, and finding workflows by what they are about. */
export function createLaneActivities({ client }: { readonly client: Pick<Client, 'workflow'> }): LaneActivities {
  const { workflow } = client;
  return {
    async enterLane(entry: LaneEntry) {
      await workflow.signalWithStart(WORKFLOWS.lane, {
        workflowId: entry.laneId,
        taskQueue: WORKER_QUEUE,
        args: [],
        signal: LANE_ENTER,
        signalArgs: [entry],
        staticSummary: `Lane ${entry.laneId.slice('lane/'.length)}`.slice(0, 200),
      });
    },

    async leaveLane({ laneId, operationId }) {
      await ifThere(() => workflow.getHandle(laneId).signal(LANE_LEAVE, operationId));
    },

    async tellLane({ laneId, operationId, status }) {
      await ifThere(() => workflow.getHandle(laneId).signal(LANE_STATUS, { operationId, status }));
    },

    // Whom the lists do not name yet has only just asked its gates.
    async stirOperations(where) {
      for await (const { workflowId } of workflow.list({ query: openAbout(WORKFLOWS.operation, where) }))
        await ifThere(() => workflow.getHandle(workflowId).signal(STIR));
    },

    async isOpen({ workflowId }) {
      try {
        const { status } = await workflow.getHandle(workflowId).describe();
        return status.name === 'RUNNING';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },

    async endingOf({ workflowId }) {
      try {
        const { status, closeTime } = await workflow.getHandle(workflowId).describe();
        if (status.name === 'RUNNING') return { is: 'open' };
        return closeTime ? { is: 'over', atMs: closeTime.getTime() } : { is: 'unknown' };
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return { is: 'unknown' };
        throw error;
      }
    },

    async cardOf({ workflowId }) {
      const { typedSearchAttributes } = await workflow.getHandle(workflowId).describe();
      const [channel, ts] = (typedSearchAttributes.get(cardKey) ?? '').split('/');
      return channel && ts ? { channel, ts } : undefined;
    },

    async tellIncidents({ service, environment, event }) {
      if (service === undefined) return;
      for (const workflowId of await openIncidents({ service, environment })) {
        await ifThere(() => workflow.getHandle(workflowId).signal(INCIDENT_EVENT, event satisfies IncidentEvent));
      }
    },
  };

  /** Visibility lags by a second or so: good enough for a timeline, never for a decision. */
  async function openIncidents(about: { readonly service: string; readonly environment?: string }): Promise<string[]> {
    const query = openAbout(WORKFLOWS.incident, { service: about.service });
    const found: string[] = [];
    for await (const { workflowId, typedSearchAttributes } of workflow.list({ query })) {
      const place = typedSearchAttributes.get(environmentKey);
      if (place === undefined || about.environment === undefined || place === about.environment) found.push(workflowId);
    }
    return found;
  }
}

/** A lane that has ended, or an incident that is over, needs to be told nothing. */
async function ifThere(signal: () => Promise<void>): Promise<void> {
  try {
    await signal();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
