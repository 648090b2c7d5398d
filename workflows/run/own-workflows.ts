import {
  ACT_SIGNAL,
  FIRINGS_ID,
  HOLDS_ID,
  INCIDENT_EVENT,
  LANE_GRANTED,
  LANE_POSITION,
  LANE_TAKEN,
  METRIC_WATCHES,
  MORE_TARGETS,
  POLICY_WATCH_ID,
  PUSH_WATCHES,
  RESOURCE_GONE,
  RUN_ACT,
  RUN_PROGRESS,
  SLICE_PROGRESS,
  STIR,
  SWEEP_ID,
  TRIGGERS,
  VOTE_SIGNAL,
  WORKFLOWS,
} from '../contract';

/** What is said to workflows of Signalbox whose ids are like anybody else's: nobody else may say it in their name. */
export const ownSignals: readonly string[] = [
  VOTE_SIGNAL,
  ACT_SIGNAL,
  STIR,
  LANE_GRANTED,
  LANE_POSITION,
  LANE_TAKEN,
  RUN_PROGRESS,
  RUN_ACT,
  SLICE_PROGRESS,
  MORE_TARGETS,
  INCIDENT_EVENT,
  RESOURCE_GONE,
];

const ownTypes: readonly string[] = Object.values(WORKFLOWS);
/** Their signals have names that another team may well use, so nothing at all is said to these. */
const ownPlaces = ['lane/', 'review/', 'lease/', TRIGGERS, METRIC_WATCHES, PUSH_WATCHES];
const ownIds: readonly string[] = [HOLDS_ID, POLICY_WATCH_ID, FIRINGS_ID, SWEEP_ID];

/** Whether a step would reach a workflow of Signalbox itself, which only requests may, so that policy has its say. */
export function isOwnWorkflow(about: {
  readonly type?: string;
  readonly task_queue?: string;
  readonly id?: string;
  readonly signal?: string;
}): boolean {
  const { type = '', task_queue: queue = '', id = '', signal = '' } = about;
  return (
    ownTypes.includes(type) ||
    ownSignals.includes(signal) ||
    queue.startsWith('signalbox') ||
    ownPlaces.some((place) => id.startsWith(place)) ||
    ownIds.some((own) => id === own || id.startsWith(`${own}-`)) ||
    /\/(run|card|slice-\d+|undo-[0-9a-f]+)$/.test(id)
  );
}
