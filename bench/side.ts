import { readFileSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import type { DeliveryResult, SlackRules, WebApiCall } from '../test/slack-rules';

/**
 * What is measured: Signalbox, or the least that one could write by hand. Each has a Slack workspace of its own (the
 * same strict stand-in, in this process) and a namespace on the same Temporal server.
 */
export interface Side {
  readonly name: 'ours' | 'minimum';
  readonly slack: SlackRules;
  readonly client: Client;
  /** Type of the workflow that a command starts. */
  readonly workflow: string;
  /** The command whose card waits for a click. */
  ask(number: number): Promise<DeliveryResult>;
  /** The click on that card. */
  approve(card: { readonly channel: string; readonly ts: string }): Promise<DeliveryResult>;
  /** Starts a run of so many calls to the tally, one after the other. */
  run(): Promise<void>;
  /** Starts a call for each of so many targets, so many at once; gives the id of the workflow that does them. */
  fan(): Promise<void>;
  /** How hand-overs ended so far, where the side counts that. */
  handedOver(): Promise<{ readonly [outcome: string]: number }>;
  readonly pids: { readonly [program: string]: number };
  close(): Promise<void>;
}

export interface Sides {
  readonly ours: Side;
  readonly minimum: Side;
  readonly temporalPid: number;
}

export const channel = { id: 'C0000001', name: 'deploys' } as const;
export const requester = 'U0ANA';
export const approver = 'U0LEE';
/** Slack's message limits this many times wider: both sides would otherwise measure how long Slack makes them wait. */
export const slackScale = 1_000;
export const slackLimits = { scale: slackScale, postBurst: 1_000_000 };

/** Resolves with the first such call from now on that Slack took, and when (`performance.now()`). */
export function nextCall(
  slack: SlackRules,
  matches: (call: WebApiCall) => boolean,
  what: string,
): Promise<{ readonly call: WebApiCall; readonly at: number }> {
  let cursor = slack.calls.length;
  const pending: WebApiCall[] = [];
  return slack
    .waitFor(
      () => {
        for (; cursor < slack.calls.length; cursor += 1) pending.push(slack.calls[cursor]!);
        return pending.find((call) => call.result?.ok === true && matches(call));
      },
      { timeoutMs: 60_000, what },
    )
    .then((call) => ({ call, at: performance.now() }));
}

/** A new message in the channel, not in a thread: a card. */
export const isCard = ({ method, args }: WebApiCall): boolean =>
  method === 'chat.postMessage' && args.channel === channel.id && args.thread_ts === undefined;

/** Waits until so many cards more than `before` are there. */
export async function moreCards(side: Side, before: number, count: number, timeoutMs: number): Promise<void> {
  await side.slack.waitFor(() => cardCount(side) >= before + count, { timeoutMs, what: `${count} cards` });
}

const counted = new WeakMap<SlackRules, { cursor: number; cards: number }>();

/** Cards so far; looks at each call once. */
export function cardCount({ slack }: Side): number {
  const state = counted.get(slack) ?? { cursor: 0, cards: 0 };
  counted.set(slack, state);
  // A call without an answer yet is looked at again.
  for (; slack.calls[state.cursor]?.result !== undefined; state.cursor += 1)
    if (slack.calls[state.cursor]!.result!.ok === true && isCard(slack.calls[state.cursor]!)) state.cards += 1;
  return state.cards;
}

/** Waits until nobody has called Slack for three seconds; gives the instant of the last call (`performance.now()`). */
export async function settled({ slack }: Side): Promise<number> {
  const quietMs = 3_000;
  for (let seen = -1, last = performance.now(); ; await rest(50)) {
    if (slack.calls.length !== seen) [seen, last] = [slack.calls.length, performance.now()];
    else if (performance.now() - last > quietMs) return last;
  }
}

/** Commands that do not count, one at a time and together: code that never ran is slow on both sides. */
export async function warmUp(side: Side): Promise<void> {
  for (let index = 0; index < 10; index += 1) await side.ask(index);
  await Promise.all(Array.from({ length: 30 }, (_, index) => side.ask(index)));
  await settled(side);
}

/** Resident memory of each program, MB. Linux only; elsewhere nothing is known. */
export function memoryOf(pids: Side['pids']): { readonly [program: string]: number } {
  return Object.fromEntries(
    Object.entries(pids).flatMap(([program, pid]) => {
      try {
        const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
        return kilobytes === undefined ? [] : [[program, Number(kilobytes) / 1024]];
      } catch {
        return [];
      }
    }),
  );
}

/** Processor time each program has used, ms, the Git processes it started included. Linux only. */
export function processorTimeOf(pids: Side['pids']): { readonly [program: string]: number } {
  return Object.fromEntries(
    Object.entries(pids).flatMap(([program, pid]) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        // user, system, and both of children that have ended; in hundredths of a second.
        const fields = stat
          .slice(stat.lastIndexOf(')') + 2)
          .split(' ')
          .slice(11, 15);
        return [[program, 10 * fields.reduce((sum, field) => sum + Number(field), 0)]];
      } catch {
        return [];
      }
    }),
  );
}

export const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
