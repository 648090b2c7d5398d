import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
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
import { IncidentRoom, type RoomState } from './incident-room';
import { Timeline, type TimelineState } from './incident-timeline';
import { actAnswer, actRefusal, assigneeRefusal, timelineText } from './incident-words';
import { Recorder, type RecorderState } from './recorder';
import { instant } from './say';
import { Slot } from './slot';

const dayMs = 24 * 3_600_000;
/** Any full member may help with an incident: no team is asked about. */
const nobody = { teams: [], persons: {} };
/** How far back an incident looks for operations of its service. */
const lookBackMs = dayMs;
/** A click comes a second time within minutes; so many others do not come in between. */
const rememberedActs = 500;

/** Everything an incident knows; plain JSON that survives continue-as-new. */
export interface IncidentCarried {
  readonly state: IncidentState;
  readonly since: number;
  readonly roles: IncidentView['roles'];
  readonly timeline: TimelineState;
  readonly room: RoomState;
  readonly acts: readonly string[];
  readonly card: { readonly at?: Slot['at']; readonly version: number };
  readonly noticesSent: number;
  readonly records: RecorderState;
}

/**
 * An incident: declared, mitigated, resolved. Its card is pinned, its timeline fills itself, its thread is the room.
 * `carried` is its own past, when its history grew so long that it began anew.
 */
export async function incident(input: IncidentInput, carried?: IncidentCarried): Promise<IncidentView> {
  return CancellationScope.nonCancellable(() => new Incident(input, carried).live());
}

class Incident {
  private state: IncidentState;
  private since: number;
  private roles: { lead?: string; scribe?: string; communications?: string };
  private readonly timeline: Timeline;
  private readonly room: IncidentRoom;
  /** Set once it is known to come from Signalbox; nothing is shown or taken on before. */
  private isGenuine: boolean;
  /** Action ids of what counted: an Update and the signal that stands in for it are one act. */
  private readonly acts: Set<string>;
  /** Acts that are being checked, so that both hear the same. */
  private readonly underWay = new Map<string, Promise<ActAnswer>>();
  private stirring = Promise.resolve();
  private readonly slot: Slot;
  private readonly courier: Courier;
  private readonly recorder: Recorder;
  private readonly timings: OperationTimings;
  private readonly request: IncidentRequest;

  constructor(
    private readonly input: IncidentInput,
    private readonly carried: IncidentCarried | undefined,
  ) {
    this.request = input.request.body;
    this.timings = input.timings;
    const { timings } = this;
    const { id, declaredAt, declaredBy, deliveryId } = this.request;
    this.state = carried?.state ?? 'declared';
    this.since = carried?.since ?? Date.now();
    this.roles = { ...(carried?.roles ?? { lead: declaredBy }) };
    this.timeline = new Timeline(carried?.timeline);
    this.room = new IncidentRoom({
      request: this.request,
      timings,
      changed: () => this.slot.touch(),
      carried: carried?.room,
    });
    this.isGenuine = carried !== undefined;
    // Whoever declared it with this delivery need not join it with the same one.
    this.acts = new Set(carried?.acts ?? [deliveryId]);
    this.recorder = new Recorder({ operationId: id, day: declaredAt.slice(0, 10), timings, carried: carried?.records });
    this.slot = new Slot({
      slot: `${id}/card`,
      channels: [input.channel, ...(this.request.channel ? [this.request.channel] : [])],
      timings,
      card: () => ({ card: 'incident', view: this.view() }),
      at: carried?.card.at,
      version: carried?.card.version,
    });
    this.courier = new Courier({ owner: id, slot: this.slot, timings, count: carried?.noticesSent });
    this.listen();
  }

  private listen(): void {
    setHandler(defineQuery<IncidentView>(VIEW_QUERY), () => this.view());
    setHandler(defineUpdate<ActAnswer, [Relayed<ActBody>]>(ACT_UPDATE), (act) => this.act(act));
    setHandler(defineSignal<[Relayed<ActBody>]>(ACT_SIGNAL), async (act) => {
      const said = await this.act(act);
      if (said.kind === 'refused')
        this.courier.send({ kind: 'private', user: act.body.by }, { kind: 'plain', text: said.sentence });
    });
    setHandler(defineSignal<[IncidentEvent]>(INCIDENT_EVENT), async ({ at, text }) => {
      await condition(() => this.isGenuine);
      this.note({ at, text });
      this.courier.thread({ kind: 'incident_event', at, text });
    });
  }

  async live(): Promise<IncidentView> {
    if (!this.carried) await this.begin();
    await condition(() => this.state === 'resolved' || this.mayBeginAnew());
    if (this.state !== 'resolved') await continueAsNew<typeof incident>(this.input, this.carry());
    await condition(() => allHandlersFinished() && !this.room.busy);
    // What waited asks whether this is open still, so its state is told before it ends.
    await this.stirring;
    await this.slot.close();
    await this.courier.close();
    await this.recorder.persist();
    return this.view();
  }

  private async begin(): Promise<void> {
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
    const declared: IncidentEvent = { at: declaredAt, by: declaredBy, text: `declared ${severity}: ${summary}` };
    this.isGenuine = true;
    this.note(declared);
    this.stirring = this.stirOperations();
    await Promise.all([this.room.open(shortOf(id)), this.lookBack(declared)]);
    await this.pinCard();
  }

  /** Nothing is under way that a new run would not know of. */
  private mayBeginAnew(): boolean {
    return (
      workflowInfo().continueAsNewSuggested &&
      allHandlersFinished() &&
      !this.room.busy &&
      this.slot.settled &&
      this.courier.idle &&
      this.recorder.state !== undefined
    );
  }

  private carry(): IncidentCarried {
    const { state, since, roles, room, slot, courier } = this;
    return {
      state,
      since,
      roles,
      timeline: this.timeline.state,
      room: room.state,
      acts: [...this.acts],
      card: { at: slot.at, version: slot.newest },
      noticesSent: courier.sent,
      records: this.recorder.state!,
    };
  }

  private async pinCard(): Promise<void> {
    await condition(() => this.slot.at !== undefined || this.slot.trouble !== undefined, this.timings.deliveryMs);
    const at = this.slot.at;
    if (!at) return;
    const pinned = await messaging(this.timings)
      .pin({ channel: at.channel, ts: at.ts })
      .catch(() => ({ done: false, why: 'The card could not be pinned, because Slack did not answer.' }));
    if (!pinned.done && pinned.why) this.room.lacks(pinned.why);
    if (this.room.channel)
      this.courier.send(
        { kind: 'channel', channel: this.room.channel },
        { kind: 'plain', text: `This is the room of incident ${shortOf(this.request.id)}: ${this.request.summary}` },
      );
    this.slot.touch();
  }

  private async lookBack(declared: IncidentEvent): Promise<void> {
    const { service, environment, operationId } = this.request;
    const recent = await lanes()
      .recentOperations({ service, environment, sinceMs: Date.now() - lookBackMs, cause: operationId })
      .catch(() => []);
    for (const event of recent) this.note(event);
    // What the card has no room for later is in the thread.
    this.courier.thread({ kind: 'incident_history', events: [...recent, declared] });
  }

  private async act(relayed: Relayed<ActBody>): Promise<ActAnswer> {
    if (relayed.body?.workflowId !== this.request.id)
      return { kind: 'refused', sentence: 'This did not come through Signalbox, so it was ignored.' };
    if (this.acts.has(relayed.body.actionId)) return { kind: 'done', sentence: 'That was taken on already.' };
    const key = `${relayed.body.actionId} ${relayed.signature}`;
    const underWay = this.underWay.get(key);
    if (underWay) return underWay;
    const answer = this.judged(relayed);
    this.underWay.set(key, answer);
    try {
      return await answer;
    } finally {
      this.underWay.delete(key);
    }
  }

  private async judged(relayed: Relayed<ActBody>): Promise<ActAnswer> {
    await condition(() => this.isGenuine);
    const check = await checking(this.timings, ({ checkAct }) =>
      checkAct({ act: relayed, operators: nobody, maxAgeMs: dayMs }),
    ).catch(() => ({ kind: 'refused', code: 'lookup_failed' }) as const);
    if (check.kind === 'refused') return { kind: 'refused', sentence: actRefusal(check.code) };
    if (check.actor.kind === 'machine')
      return {
        kind: 'refused',
        sentence: 'Only people act on incidents, so nothing was noted; a person has to do it.',
      };
    const act = relayed.body.act as IncidentAct;
    const unfit = act.kind === 'assign' ? await this.whyUnfit(act.user) : undefined;
    if (unfit !== undefined) return { kind: 'refused', sentence: unfit };
    if (this.acts.has(relayed.body.actionId)) return { kind: 'done', sentence: 'That was taken on already.' };
    if (this.state === 'resolved')
      return { kind: 'refused', sentence: 'This incident is resolved; declare a new one if the trouble is back.' };
    return this.count(act, { by: check.actor.by, actionId: relayed.body.actionId });
  }

  /** Why somebody gets no role. A failed look-up means no. */
  private async whyUnfit(user: string): Promise<string | undefined> {
    const standing = await checking(this.timings, ({ whoIs }) => whoIs({ user })).then(
      (asked) => asked.standing,
      () => 'unsaid' as const,
    );
    return standing === 'member' ? undefined : assigneeRefusal(standing);
  }

  private count(asked: IncidentAct, from: { readonly by: string; readonly actionId: string }): ActAnswer {
    const { by, actionId } = from;
    // Whoever is in already has only something to add, if anything.
    const isInAlready = asked.kind === 'join' && this.room.has(by);
    const act: IncidentAct = isInAlready && asked.text ? { kind: 'update', text: asked.text } : asked;
    const text = timelineText(act);
    if (text === undefined)
      return {
        kind: 'refused',
        sentence: 'That is not something an incident can do; use update, assign, mitigate or resolve.',
      };
    this.remember(actionId);
    if (act.kind === 'join' && isInAlready) return { kind: 'done', sentence: 'You are in this incident already.' };
    this.apply(act, by);
    const about = act.kind === 'assign' ? act.user : undefined;
    this.recorder.write('incident', { event: act.kind, by, text, ...(about && { about }) });
    const event = { at: instant(), by, text, about };
    this.note(event);
    this.courier.thread({ kind: 'incident_event', ...event }, { broadcast: act.kind === 'resolve' });
    this.publish();
    return { kind: 'done', sentence: actAnswer(asked.kind) };
  }

  private remember(actionId: string): void {
    this.acts.add(actionId);
    const [oldest] = this.acts;
    if (this.acts.size > rememberedActs) this.acts.delete(oldest!);
  }

  private apply(act: IncidentAct, by: string): void {
    if (act.kind === 'join') this.room.bringIn(by);
    if (act.kind === 'assign') {
      this.roles[act.role] = act.user;
      this.room.bringIn(act.user);
    }
    if (act.kind === 'mitigate') this.enter('mitigated');
    if (act.kind === 'resolve') {
      this.enter('resolved');
      this.roles.lead ??= by;
    }
  }

  private enter(state: IncidentState): void {
    this.state = state;
    this.since = Date.now();
    if (state === 'resolved') this.stirring = this.stirOperations();
  }

  /** An incident holds its service back until it is resolved, so whoever waits there looks at once. */
  private async stirOperations(): Promise<void> {
    const { service, environment } = this.request;
    if (service === undefined) return;
    await lanes()
      .stirOperations({ service, environment })
      .catch(() => undefined);
  }

  private note(event: IncidentEvent): void {
    this.timeline.add(event);
    this.slot.touch();
  }

  private publish(): void {
    upsertSearchAttributes({ [SEARCH_ATTRIBUTES.state.name]: [this.state] });
    this.slot.touch();
  }

  private view(): IncidentView {
    const { id, severity, service, environment, summary, declaredBy, declaredAt, operationId } = this.request;
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
      ...this.timeline.shown,
      operationId,
      roomChannel: this.room.channel,
      notDone: this.room.notDone,
    };
  }
}

function shortOf(id: string): string {
  return id.slice(id.lastIndexOf('-') + 1);
}
