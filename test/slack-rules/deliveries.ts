import { randomUUID } from 'node:crypto';
import type { Faults } from './faults';
import { HttpTimeout, type HttpAnswer, type HttpDelivery } from './http-delivery';
import type { Sockets } from './sockets';
import type { Workspace } from './state';
import type { DeliveryResult, Json } from './types';

/** docs.slack.dev/interactivity/handling-user-interaction: three seconds, never scaled. */
export const ACK_DEADLINE_MS = 3_000;
/** docs.slack.dev/apis/events-api: three retries, at once, after a minute, after five. */
const RETRY_DELAYS_MS = [0, 60_000, 300_000] as const;

export type EnvelopeType = 'slash_commands' | 'interactive' | 'events_api';

/** One thing Slack wanted the app to know, and every attempt to tell it. */
export interface Delivery {
  readonly envelopeId: string;
  readonly type: EnvelopeType;
  readonly payload: Json;
  readonly acceptsResponse: boolean;
  readonly attempts: Attempt[];
  acks: number;
}

export interface Attempt {
  readonly at: number;
  readonly via: 'socket' | 'http';
  readonly connection?: number;
  readonly retryNum?: number;
  outcome: 'waiting' | 'acked' | 'operation_timeout' | 'no_connection' | 'http_error';
  ackMs?: number;
}

interface Outcome extends Pick<DeliveryResult, 'acked' | 'ackMs' | 'error' | 'response' | 'status'> {
  /** The app answered `x-slack-no-retry: 1`. */
  readonly noRetry?: boolean;
}
interface Retry {
  readonly num: number;
  readonly reason: string;
}

/** Carries payloads to the app, over one socket or one signed request each, and judges the acknowledgement. */
export class Deliveries {
  readonly all: Delivery[] = [];
  private readonly byEnvelope = new Map<string, Delivery>();
  private readonly waiting = new Map<string, ((payload: unknown) => void)[]>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private mode: 'socket' | 'http' = 'socket';

  constructor(
    private readonly parts: {
      workspace: Workspace;
      sockets: Sockets;
      http: HttpDelivery;
      faults: Faults;
      away: () => boolean;
    },
  ) {
    parts.sockets.onAck = (envelopeId, payload) => this.acknowledged(envelopeId, payload);
  }

  useHttp(requestUrl: string): void {
    this.parts.http.requestUrl = requestUrl;
    this.mode = 'http';
  }

  useSockets(): void {
    this.mode = 'socket';
  }

  async deliver(request: {
    type: EnvelopeType;
    payload: Json;
    acceptsResponse: boolean;
  }): Promise<Outcome & { envelopeId: string }> {
    const delivery: Delivery = { ...request, envelopeId: randomUUID(), attempts: [], acks: 0 };
    if (this.parts.away()) return { acked: false, error: 'slack_unavailable', envelopeId: delivery.envelopeId };
    this.all.push(delivery);
    this.byEnvelope.set(delivery.envelopeId, delivery);
    const outcome = await this.attempt(delivery);
    return { ...outcome, envelopeId: delivery.envelopeId };
  }

  /** Delivers an event; later retries go on by themselves. Resolves with the first attempt's outcome. */
  async deliverEvent(payload: Json): Promise<Outcome & { envelopeId: string }> {
    const first = await this.deliver({ type: 'events_api', payload, acceptsResponse: false });
    if (first.error !== 'slack_unavailable') this.retryEvent(first.envelopeId, first, 1);
    return first;
  }

  /** Sends a former envelope again: same ids, same payload. Events carry the retry fields. */
  async redeliver(envelopeId: string): Promise<Outcome & { envelopeId: string }> {
    const delivery = this.byEnvelope.get(envelopeId);
    if (!delivery) throw new Error(`No envelope ${envelopeId} was ever delivered.`);
    const retry = delivery.type === 'events_api' ? { num: delivery.attempts.length, reason: 'timeout' } : undefined;
    return { ...(await this.attempt(delivery, retry)), envelopeId };
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }

  private retryEvent(envelopeId: string, failed: Outcome, num: number): void {
    if (failed.acked || failed.noRetry) return;
    const delay = RETRY_DELAYS_MS[num - 1];
    const delivery = this.byEnvelope.get(envelopeId);
    if (delay === undefined || !delivery) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      const reason =
        failed.error === 'operation_timeout'
          ? 'http_timeout'
          : failed.error === 'http_error'
            ? 'http_error'
            : 'connection_failed';
      void this.attempt(delivery, { num, reason }).then((outcome) => this.retryEvent(envelopeId, outcome, num + 1));
    }, delay / this.parts.workspace.scale);
    this.timers.add(timer);
  }

  private attempt(delivery: Delivery, retry?: Retry): Promise<Outcome> {
    return this.mode === 'http' ? this.attemptHttp(delivery, retry) : this.attemptSocket(delivery, retry);
  }

  private attemptSocket(delivery: Delivery, retry?: Retry): Promise<Outcome> {
    const envelope = {
      envelope_id: delivery.envelopeId,
      type: delivery.type,
      payload: delivery.payload,
      accepts_response_payload: delivery.acceptsResponse,
      ...(retry ? { retry_attempt: retry.num, retry_reason: retry.reason } : {}),
    };
    const fault = this.parts.faults.strike({ on: 'delivery', name: delivery.type, args: delivery.payload });
    const startedAt = Date.now();
    const connection = this.parts.sockets.send(envelope, { dropSocket: fault?.kind === 'drop_socket' });
    const attempt: Attempt = { at: startedAt, via: 'socket', connection, retryNum: retry?.num, outcome: 'waiting' };
    delivery.attempts.push(attempt);
    if (connection === undefined) {
      attempt.outcome = 'no_connection';
      this.parts.workspace.changed();
      return Promise.resolve({ acked: false, error: 'no_connection' });
    }
    if (fault?.kind === 'redeliver') void this.attemptSocket(delivery, { num: 1, reason: 'timeout' });
    return this.awaitAck(delivery, attempt);
  }

  private awaitAck(delivery: Delivery, attempt: Attempt): Promise<Outcome> {
    return new Promise((resolve) => {
      const queue = this.waiting.get(delivery.envelopeId) ?? [];
      this.waiting.set(delivery.envelopeId, queue);
      const settle = (payload: unknown): void => {
        clearTimeout(timer);
        this.timers.delete(timer);
        attempt.outcome = 'acked';
        attempt.ackMs = Date.now() - attempt.at;
        this.parts.workspace.changed();
        resolve({ acked: true, ackMs: attempt.ackMs, response: asResponse(payload) });
      };
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        queue.splice(queue.indexOf(settle), 1);
        attempt.outcome = 'operation_timeout';
        const reachable = attempt.connection !== undefined && this.parts.sockets.isOpen(attempt.connection);
        if (reachable) this.parts.workspace.violate('no_ack', `${describe(delivery)} was not acknowledged within 3 s`);
        resolve({ acked: false, error: 'operation_timeout' });
      }, ACK_DEADLINE_MS);
      this.timers.add(timer);
      queue.push(settle);
    });
  }

  private acknowledged(envelopeId: string, payload: unknown): void {
    const delivery = this.byEnvelope.get(envelopeId);
    const { workspace } = this.parts;
    if (!delivery) return workspace.violate('unknown_envelope', `an ack names ${envelopeId}, which was never sent`);
    delivery.acks += 1;
    if (delivery.acks > delivery.attempts.length) {
      return workspace.violate('double_ack', `${describe(delivery)} was acknowledged ${delivery.acks} times`);
    }
    const settle = this.waiting.get(envelopeId)?.shift();
    if (settle) return settle(payload);
    workspace.violate('late_ack', `${describe(delivery)} was acknowledged after its 3 s`);
  }

  private async attemptHttp(delivery: Delivery, retry?: Retry): Promise<Outcome> {
    const attempt: Attempt = { at: Date.now(), via: 'http', retryNum: retry?.num, outcome: 'waiting' };
    delivery.attempts.push(attempt);
    const outcome = await this.postSigned(delivery, retry);
    attempt.outcome = outcome.acked ? 'acked' : (outcome.error as Attempt['outcome']);
    attempt.ackMs = outcome.ackMs;
    if (outcome.error === 'operation_timeout') {
      this.parts.workspace.violate('no_ack', `${describe(delivery)} was not acknowledged within 3 s`);
    }
    this.parts.workspace.changed();
    return outcome;
  }

  private async postSigned(delivery: Delivery, retry?: Retry): Promise<Outcome> {
    const startedAt = Date.now();
    const headers: Record<string, string> = retry
      ? { 'x-slack-retry-num': String(retry.num), 'x-slack-retry-reason': retry.reason }
      : {};
    try {
      const answer = await this.parts.http.send({ ...encode(delivery), headers, timeoutMs: ACK_DEADLINE_MS });
      const ackMs = Date.now() - startedAt;
      if (answer.status < 200 || answer.status > 299) {
        const noRetry = answer.headers['x-slack-no-retry'] === '1';
        return { acked: false, ackMs, error: 'http_error', status: answer.status, noRetry };
      }
      return { acked: true, ackMs, status: answer.status, response: parseAnswer(answer) };
    } catch (error) {
      return { acked: false, error: error instanceof HttpTimeout ? 'operation_timeout' : 'no_connection' };
    }
  }
}

function encode(delivery: Delivery): { body: string; contentType: string } {
  if (delivery.type === 'events_api')
    return { body: JSON.stringify(delivery.payload), contentType: 'application/json' };
  const fields = delivery.type === 'slash_commands' ? delivery.payload : { payload: JSON.stringify(delivery.payload) };
  return {
    body: new URLSearchParams(fields as Record<string, string>).toString(),
    contentType: 'application/x-www-form-urlencoded',
  };
}

// Slack shows a plain string as it shows {"text": …}.
function parseAnswer(answer: HttpAnswer): Outcome['response'] {
  if (answer.body === '') return undefined;
  if (!String(answer.headers['content-type'] ?? '').includes('application/json')) return { text: answer.body };
  return asResponse(JSON.parse(answer.body));
}

function asResponse(payload: unknown): Outcome['response'] {
  if (typeof payload === 'string') return payload === '' ? undefined : { text: payload };
  if (typeof payload !== 'object' || payload === null || Object.keys(payload).length === 0) return undefined;
  return payload as Outcome['response'];
}

function describe(delivery: Delivery): string {
  const name = delivery.payload.command ?? delivery.payload.callback_id ?? delivery.payload.type ?? delivery.type;
  return `${delivery.type} ${String(name)} (${delivery.envelopeId})`;
}
