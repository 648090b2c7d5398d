import type { Fault, Faults } from './faults';
import type { RateLimits } from './rate-limits';
import type { Sockets } from './sockets';
import type { Workspace } from './state';
import type { Json, WebApiCall } from './types';
import { methods } from './web-api';
import { SlackError, type Method } from './web-api/method';

export interface Incoming {
  readonly method: string;
  readonly args: Json;
  readonly token: string | undefined;
  readonly origin: string;
}

/** What the HTTP layer does next: answer, break the connection, or never answer. */
export type Reply =
  | { readonly kind: 'answer'; readonly status: number; readonly body: Json; readonly headers?: Record<string, string> }
  | { readonly kind: 'break' }
  | { readonly kind: 'silence' };

type Result = Json & { ok: boolean; error?: string };

/** One Web API call: faults, token, rate, rules, in that order, each written down in `workspace.calls`. */
export class WebApi {
  constructor(private readonly parts: { workspace: Workspace; sockets: Sockets; faults: Faults; rates: RateLimits }) {}

  async call(incoming: Incoming): Promise<Reply> {
    const { workspace, faults } = this.parts;
    const record: WebApiCall = { method: incoming.method, args: incoming.args, at: Date.now() };
    workspace.calls.push(record);
    const fault = faults.strike({ on: 'call', name: incoming.method, args: incoming.args });
    if (fault) record.fault = fault.kind;
    try {
      return await this.answer(incoming, record, fault);
    } finally {
      workspace.changed();
    }
  }

  private async answer(incoming: Incoming, record: WebApiCall, fault: Fault | undefined): Promise<Reply> {
    switch (fault?.kind) {
      case 'http_500':
        record.status = 500;
        return { kind: 'answer', status: 500, body: { ok: false, error: 'internal_error' } };
      case 'timeout':
        return { kind: 'silence' };
      case '429':
        this.parts.rates.refuse(incoming.method, fault.retryAfter ?? 1);
        return this.tooMany(record, fault.retryAfter ?? 1);
      case 'error':
        return this.ok(record, { ok: false, error: fault.error ?? 'internal_error' });
      case 'slow':
        await new Promise((resolve) => setTimeout(resolve, fault.delayMs ?? 1_000).unref());
        return this.carryOut(incoming, record);
      case 'lost_reply': {
        const reply = this.carryOut(incoming, record);
        return reply.kind === 'answer' && reply.status === 200 ? { kind: 'break' } : reply;
      }
      default:
        return this.carryOut(incoming, record);
    }
  }

  private carryOut(incoming: Incoming, record: WebApiCall): Reply {
    const { workspace, rates } = this.parts;
    const method = methods.get(incoming.method);
    if (!method) {
      workspace.violate('unknown_method', incoming.method);
      return this.ok(record, { ok: false, error: 'unknown_method', req_method: incoming.method });
    }
    const refused = this.tokenError(method, incoming.token);
    if (refused !== undefined) {
      workspace.violate('invalid_auth', `${incoming.method}: ${refused}`);
      return this.ok(record, { ok: false, error: refused });
    }
    const channel = method.tier === 'post' ? this.channelOf(incoming.args) : undefined;
    const rate = rates.take({ method: incoming.method, tier: method.tier, channel });
    if (rate.kind === 'limited') {
      if (rate.ignoredRetryAfter) {
        workspace.violate(
          'retry_after_ignored',
          `${incoming.method} was called inside its Retry-After${channel ? ` (${channel})` : ''}`,
        );
      }
      return this.tooMany(record, rate.retryAfterSeconds);
    }
    return this.ok(record, this.run(method, incoming));
  }

  private run(method: Method, incoming: Incoming): Result {
    const { workspace, sockets } = this.parts;
    const { needs } = method;
    if (needs && !workspace.capabilities[needs.capability]) {
      if (needs.error !== undefined) return { ok: false, error: needs.error };
      return { ok: false, error: 'missing_scope', needed: needs.scope ?? '', provided: 'chat:write,commands' };
    }
    try {
      return { ok: true, ...method.run({ workspace, sockets, args: incoming.args, origin: incoming.origin }) };
    } catch (error) {
      if (error instanceof SlackError) return { ok: false, error: error.code, ...error.extra };
      throw error;
    }
  }

  private tokenError(method: Method, token: string | undefined): string | undefined {
    const { tokens, revoked } = this.parts.workspace;
    if (token === undefined || token === '') return 'not_authed';
    if (revoked.has(token)) return 'token_revoked';
    const expected = method.token === 'app' ? tokens.app : tokens.bot;
    if (token === expected) return undefined;
    return token === tokens.app || token === tokens.bot ? 'not_allowed_token_type' : 'invalid_auth';
  }

  // A person's id, a name and an id may all mean the same channel, and share its budget.
  private channelOf(args: Json): string {
    const wanted = String(args.channel ?? '');
    const { workspace } = this.parts;
    if (workspace.users.has(wanted)) return `direct messages with ${wanted}`;
    const channel = workspace.findChannel(wanted);
    if (channel?.kind !== 'im') return channel?.id ?? wanted;
    return `direct messages with ${[...channel.members].find((member) => member !== workspace.bot.userId)}`;
  }

  private ok(record: WebApiCall, body: Result): Reply {
    record.status = 200;
    record.result = body;
    return { kind: 'answer', status: 200, body };
  }

  private tooMany(record: WebApiCall, seconds: number): Reply {
    record.status = 429;
    record.result = { ok: false, error: 'ratelimited' };
    return { kind: 'answer', status: 429, body: record.result, headers: { 'retry-after': String(seconds) } };
  }
}
