import type { JsonObject } from '../json';
import { isOlder, type Fence } from '../ledger/fence';

/** What names something provisioned that lives on. */
export interface ResourceRef {
  /** `sandbox`, `database`: the runbook says. */
  readonly kind: string;
  readonly name: string;
}

/** Things by name, each with the operation that made it: a name may come again, and means another thing then. */
export type MadeBy = { readonly [name: string]: string };

/** How long it lives unless somebody extends it; lengths in ms. */
export interface Lease {
  readonly forMs: number;
  /** Longest time from its making on, whoever extends it. */
  readonly maxMs: number;
  /** What one press of Extend adds. */
  readonly extendMs: number;
  /** How long before its end its owner is reminded. */
  readonly remindMs: number;
}

/** What takes it away again: what its steps had for their undo, or a runbook that gets what was recorded. */
export type Destroyer = { readonly how: 'undo' } | { readonly how: 'runbook'; readonly runbook: string };

/** A resource as people approve it, before it is made. */
export interface ResourcePlan extends ResourceRef {
  /** Whether what it holds outlives it. */
  readonly data: 'kept' | 'lost';
  readonly destroy: Destroyer;
  /** Hash of the steps that take it away: whoever approved its making approved these. */
  readonly teardown: string;
  readonly lease?: Lease;
  /** Name -> expression: what is recorded of it, once it is made. */
  readonly outputs: { readonly [name: string]: string };
}

/** What is known of a resource from the moment it is begun. */
export interface ResourceAbout {
  readonly runbook: string;
  readonly service?: string;
  readonly environment?: string;
  /** Slack user id, or the name of a machine. */
  readonly owner: { readonly kind: 'person' | 'machine'; readonly id: string };
  readonly inputs: JsonObject;
  readonly data: ResourcePlan['data'];
  readonly destroy: Destroyer;
  readonly teardown: string;
  readonly lease?: Lease;
  readonly policyCommit: string;
  /** Of a server of a declared group: what was declared when it was made, and at which commit. */
  readonly declared?: {
    readonly group: string;
    readonly type: string;
    readonly region: string;
    readonly commit: string;
  };
}

/** What its undo needs: the steps that were begun, in their order, and what they and those before them told. */
export interface Undoing {
  readonly paths: readonly string[];
  readonly outputs: { readonly [path: string]: JsonObject };
}

export type ResourceStatus = 'creating' | 'live' | 'destroying' | 'destroyed' | 'uncertain';

/** `resources/<kind>/<name>.json`: one thing that was provisioned, and what became of it. */
export interface ResourceState extends ResourceRef, ResourceAbout {
  readonly format: 1;
  readonly status: ResourceStatus;
  /** The operation that made it. */
  readonly operation: string;
  /** ISO 8601 UTC, as all instants here: when it was begun. */
  readonly begunAt: string;
  readonly createdAt?: string;
  readonly expiresAt?: string;
  readonly outputs: JsonObject;
  readonly undoing?: Undoing;
  /** The operation that makes or destroys it at the moment. */
  readonly underWay?: {
    readonly operation: string;
    readonly from: 'live' | 'uncertain' | 'none';
    readonly fence?: Fence;
    /** Whose fence it is. */
    readonly lane?: string;
  };
  /** Why nobody can say what is left of it. */
  readonly because?: string;
  readonly destroyedAt?: string;
  readonly destroyedBy?: string;
}

/** How a record changes a resource. Applied by the committer on what its tip says. */
export type ResourceChange = ResourceRef & {
  readonly operation: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** Of the lane under which it was done. */
  readonly fence?: Fence;
  readonly lane?: string;
} & (
    | { readonly change: 'creating'; readonly about: ResourceAbout }
    | {
        readonly change: 'made';
        readonly outputs: JsonObject;
        readonly undoing?: Undoing;
        readonly expiresAt?: string;
      }
    /** Everything of it was undone, or nothing was ever done. */
    | { readonly change: 'unmade' }
    /** What is left of it nobody knows. */
    | {
        readonly change: 'uncertain';
        readonly because: string;
        readonly undoing?: Undoing;
        /** Of what was to be made and has a lease: what may be half there is reminded of and taken away like the rest. */
        readonly expiresAt?: string;
      }
    | { readonly change: 'destroying' }
    /** The teardown came to nothing before it began. */
    | { readonly change: 'stays' }
    | { readonly change: 'destroyed' }
    /** By the lease of the one that `of` made. */
    | { readonly change: 'extended'; readonly of: string; readonly expiresAt: string }
  );

const nameForm = /^[a-z0-9]([a-z0-9-]|[._](?=[a-z0-9])){0,61}$/;

/** Whether a resource may be called that. */
export function isResourceName(name: string): boolean {
  return nameForm.test(name);
}

/** Whether there is something, or may be: its name is taken. */
export function isThere({ status }: Pick<ResourceState, 'status'>): boolean {
  return status !== 'destroyed';
}

/** `sandbox demo`: how people call it. */
export function resourceWords({ kind, name }: ResourceRef): string {
  return `${kind} ${name}`;
}

/**
 * Why a change that begins something may not be written: the ledger knows better by now. What an operation says of its
 * own end is always written; it changes nothing where another one has taken over.
 */
export function objectionTo(change: ResourceChange, known: ResourceState | undefined): string | undefined {
  if (change.change !== 'creating' && change.change !== 'destroying') return undefined;
  const words = resourceWords(change);
  const { underWay } = known ?? {};
  if (underWay && underWay.operation !== change.operation) {
    if (!isOneLane(change, underWay))
      return `another operation (${underWay.operation}) is at work on the ${words} from another lane, so nobody can say which of the two came later; if that one ended without a word, ask by the same command as it did`;
    if (!isLater(change.fence, underWay.fence))
      return `another operation (${underWay.operation}) is at work on the ${words}`;
  }
  if (change.change === 'creating')
    return known?.status === 'live' ? `there is a ${words} already, made by ${known.operation}` : undefined;
  return known && isThere(known) ? undefined : `there is no ${words} any more`;
}

interface Holder {
  readonly lane?: string;
}

/** A fence orders the holders of one lane. Records that are older than their lanes' names have only the fence. */
function isOneLane({ lane: one }: Holder, { lane: other }: Holder): boolean {
  return one === undefined || other === undefined || one === other;
}

function isLater(fence: Fence | undefined, than: Fence | undefined): boolean {
  return fence !== undefined && than !== undefined && isOlder(than, fence);
}

/** The resource after a change. Applying the same change twice in a row gives the same as once. */
export function applyResource(known: ResourceState | undefined, change: ResourceChange): ResourceState | undefined {
  if (change.change === 'creating') return begun(known, change);
  if (!known) return undefined;
  if (change.change === 'extended')
    return known.operation === change.of && isThere(known) ? { ...known, expiresAt: change.expiresAt } : known;
  const { underWay, because: _because, ...rest } = known;
  const { operation, at, fence, lane } = change;
  if (change.change === 'destroying') {
    const from = known.status === 'live' ? 'live' : 'uncertain';
    const was = underWay?.operation === operation ? underWay.from : from;
    return {
      ...known,
      status: 'destroying',
      underWay: { operation, from: was, ...(fence && { fence }), ...(lane && { lane }) },
    };
  }
  if (underWay?.operation !== operation) return known;
  switch (change.change) {
    case 'made':
      return {
        ...rest,
        status: 'live',
        createdAt: at,
        outputs: change.outputs,
        ...(change.undoing && { undoing: change.undoing }),
        ...(change.expiresAt && { expiresAt: change.expiresAt }),
      };
    case 'unmade':
      return { ...rest, status: 'destroyed', destroyedAt: at, destroyedBy: operation };
    case 'uncertain':
      return {
        ...rest,
        status: 'uncertain',
        because: change.because,
        ...(change.undoing && { undoing: change.undoing }),
        ...(change.expiresAt && { createdAt: at, expiresAt: change.expiresAt }),
      };
    case 'stays':
      return underWay.from === 'live'
        ? { ...rest, status: 'live' }
        : { ...known, status: 'uncertain', underWay: undefined };
    case 'destroyed':
      return { ...rest, status: 'destroyed', destroyedAt: at, destroyedBy: operation };
  }
}

function begun(
  known: ResourceState | undefined,
  { kind, name, operation, at, fence, lane, about }: Extract<ResourceChange, { change: 'creating' }>,
): ResourceState {
  const from = known && known.operation !== operation && isThere(known) ? 'uncertain' : 'none';
  return {
    format: 1,
    kind,
    name,
    ...about,
    status: 'creating',
    operation,
    begunAt: at,
    outputs: {},
    underWay: { operation, from, ...(fence && { fence }), ...(lane && { lane }) },
  };
}

/**
 * The resource that a word names: its name, or `<kind>/<name>`, or the name of one that has gone where none is there.
 * Several of one name are several kinds of things.
 */
export function resourcesNamed(states: readonly ResourceState[], word: string): readonly ResourceState[] {
  const [kind, name] = word.includes('/') ? word.split('/', 2) : [undefined, word];
  const named = states.filter((each) => each.name === name && (kind === undefined || each.kind === kind));
  const there = named.filter(isThere);
  return there.length > 0 ? there : named;
}
