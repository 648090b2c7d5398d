import type { JsonObject } from '../json';
import { isResourceName, type Lease, type ResourcePlan } from '../resources/resource';
import { formatDuration, parseDuration } from './duration';
import { bareCondition, fillTemplates } from './expressions';
import type { Library } from './library';
import type { Runbook } from './schema';
import { byUndo, teardownDigest } from './teardown';

type Planned =
  | { readonly ok: true; readonly resource?: ResourcePlan }
  /** Full sentences. */
  | { readonly ok: false; readonly problems: readonly string[] };

/** A reminder comes so long before the end, unless the runbook says how long; and never before half of the time. */
const usualReminderMs = 24 * 3_600_000;

/** What a run of a runbook will make, with its name and its lease: a part of what people approve. */
export function planResource(input: {
  readonly runbook: Runbook;
  readonly inputs: JsonObject;
  readonly library: Pick<Library, 'runbooks' | 'actions'>;
  /** As typed behind `for`. */
  readonly lease?: string;
}): Planned {
  const { runbook, library, lease } = input;
  const { resource } = runbook;
  if (!resource)
    return lease === undefined
      ? { ok: true }
      : refused(
          `The runbook ${runbook.name} makes nothing that has a lease, so "for ${lease}" cannot be kept; ask without it.`,
        );
  const named = resourceName(runbook, input.inputs);
  const leased = leaseOf(runbook, lease);
  const teardown = teardownDigest(runbook, library);
  const problems = [
    ...('problem' in named ? [named.problem] : []),
    ...('problem' in leased ? [leased.problem] : []),
    ...(teardown === undefined
      ? [
          `The runbook ${resource.destroy}, which is to take away what ${runbook.name} makes, does not exist; the owner of the policy repository has to add it.`,
        ]
      : []),
  ];
  if (!('name' in named) || 'problem' in leased || teardown === undefined) return { ok: false, problems };
  const how = resource.destroy ?? byUndo;
  const outputs = Object.entries(runbook.outputs ?? {}).map(([name, source]) => [name, bareCondition(source)]);
  return {
    ok: true,
    resource: {
      kind: resource.kind,
      name: named.name,
      data: resource.data ?? 'lost',
      destroy: how === byUndo ? { how: 'undo' } : { how: 'runbook', runbook: how },
      teardown,
      ...(leased.lease && { lease: leased.lease }),
      outputs: Object.fromEntries(outputs) as ResourcePlan['outputs'],
    },
  };
}

/** How people will call what a runbook makes, by its inputs alone. */
export function resourceName(
  { name: runbook, resource }: Pick<Runbook, 'name' | 'resource'>,
  inputs: JsonObject,
): { readonly name: string } | { readonly problem: string } {
  const filled = fillTemplates(resource!.name, { inputs });
  const name = filled.ok ? String(filled.value) : '';
  if (isResourceName(name)) return { name };
  const why = filled.ok ? `“${name.slice(0, 60)}” is none` : filled.message;
  return {
    problem: `What ${runbook} makes needs a name of lower-case letters, digits, dots, hyphens and underscores, at most 62, and ${why}; ask again with other inputs.`,
  };
}

function leaseOf(
  { name, resource }: Runbook,
  asked: string | undefined,
): { readonly lease?: Lease } | { readonly problem: string } {
  const { lease } = resource!;
  if (!lease)
    return asked === undefined
      ? {}
      : { problem: `What the runbook ${name} makes has no lease, so "for ${asked}" cannot be kept; ask without it.` };
  const usual = parseDuration(lease.default)!;
  const maxMs = (lease.max && parseDuration(lease.max)) || usual;
  const forMs = asked === undefined ? usual : parseDuration(asked);
  if (forMs === undefined || forMs <= 0)
    return { problem: `"${asked}" is not a length of time, so nothing was begun; write 12h or 3d behind "for".` };
  if (forMs > maxMs)
    return {
      problem: `What ${name} makes may live for ${formatDuration(maxMs)} at most, and ${formatDuration(forMs)} was asked for; ask for less, or have the owner of the policy repository change resource.lease.max.`,
    };
  const remindMs = Math.min((lease.remind && parseDuration(lease.remind)) || usualReminderMs, Math.floor(forMs / 2));
  return { lease: { forMs, maxMs, extendMs: usual, remindMs } };
}

function refused(problem: string): Planned {
  return { ok: false, problems: [problem] };
}
