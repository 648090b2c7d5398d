/** Tips of branches by their names. */
export type Heads = { readonly [branch: string]: string };

/** What a watch knows from one look to the next. */
export interface PushMemory {
  /** Absent until somebody has looked: what was there before starts nothing. */
  readonly heads?: Heads;
  /** Looks that found something: a push back and forth is not the same push again. */
  readonly looks: number;
  readonly isBlind: boolean;
}

/** What a look found that is worth a word. */
export interface PushLook {
  readonly memory: PushMemory;
  /** What could not be started, full sentences. */
  readonly problems: readonly string[];
  /** Channel that hears of it. */
  readonly tell?: string;
  /** Why it sees nothing, where it has just become blind: a full sentence. */
  readonly blind?: string;
}
