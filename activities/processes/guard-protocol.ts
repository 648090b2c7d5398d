/** What the runner tells the guard of a group of processes, one JSON line each. A closed connection means: end it all. */
export type GuardOrder =
  | {
      readonly kind: 'start';
      readonly program: string;
      readonly args: readonly string[];
      readonly env: { readonly [name: string]: string };
      readonly cwd: string;
      /** Stands in the environment of every process of the group, so that those who leave it are found again. */
      readonly token: string;
      /** Whether the guard is the first process of a world of its own, where all others are of its group. */
      readonly isAlone: boolean;
      readonly leaseMs: number;
      readonly limitMs: number;
      readonly graceMs: number;
      /** How the group is asked to end before it is made to. */
      readonly stopSignal: StopSignal;
      readonly memoryBytes: number;
    }
  | { readonly kind: 'renew'; readonly leaseMs: number }
  | { readonly kind: 'end' };

/** `SIGINT` for programs that end what they are in the middle of only when it comes as from a keyboard. */
export type StopSignal = 'SIGTERM' | 'SIGINT';

/** Who or what ended a group. */
export type EndedBy = 'itself' | 'asked' | 'time' | 'memory' | 'lease';

/** What the guard tells, one JSON line each. After `ended` and `failed` nothing of the group is left. */
export type GuardNews =
  | { readonly kind: 'ended'; readonly by: EndedBy; readonly code?: number; readonly signal?: string }
  | { readonly kind: 'failed'; readonly message: string };
