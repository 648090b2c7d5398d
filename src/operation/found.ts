/** What one read-only step found before anybody was asked: shown to whoever approves, and a part of what they approve. */
export interface Found {
  readonly step: string;
  readonly summary: string;
  /** The first lines of what it found. */
  readonly lines?: readonly string[];
  /** How many lines are not among them. */
  readonly moreLines?: number;
}
