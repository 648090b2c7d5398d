import type { Holds } from '../holds/holds';
import type { IncidentState, Severity } from '../incidents/incident';
import type { OperationState } from '../operation/view';
import { section, type Message, type RenderContext } from './blocks';
import { holdLines } from './hold-words';
import { incidentLook, operationLook, severityLook } from './states';
import { code, fit, instant, link, listed, mention, safe } from './text';

/** One operation on one line of a list. */
export interface OperationLine {
  readonly id: string;
  readonly shortId: string;
  readonly title: string;
  readonly state: OperationState;
  /** ISO 8601 UTC. */
  readonly since: string;
  /** Slack id, or a machine's name. */
  readonly requester: string;
  /** Teams with a free seat. */
  readonly waitingFor?: readonly string[];
  /** Where its card stands, and the address of it. */
  readonly card?: { readonly channel: string; readonly ts: string };
  readonly permalink?: string;
}

export interface IncidentLine {
  readonly id: string;
  readonly shortId: string;
  readonly summary: string;
  readonly severity: Severity;
  readonly state: IncidentState;
  readonly since: string;
  readonly lead?: string;
  readonly permalink?: string;
}

/** What holds work back at the moment: a freeze or a lock, in one sentence each. */
export interface StatusView {
  readonly operations: readonly OperationLine[];
  readonly incidents: readonly IncidentLine[];
  readonly holds?: readonly string[];
  /** Which policy is in force, and how old that knowledge is. */
  readonly policy?: string;
  /** A full sentence for each watch of a metric that sees nothing. */
  readonly blind?: readonly string[];
  /** Locks, freezes and the stop by command. */
  readonly held?: Holds;
  /** Said when the commit in force is not the newest. */
  readonly policyProblem?: string;
  /** One sentence for each list that was cut, so that nobody takes it for all there is. */
  readonly cut?: readonly string[];
}

/** `/signalbox status`: open work, open incidents, what holds work back. */
export function statusMessage(view: StatusView, about: RenderContext = {}): Message {
  const operations = view.operations.map((line) => operationLine(line, about));
  const incidents = view.incidents.map((line) => incidentLine(line, about));
  const holds = [
    ...(view.held ? holdLines(view.held, about) : []),
    ...(view.holds ?? []).map((hold) => `⏸️ ${safe(hold, 300)}`),
  ];
  const count = countOf(view);
  return {
    text: `${count}.`,
    blocks: [
      section(`*${count}*`),
      ...(incidents.length > 0 ? [section(fit(['*Incidents*', ...incidents]))] : []),
      ...(operations.length > 0 ? [section(fit(['*Operations*', ...operations]))] : []),
      ...(view.cut ?? []).map((sentence) => section(`✂️ ${safe(sentence, 300)}`)),
      ...(view.blind ? [section(fit(view.blind.map((each) => `🙈 ${safe(each, 400)}`)))] : []),
      ...(holds.length > 0 ? [section(fit(['*Held back by*', ...holds]))] : []),
      ...(view.policy ? [section(safe(view.policy, 600))] : []),
      ...(view.policyProblem ? [section(`⚠️ ${safe(view.policyProblem, 600)}`)] : []),
    ],
  };
}

export function operationLine(line: OperationLine, about: RenderContext = {}): string {
  const { mark, words } = operationLook(line.state);
  const teams = [...new Set(line.waitingFor ?? [])].map((team) => safe(team, 60));
  const waitsFor = teams.length > 0 ? ` for ${listed(teams)}` : '';
  const since = instant(line.since, { tokens: about.dateTokens ?? true });
  return `${mark} ${titled(line.title, line.permalink)} ${code(line.shortId, 20)}: ${words.toLowerCase()}${waitsFor} since ${since}, asked for by ${mention(line.requester)}`;
}

export function incidentLine(line: IncidentLine, about: RenderContext = {}): string {
  const severity = severityLook(line.severity);
  const state = incidentLook(line.state);
  const lead = line.lead ? `, led by ${mention(line.lead)}` : ', nobody leads yet';
  const since = instant(line.since, { tokens: about.dateTokens ?? true });
  return `${severity.mark} ${severity.words} ${titled(line.summary, line.permalink)} ${code(line.shortId, 20)}: ${state.words.toLowerCase()} since ${since}${lead}`;
}

function titled(title: string, permalink: string | undefined): string {
  return permalink ? `*${link(permalink, title)}*` : `*${safe(title, 150)}*`;
}

function countOf({ operations, incidents }: StatusView): string {
  if (operations.length + incidents.length === 0) return 'Nothing is under way and no incident is open';
  const work = operations.length === 0 ? 'No operation is' : plural(operations.length, 'operation');
  const open = incidents.length === 0 ? 'no incident' : plural(incidents.length, 'incident');
  return `${work} under way, ${open} open`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
