import { Context } from '@temporalio/activity';
import { canonical, sha256 } from '../../src/canonical';
import type { GitConnection } from '../../src/connections/schema';
import type { WorkerActivities } from '../../src/operation/ports';
import { relay } from '../../src/operation/relay';
import type { Repository } from '../../src/policy/read-repository';
import type { Heads } from '../../src/triggers/push-news';
import { pushedRunbook } from '../../src/triggers/pushed-runbook';
import {
  concerns,
  connectionOf,
  movedBetween,
  pushEveryMsOf,
  pushWatchOf,
  watchedHeads,
  type Moved,
  type Pushed,
  type PushWatch,
} from '../../src/triggers/push-watch';
import { PUSH_WATCHES, WORKFLOWS, type AnyWatchOrder } from '../../workflows/contract';
import { wordsOf } from './code-source';
import { nothingNew } from './nothing-new';
import type { TriggerDeps } from './triggers';
import { fire, keepWatches, tellOf, watchedFor } from './watches';

type PushDeps = Pick<TriggerDeps, 'policy' | 'client' | 'code' | 'policyUrl' | 'relayKey' | 'timings' | 'now'>;

const watches = { type: WORKFLOWS.pushWatch, prefix: PUSH_WATCHES };
/** So many looks in a row may fail: one that does is weather. */
const looksUntilBlind = 3;

/** Tells each watch of a repository what this policy has it look at, starts those that are missing and ends the others. Gives their ids. */
export async function orderPushWatches(
  deps: Pick<TriggerDeps, 'client' | 'timings' | 'policyUrl'>,
  repository: Repository,
  formerly: readonly string[],
): Promise<readonly string[]> {
  const orders: AnyWatchOrder[] = [];
  for (const { document } of repository.runbooks.values()) {
    const rule = document.on?.push;
    const watch = pushWatchOf(repository, { runbook: document.name, policyUrl: deps.policyUrl });
    if (!rule || !watch) continue;
    const tell = rule.channel ?? tellOf(repository.policy).tell;
    orders.push({
      runbook: document.name,
      watch: digestOf(watch),
      what: `pushes to ${watch.branches.join(', ')} of ${watch.repository}`.slice(0, 200),
      owner: rule.owner,
      ...(tell === undefined ? {} : { tell }),
    });
  }
  return keepWatches(deps, { ...watches, orders, formerly });
}

/** Looks at a repository, and starts what was pushed there is to start. */
export function createPushWatches(deps: PushDeps): Pick<WorkerActivities, 'watchPushes'> {
  return {
    async watchPushes({ watch: digest, memory = { looks: 0, isBlind: false } }) {
      const { repository } = await deps.policy.current();
      const runbook = watchedFor(watches) ?? '';
      const watch = pushWatchOf(repository, { runbook, policyUrl: deps.policyUrl });
      const rule = repository.runbooks.get(runbook)?.document.on?.push;
      // Nobody gets a signature by starting a workflow, nor by what another policy has watched.
      if (!watch || !rule || digestOf(watch) !== digest)
        throw nothingNew('The policy has something else watched.', 5_000);
      const everyMs = pushEveryMsOf(rule);
      const tell = tellOf(repository.policy);
      const seen = await look(deps, watch, connectionOf(repository, rule)?.token);
      if (seen.kind === 'blind') {
        const sinceMs = Math.max(Context.current().info.scheduledTimestampMs, seen.heardAt);
        const isWeather = deps.now().getTime() - sinceMs < looksUntilBlind * everyMs;
        if (memory.isBlind || isWeather) throw nothingNew(seen.why, everyMs);
        return { memory: { ...memory, isBlind: true }, problems: [], blind: seen.why, ...tell };
      }
      const after = { looks: memory.looks + 1, heads: seen.heads, isBlind: false };
      if (memory.heads === undefined) return { memory: after, problems: [], ...tell };
      const moved = movedBetween(memory.heads, seen.heads);
      if (moved.length === 0 && !memory.isBlind) throw nothingNew('Nothing was pushed.', everyMs);
      const problems: string[] = [];
      for (const each of moved) {
        const problem = await start(deps, {
          repository,
          watch,
          looks: memory.looks,
          push: await seen.difference(each),
        });
        if (problem !== undefined) problems.push(problem);
      }
      return { memory: after, problems, ...tell };
    },
  };
}

type Seen =
  | {
      readonly kind: 'sees';
      readonly heads: Heads;
      /** What a branch brought, as far as it can be known. */
      difference(moved: Moved): Promise<Pushed>;
    }
  /** `heardAt`: when this process last heard from the host, epoch ms. */
  | { readonly kind: 'blind'; readonly why: string; readonly heardAt: number };

async function look({ code }: Pick<PushDeps, 'code'>, watch: PushWatch, token: GitConnection['token']): Promise<Seen> {
  let heardAt = 0;
  try {
    const mirror = await code.open({ url: watch.url, token });
    heardAt = mirror.heardAt ?? 0;
    await mirror.fetch();
    const all = await mirror.heads();
    const heads = watchedHeads(watch, all);
    if (typeof heads === 'string') return { kind: 'blind', why: heads, heardAt };
    return {
      kind: 'sees',
      heads,
      async difference(moved) {
        // What a new branch has that the main one has not.
        const from = moved.before ?? all.main ?? all.master;
        if (from === undefined) return moved;
        const { authors, paths } = await mirror.difference({ from, to: moved.commit });
        return { ...moved, ...(authors && { authors }), ...(paths && { paths }) };
      },
    };
  } catch (error) {
    return { kind: 'blind', why: `The repository could not be read: ${wordsOf(error).replace(/\.+$/, '')}.`, heardAt };
  }
}

/** The sentence that says why nothing was started, where something was to be. */
async function start(
  deps: PushDeps,
  about: {
    readonly repository: Repository;
    readonly watch: PushWatch;
    readonly looks: number;
    readonly push: Pushed;
  },
): Promise<string | undefined> {
  const { repository, watch, looks, push } = about;
  if (!concerns(watch, push)) return undefined;
  const key = `${Context.current().info.workflowExecution?.runId}/${looks}`;
  const made = pushedRunbook(repository, { watch, push, key }, deps.now());
  if (typeof made === 'string') return made;
  const request = relay('request', made.request, deps.relayKey);
  await fire(deps, { firing: { ...made, request }, ...tellOf(repository.policy) });
  return undefined;
}

function digestOf(watch: PushWatch): string {
  return sha256(canonical(watch));
}
