import type { Standing } from '../policy/standing';

/** Who asks, as Slack knows them now. Machines and people who come with a token are `member`: the token said so. */
export interface Asker {
  readonly standing: Standing;
  /** Slack user groups they are in; `unknown` when Slack did not say. */
  readonly groups: readonly string[] | 'unknown';
}

/** A full member of the workspace as a bot knew them from Slack's own recent answers, without asking again. */
export interface KnownPerson {
  readonly format: 1;
  readonly user: string;
  /** Every user group they sat in. */
  readonly groups: readonly string[];
  /** ISO 8601 UTC: when Slack said so; of several answers the oldest. */
  readonly at: string;
}
