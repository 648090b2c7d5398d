export type IncidentState = 'declared' | 'mitigated' | 'resolved';
export type Severity = 'sev1' | 'sev2' | 'sev3' | 'sev4';

/** What declaring an incident needs. A second declaration about the same cause joins the first by its id. */
export interface IncidentRequest {
  readonly format: 1;
  /** `incident-<about>-<10 characters>`; from an operation's button it follows from the operation (`incidentIdAbout`). */
  readonly id: string;
  readonly severity: Severity;
  readonly service?: string;
  readonly environment?: string;
  readonly summary: string;
  readonly declaredBy: string;
  readonly operationId?: string;
  readonly channel?: string;
  readonly deliveryId: string;
  readonly declaredAt: string;
}

export interface IncidentEvent {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly by?: string;
  /** Never names a person by id: whoever shows it would have to trust a text. */
  readonly text: string;
  /** The person whom it is about, shown after the text. */
  readonly about?: string;
  /** What caused the incident: it stays first, however much comes after it. */
  readonly pinned?: boolean;
}

/** What people do to an open incident. */
export type IncidentAct =
  /** Comes in with what they typed, when they open an incident that is open already. */
  | { readonly kind: 'join'; readonly text?: string }
  | { readonly kind: 'update'; readonly text: string }
  | { readonly kind: 'assign'; readonly role: 'lead' | 'scribe' | 'communications'; readonly user: string }
  | { readonly kind: 'mitigate'; readonly text?: string }
  | { readonly kind: 'resolve'; readonly text?: string };

export interface IncidentView {
  readonly format: 1;
  readonly id: string;
  readonly shortId: string;
  readonly severity: Severity;
  readonly state: IncidentState;
  readonly service?: string;
  readonly environment?: string;
  readonly summary: string;
  readonly declaredBy: string;
  readonly declaredAt: string;
  readonly since: string;
  readonly roles: { readonly lead?: string; readonly scribe?: string; readonly communications?: string };
  /** What is pinned, then the newest, twelve in all; every line is in the thread too. */
  readonly timeline: readonly IncidentEvent[];
  readonly moreEvents: number;
  readonly operationId?: string;
  /** Its own channel, where the workspace allows one. */
  readonly roomChannel?: string;
  /** Things the workspace could not do, said once. */
  readonly notDone: readonly string[];
}
