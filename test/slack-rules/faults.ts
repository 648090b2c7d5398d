/**
 * - `lost_reply`: the call is carried out, the connection breaks before the answer.
 * - `http_500`: refused with status 500, nothing carried out.
 * - `timeout`: no answer at all, nothing carried out.
 * - `slow`: carried out after `delayMs`.
 * - `429`: refused with `Retry-After: retryAfter`.
 * - `error`: refused with `{ok: false, error}`.
 * - `drop_socket`: the envelope is sent and its connection breaks at once.
 * - `redeliver`: the envelope is sent twice.
 */
export type FaultKind = 'lost_reply' | 'http_500' | 'timeout' | 'slow' | '429' | 'error' | 'drop_socket' | 'redeliver';

export interface FaultOption {
  /** A Web API method, `response_url`, or for socket faults an envelope type; every one if missing. */
  readonly method?: string;
  readonly kind: FaultKind;
  /** How often it strikes; once if neither this nor `probability` is given. */
  readonly times?: number;
  /** Chance for each matching call, drawn from a generator seeded with `seed`. */
  readonly probability?: number;
  readonly seed?: number;
  readonly retryAfter?: number;
  readonly delayMs?: number;
  readonly error?: string;
  /** Further condition on a call's arguments. */
  readonly when?: (args: Record<string, unknown>) => boolean;
}

export interface Fault extends FaultOption {
  hits: number;
  remove(): void;
}

const SOCKET_FAULTS: readonly FaultKind[] = ['drop_socket', 'redeliver'];

/** What is going to go wrong, in the order it was added. */
export class Faults {
  private readonly faults = new Set<Fault & { random: () => number; remaining: number }>();

  add(option: FaultOption): Fault {
    const endless = option.probability !== undefined && option.times === undefined;
    const fault = {
      ...option,
      hits: 0,
      remaining: endless ? Number.POSITIVE_INFINITY : (option.times ?? 1),
      random: seeded(option.seed ?? 1),
      remove: () => void this.faults.delete(fault),
    };
    this.faults.add(fault);
    return fault;
  }

  clear(): void {
    this.faults.clear();
  }

  /** The fault that strikes this call, used up by one. */
  strike(target: { on: 'call' | 'delivery'; name: string; args: Record<string, unknown> }): Fault | undefined {
    for (const fault of this.faults) {
      if (SOCKET_FAULTS.includes(fault.kind) !== (target.on === 'delivery')) continue;
      if (fault.method !== undefined && fault.method !== target.name) continue;
      if (fault.when && !fault.when(target.args)) continue;
      if (fault.probability !== undefined && fault.random() >= fault.probability) continue;
      fault.hits += 1;
      fault.remaining -= 1;
      if (fault.remaining <= 0) this.faults.delete(fault);
      return fault;
    }
    return undefined;
  }
}

/** mulberry32: small, fast, and the same sequence everywhere. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
