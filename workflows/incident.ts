import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  defineUpdate,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  IncidentAct,
  IncidentEvent,
  IncidentRequest,
  IncidentState,
  IncidentView,
} from '../src/incidents/incident';
import type { ActAnswer, ActBody } from '../src/operation/ports';
import type { Relayed } from '../src/operation/request';
import { checking, lanes, messaging, reading } from './activities';
import {
  ACT_SIGNAL,
  ACT_UPDATE,
  INCIDENT_EVENT,
  SEARCH_ATTRIBUTES,
  VIEW_QUERY,
  type IncidentInput,
  type OperationTimings,
} from './contract';
import { Courier } from './courier';
import { Recorder } from './recorder';
import { instant } from './say';
import { Slot } from './slot';

const shownEvents = 12;
const dayMs = 24 * 3_600_000;
/** Any full member may help with an incident: no team is asked about. */
const nobody = { teams: [], persons: {} };
/** How far back an incident looks for operations of its service. */
const lookBackMs = dayMs;

/** An incident: declared, mitigated, resolved. Its card is pinned, its timeline fills itself, its thread is the room. */
export async function incident(input: IncidentInput): Promise<IncidentView> {
  return CancellationScope.nonCancellable(() => new Incident(input).live());
}

class Incident {
  private state: IncidentState = 'declared';
  private since = Date.now();
  private roles: { lead?: string; scribe?: string; communications?: string } = {};
  private timeline: IncidentEvent[] = [];
  private notDone: readonly string[] = [];
  private room: string | undefined;
  private channel: string;
  private slot: Slot | undefined;
  /** Action ids of what people did: an Update and the signal that stands in for it are one act. */
  private readonly acts = new Set<string>();
  private courier: Courier;
  private readonly recorder: Recorder;
  private readonly timings: OperationTimings;
  private readonly request: IncidentRequest;

  constructor(private readonly input: IncidentInput) {
    this.request = input.request.body;
    this.timings = input.timings;
    this.channel = input.channel;
    const { id, declaredAt } = this.request;
    this.recorder = new Recorder({ operationId: id, day: declaredAt.slice(0, 10), timings: this.timings });
    this.courier = new Courier({ owner: id, timings: this.timings });
    this.roles.lead = this.request.declaredBy;
    setHandler(defineQuery<IncidentView>(VIEW_QUERY), () => this.view());
    setHandler(defineUpdate<ActAnswer, [Relayed<ActBody>]>(ACT_UPDATE), (act) => this.act(act));
    setHandler(defineSignal<[Relayed<ActBody>]>(ACT_SIGNAL), async (act) => {
      const said = await this.act(act);
      if (said.kind === 'refused')
        this.courier.send({ kind: 'private', user: act.body.by }, { kind: 'plain', text: said.sentence });
    });
    setHandler(defineSignal<[IncidentEvent]>(INCIDENT_EVENT), (event) => this.note(event));
  }

  async live(): Promise<IncidentView> {
    const { id, severity, summary, declaredBy, declaredAt, service, environment, operationId } = this.request;
    if (
      !(await reading(this.timings).isRelayedIncident({ request: this.input.request })) ||
      id !== workflowInfo().workflowId
    )
      throw ApplicationFailure.nonRetryable('This incident did not come through Signalbox.', 'NotRelayed');
    this.recorder.write('incident', {
      event: 'declared',
      severity,
      summary,
      by: declaredBy,
      service: service ?? null,
      environment: environment ?? null,
      operation: operationId ?? null,
    });
    this.note({ at: declaredAt, by: declaredBy, text: `declared ${severity}: ${summary}` });
    await this.openRoom();
    this.slot = new Slot({
      slot: `${id}/card`,
      channels: [this.channel, ...(this.request.channel ? [this.request.channel] : [])],
      timings: this.timings,
      card: () => ({ card: 'incident', view: this.view() }),
    });
    this.courier = new Courier({ owner: id, slot: this.slot, timings: this.timings });
    this.slot.touch();
    this.publish();
    await this.lookBack();
    await this.pinCard();
    await condition(() => this.state === 'resolved');
    await condition(allHandlersFinished);
    await this.slot.close();
    await this.courier.close();
    await this.recorder.persist();
    return this.view();
  }

  /** A channel of its own where the workspace allows it; else the incidents channel's thread is the room. */
  private async openRoom(): Promise<void> {
    const { id, severity, summary, service, environment, declaredBy, declaredAt } = this.request;
    const day = declaredAt.slice(0, 10).replaceAll('-', '');
    const stem = ['inc', day, service ?? 'general', environment].filter((part) => part !== undefined).join('-');
    const where = [service, environment && `in ${environment}`].filter((part) => part !== undefined).join(' ');
    try {
      const room = await messaging(this.timings).openRoom({
        incidentId: id,
        name: `${stem.toLowerCase().slice(0, 68)}-${shortOf(id)}`.toLowerCase(),
        topic: `${severity}${where && ` ${where}`}: ${summary}`.slice(0, 240),
        invite: [declaredBy],
      });
      this.notDone = room.notDone;
      this.room = room.channel;
    } catch {
      this.notDone = ['The incident has no channel of its own, because Slack did not answer; its thread is the room.'];
    }
  }

  private async pinCard(): Promise<void> {
    await condition(() => this.slot?.at !== undefined || this.slot?.trouble !== undefined, this.timings.deliveryMs);
    const at = this.slot?.at;
    if (!at) return;
    const pinned = await messaging(this.timings)
      .pin({ channel: at.channel, ts: at.ts })
      .catch(() => ({ done: false, why: 'The card could not be pinned, because Slack did not answer.' }));
    if (!pinned.done && pinned.why) this.notDone = [...this.notDone, pinned.why];
    if (this.room)
      this.courier.send(
        { kind: 'channel', channel: this.room },
        { kind: 'plain', text: `This is the room of incident ${shortOf(this.request.id)}: ${this.request.summary}` },
      );
    this.slot?.touch();
  }

  private async lookBack(): Promise<void> {
    const { service, environment } = this.request;
    const recent = await lanes()
      .recentOperations({ service, environment, sinceMs: Date.now() - lookBackMs })
      .catch(() => []);
    for (const event of recent) this.note(event);
  }

  private async act(relayed: Relayed<ActBody>): Promise<ActAnswer> {
    if (relayed.body?.workflowId !== this.request.id)
      return { kind: 'refused', sentence: 'This did not come through Signalbox, so it was ignored.' };
    if (this.acts.has(relayed.body.actionId)) return { kind: 'done', sentence: 'That was taken on already.' };
    this.acts.add(relayed.body.actionId);
    const check = await checking(this.timings, ({ checkAct }) =>
      checkAct({ act: relayed, operators: nobody, maxAgeMs: dayMs }),
    ).catch(() => ({ kind: 'refused' }) as const);
    if (check.kind === 'refused')
      return {
        kind: 'refused',
        sentence:
          'Slack did not confirm that you are a member of this workspace, so nothing was done; try again in a moment.',
      };
    if (this.state === 'resolved')
      return { kind: 'refused', sentence: 'This incident is resolved; declare a new one if the trouble is back.' };
    const act = relayed.body.act as IncidentAct;
    const { by } = check.actor;
    if (check.actor.kind === 'machine')
      return {
        kind: 'refused',
        sentence: 'Only people act on incidents, so nothing was noted; a person has to do it.',
      };
    const text = this.apply(act, by);
    const about = act.kind === 'assign' ? act.user : undefined;
    if (text === undefined)
      return {
        kind: 'refused',
        sentence: 'That is not something an incident can do; use update, assign, mitigate or resolve.',
      };
    this.recorder.write('incident', { event: act.kind, by, text, ...(about && { about }) });
    this.note({ at: instant(), by, text, about });
    this.courier.thread(
      { kind: 'incident_event', at: instant(), by, text, about },
      { broadcast: act.kind === 'resolve' },
    );
    this.publish();
    return { kind: 'done', sentence: about ? 'Noted; the card says who has which role.' : `Noted: ${text}` };
  }

  private apply(act: IncidentAct, by: string): string | undefined {
    switch (act.kind) {
      case 'update':
        return act.text;
      case 'assign':
        this.roles[act.role] = act.user;
        return act.role === 'communications' ? 'gave communications to' : `named as ${act.role}`;
      case 'mitigate':
        this.enter('mitigated');
        return `says it is mitigated${act.text ? `: ${act.text}` : ''}`;
      case 'resolve':
        this.enter('resolved');
        this.roles.lead ??= by;
        return `resolved it${act.text ? `: ${act.text}` : ''}`;
      default:
        return undefined;
    }
  }

  private enter(state: IncidentState): void {
    this.state = state;
    this.since = Date.now();
  }

  private note(event: IncidentEvent): void {
    this.timeline.push(event);
    this.timeline.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    this.slot?.touch();
  }

  private publish(): void {
    upsertSearchAttributes({ [SEARCH_ATTRIBUTES.state.name]: [this.state] });
    this.slot?.touch();
  }

  private view(): IncidentView {
    const { id, severity, service, environment, summary, declaredBy, declaredAt, operationId } = this.request;
    const timeline = this.timeline.slice(-shownEvents);
    return {
      format: 1,
      id,
      shortId: shortOf(id),
      severity,
      state: this.state,
      service,
      environment,
      summary,
      declaredBy,
      declaredAt,
      since: instant(this.since),
      roles: { ...this.roles },
      timeline,
      moreEvents: this.timeline.length - timeline.length,
      operationId,
      roomChannel: this.room,
      notDone: this.notDone,
    };
  }
}

function shortOf(id: string): string {
  return id.slice(id.lastIndexOf('-') + 1);
}
