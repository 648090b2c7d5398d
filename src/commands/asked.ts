import type { IncidentAct, Severity } from '../incidents/incident';

export type IncidentRole = Extract<IncidentAct, { kind: 'assign' }>['role'];

/** Inputs as typed: positional ones get their names from the runbook, which the grammar does not know. */
interface RunbookWords {
  readonly runbook: string;
  readonly positional: readonly string[];
  readonly inputs: { readonly [name: string]: string };
  readonly service?: string;
  readonly environment?: string;
  readonly reason?: string;
  readonly labels: readonly string[];
  /** Look and judge only. */
  readonly check?: true;
}

/** What holds work back, and what lets it go. Lengths and instants are as typed: the bot knows clock and zone. */
type HoldAsked =
  | {
      readonly kind: 'hold.lock';
      readonly service: string;
      readonly environment: string;
      readonly reason: string;
      /** `2h` */
      readonly for?: string;
      readonly change?: string;
    }
  | {
      readonly kind: 'hold.unlock';
      readonly service: string;
      readonly environment: string;
      readonly reason?: string;
    }
  | {
      readonly kind: 'hold.hand_over';
      readonly service: string;
      readonly environment: string;
      /** Slack user id. */
      readonly to: string;
      readonly reason?: string;
    }
  | {
      readonly kind: 'hold.freeze';
      readonly environment: string;
      readonly service?: string;
      readonly reason: string;
      /** `2h` */
      readonly for?: string;
      /** `friday 18:00` */
      readonly until?: string;
    }
  | { readonly kind: 'hold.thaw'; readonly environment: string; readonly service?: string }
  | { readonly kind: 'hold.stop'; readonly reason: string }
  | { readonly kind: 'hold.go'; readonly reason?: string };

/** What a person typed, understood. Plain data: the same for Slack, the command line and forms. */
export type Asked =
  | {
      readonly kind: 'deploy';
      readonly service: string;
      readonly version: string;
      readonly environment: string;
      readonly reason?: string;
      readonly rollout?: string;
      readonly labels: readonly string[];
      readonly risk?: Risk;
    }
  | {
      readonly kind: 'rollback';
      readonly service: string;
      readonly environment: string;
      readonly version?: string;
      readonly reason?: string;
    }
  /** `lease`: how long it is to live, as typed. */
  | ({ readonly kind: 'provision'; readonly lease?: string } & RunbookWords)
  | { readonly kind: 'provision.list'; readonly words: readonly string[] }
  /** A name, or `<kind>/<name>`. */
  | {
      readonly kind: 'provision.destroy';
      readonly resource: string;
      readonly confirm?: string;
      /** The operation that had made what a form showed, where the name was typed in one. */
      readonly of?: string;
      readonly reason?: string;
    }
  /** The servers that files declare: what would change, or with `apply` its carrying out. */
  | {
      readonly kind: 'provision.servers';
      readonly group?: string;
      readonly environment?: string;
      readonly apply?: true;
      readonly confirm?: string;
      /** Digest of the servers that a form showed as losing their data, where the name was typed in one. */
      readonly shown?: string;
      readonly reason?: string;
    }
  | { readonly kind: 'provision.extend'; readonly resource: string; readonly by: string }
  | ({ readonly kind: 'runbook.run' } & RunbookWords)
  | { readonly kind: 'runbook.list'; readonly words?: string }
  | {
      readonly kind: 'incident.declare';
      readonly severity: Severity;
      readonly service?: string;
      readonly environment?: string;
      readonly summary: string;
    }
  | { readonly kind: 'incident.update'; readonly text: string; readonly incident?: string }
  | {
      readonly kind: 'incident.assign';
      readonly role: IncidentRole;
      readonly user: string;
      readonly incident?: string;
    }
  | { readonly kind: 'incident.mitigate'; readonly text?: string; readonly incident?: string }
  | { readonly kind: 'incident.resolve'; readonly text?: string; readonly incident?: string }
  | { readonly kind: 'status' }
  | { readonly kind: 'reviews' }
  | { readonly kind: 'why'; readonly service: string; readonly environment: string; readonly version?: string }
  /** A command as text, to be read again, and an instant in words; now when absent. */
  | { readonly kind: 'what-if'; readonly command: string; readonly at?: string }
  | HoldAsked
  /** What is locked, frozen and stopped. */
  | { readonly kind: 'locks' }
  | { readonly kind: 'show'; readonly id: string }
  /** `step`: its path in the plan. */
  | { readonly kind: 'logs'; readonly id: string; readonly step?: string }
  | { readonly kind: 'help'; readonly topic?: string };

export type AskedKind = Asked['kind'];
export type AskedOf<Kind extends AskedKind> = Extract<Asked, { readonly kind: Kind }>;

/** A requester may raise the risk of a change; policy never lets it be lowered. */
export const risks = ['low', 'medium', 'high', 'critical'] as const;
export type Risk = (typeof risks)[number];

export const severities = ['sev1', 'sev2', 'sev3', 'sev4'] as const satisfies readonly Severity[];
export const incidentRoles = ['lead', 'scribe', 'communications'] as const satisfies readonly IncidentRole[];
