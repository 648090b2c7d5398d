import { z } from 'zod';
import type { JsonObject } from '../../src/json';

/** What came of a playbook, by host. */
export interface AnsibleOutcome {
  /** Whether the playbook came to its end; without that nothing else counts. */
  readonly isWhole: boolean;
  /** Hosts on which something was looked at or done. */
  readonly seen: ReadonlySet<string>;
  readonly ok: readonly string[];
  readonly changed: readonly string[];
  readonly failed: readonly string[];
  readonly unreachable: readonly string[];
  /** Hosts of batches that have ended well while the playbook goes on. */
  readonly done: {
    readonly ok: readonly string[];
    readonly changed: readonly string[];
    readonly facts: JsonObject;
    readonly growing: readonly string[];
  };
  /** Why a host failed or was not reached. */
  readonly words: ReadonlyMap<string, string>;
  /** What the playbook gave to `set_stats`. */
  readonly facts: JsonObject;
  /** Those of the facts that each host adds to. */
  readonly growing: readonly string[];
}

const counts = z.object({ ok: z.number(), changed: z.number(), failures: z.number(), unreachable: z.number() });
const told = { facts: z.record(z.string(), z.json()), growing: z.array(z.string()) };
const eventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('done'), ok: z.array(z.string()), changed: z.array(z.string()), ...told }),
  z.object({ event: z.enum(['failed', 'unreachable']), host: z.string(), task: z.string(), message: z.string() }),
  z.object({ event: z.literal('stats'), hosts: z.record(z.string(), counts), ...told }),
]);

/** Reads what the callback plugin has written so far; a line that is not whole yet is left out. */
export function readEvents(text: string): AnsibleOutcome {
  let done: AnsibleOutcome['done'] = { ok: [], changed: [], facts: {}, growing: [] };
  const words = new Map<string, string>();
  let stats: Extract<z.infer<typeof eventSchema>, { event: 'stats' }> | undefined;
  for (const line of text.split('\n')) {
    const event = eventIn(line);
    if (event?.event === 'done')
      done = {
        ok: [...done.ok, ...event.ok],
        changed: [...done.changed, ...event.changed],
        facts: event.facts as JsonObject,
        growing: event.growing,
      };
    else if (event?.event === 'stats') stats = event;
    else if (event) words.set(event.host, wordsOf(event));
  }
  const hosts = Object.entries(stats?.hosts ?? {});
  const those = (is: (host: z.infer<typeof counts>) => boolean): readonly string[] =>
    hosts.flatMap(([name, host]) => (is(host) ? [name] : [])).sort();
  const isGood = ({ failures, unreachable }: z.infer<typeof counts>): boolean => failures === 0 && unreachable === 0;
  return {
    isWhole: stats !== undefined,
    seen: new Set(hosts.map(([name]) => name)),
    ok: those((host) => isGood(host) && host.changed === 0),
    changed: those((host) => isGood(host) && host.changed > 0),
    failed: those(({ failures, unreachable }) => failures > 0 && unreachable === 0),
    unreachable: those(({ unreachable }) => unreachable > 0),
    done,
    words,
    facts: (stats?.facts ?? {}) as JsonObject,
    growing: stats?.growing ?? [],
  };
}

function eventIn(line: string): z.infer<typeof eventSchema> | undefined {
  try {
    return eventSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function wordsOf(event: { readonly event: string; readonly task: string; readonly message: string }): string {
  const message = event.message.split('\n')[0]!.trim().slice(0, 160);
  if (event.event === 'unreachable') return `not reached: ${message}`;
  return `${event.task}: ${message}`;
}
