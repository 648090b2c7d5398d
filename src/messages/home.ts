import type { HomeView, KnownBlock } from '@slack/types';
import type { Holds } from '../holds/holds';
import { holdLines } from './hold-words';
import { ACTIONS, encodeValue } from './actions';
import { actions, bounded, button, context, divider, section, type RenderContext } from './blocks';
import { incidentLine, operationLine, type IncidentLine, type OperationLine } from './status';
import { code, instant, safe } from './text';

/** How many lines a list on the Home tab has; the rest is counted. */
const listMax = 10;

/** What waits for this person: the operation and the ballot that their press would be about. */
export interface WaitingLine extends OperationLine {
  readonly ballot: { readonly id: string; readonly digest: string; readonly secondFactor?: true };
}

export interface HomeData {
  readonly waitingForMe: readonly WaitingLine[];
  readonly mine: readonly OperationLine[];
  readonly teams?: readonly OperationLine[];
  readonly incidents: readonly IncidentLine[];
  /** Locks, freezes and the stop by command: only a stop and freezes are shown. */
  readonly held?: Holds;
  /** Resources that expire soon. */
  readonly expiring?: readonly { readonly name: string; readonly expiresAt: string }[];
  /** ISO 8601 UTC. */
  readonly at: string;
}

/** The App Home tab of one person. */
export function homeView(data: HomeData, about: RenderContext = {}): HomeView {
  const tokens = { tokens: about.dateTokens ?? true };
  const standstill = data.held ? holdLines({ ...data.held, locks: [] }, about) : [];
  const blocks: KnownBlock[] = [
    ...standstill.slice(0, listMax).map((line) => section(line)),
    ...heading('Waiting for me', data.waitingForMe.length, 'Nothing waits for you.'),
    ...data.waitingForMe.slice(0, listMax).flatMap((line) => waiting(line, about)),
    ...more(data.waitingForMe.length),
    divider,
    ...list(
      'Mine',
      data.mine.map((line) => operationLine(line, about)),
      'You have nothing under way.',
    ),
    ...(data.teams
      ? list(
          "My teams'",
          data.teams.map((line) => operationLine(line, about)),
          'Your teams have nothing under way.',
        )
      : []),
    divider,
    ...list(
      'Open incidents',
      data.incidents.map((line) => incidentLine(line, about)),
      'No incident is open.',
    ),
    ...(data.expiring && data.expiring.length > 0
      ? list(
          'Expire soon',
          data.expiring.map((resource) => `${code(resource.name, 100)} expires ${instant(resource.expiresAt, tokens)}`),
          '',
        )
      : []),
  ];
  const tail: KnownBlock[] = [
    divider,
    ...actions([
      button({ label: 'Deploy', action: ACTIONS.homeDeploy, value: '{}', style: 'primary' }),
      button({ label: 'Open incident', action: ACTIONS.incidentOpen, value: '{}' }),
      button({ label: 'Refresh', action: ACTIONS.homeRefresh, value: '{}' }),
    ]),
    ...context([`As of ${instant(data.at, tokens)}`]),
  ];
  return { type: 'home', blocks: bounded(blocks, tail, 100) };
}

function heading(title: string, count: number, nothing: string): KnownBlock[] {
  return [section(count > 0 ? `*${safe(title)}* (${count})` : [`*${safe(title)}*`, nothing])];
}

function waiting(line: WaitingLine, about: RenderContext): KnownBlock[] {
  const { id, digest, secondFactor } = line.ballot;
  const value = encodeValue({ o: line.id, b: id, d: digest, ...(secondFactor && { f: 1 as const }) });
  return [
    section(operationLine(line, about)),
    ...actions([
      button({ label: 'Approve', action: ACTIONS.approve, value, style: 'primary', spoken: `Approve ${line.title}` }),
      button({ label: 'Reject', action: ACTIONS.reject, value, style: 'danger', spoken: `Reject ${line.title}` }),
    ]),
  ];
}

function list(title: string, lines: readonly string[], nothing: string): KnownBlock[] {
  return [
    ...heading(title, lines.length, nothing),
    ...lines.slice(0, listMax).map((line) => section(line)),
    ...more(lines.length),
  ];
}

function more(count: number): KnownBlock[] {
  return count > listMax ? context([`… and ${count - listMax} more; \`/signalbox status\` lists all.`]) : [];
}
