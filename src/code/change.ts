/** Numbers of a change, from the service's code repository. What is absent could not be told. */
export interface ChangeFacts {
  /** The commit that the version asked for stands for. */
  readonly commit?: string;
  /** Its full name at the host: `refs/tags/v1`, `refs/heads/main`; a commit's own id. */
  readonly ref?: string;
  /** Commits that the version asked for has and the one that runs has not. */
  readonly commits?: number;
  readonly filesChanged?: number;
  readonly linesAdded?: number;
  readonly linesRemoved?: number;
  /** The version asked for is older than what runs. */
  readonly isStepBack?: boolean;
  /** Somebody wrote a part of it who has written nothing of what runs there now. */
  readonly firstByAuthor?: boolean;
}

/** A change between two commits, as the code repository tells it. */
export interface CodeChange extends ChangeFacts {
  readonly commit: string;
  readonly ref: string;
  /** The commit that runs; absent when nobody knows. */
  readonly previousCommit?: string;
  /** Absent when there are too many to look at. */
  readonly paths?: readonly string[];
  /** Everybody who wrote a part of it. Forgeable: names may keep people from approving, never let them. */
  readonly authors?: readonly CodeAuthor[];
  readonly codeowners?: readonly string[];
  /** A page at the host that shows the difference, where its address can be guessed. */
  readonly compareUrl?: string;
}

export interface CodeAuthor {
  readonly name: string;
  readonly email: string;
}

/** What is known of a change. `because` is a clause that continues a sentence. */
export type CodeAnswer =
  | { readonly kind: 'known'; readonly change: CodeChange }
  | {
      readonly kind: 'unknown';
      readonly because: string;
      /** The host did not answer, so it may be known later. */
      readonly isAway: boolean;
      /** What the version stands for, where that much is known. */
      readonly commit?: string;
      readonly ref?: string;
    };

/** What a card says of a change: few enough names and numbers to be shown. */
export type ChangeView =
  | {
      readonly kind: 'known';
      readonly commit: string;
      readonly commits?: number;
      /** Names of people, the first few. */
      readonly authors?: readonly string[];
      readonly moreAuthors?: number;
      readonly filesChanged?: number;
      readonly linesAdded?: number;
      readonly linesRemoved?: number;
      readonly isStepBack?: boolean;
      readonly url?: string;
    }
  | { readonly kind: 'unknown'; readonly because: string; readonly commit?: string };
