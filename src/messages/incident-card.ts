import type { KnownBlock } from '@slack/types';
import type { IncidentEvent, IncidentView } from '../incidents/incident';
import { ACTIONS, encodeValue } from './actions';
import {
  actions,
  bounded,
  button,
  confirm,
  context,
  fields,
  section,
  type Message,
  type RenderContext,
} from './blocks';
import { incidentLook, severityLook } from './states';
import { temporalLink } from './operation-card';
import { code, instant, mention, safe, safeLines } from './text';

const roleNames = { lead: 'Lead', scribe: 'Scribe', communications: 'Communications' } as const;

/** The one card of an incident, for its present state. */
export function incidentCard(view: IncidentView, about: RenderContext = {}): Message {
  const severity = severityLook(view.severity);
  const state = incidentLook(view.state);
  const at = (iso: string): string => instant(iso, { tokens: about.dateTokens ?? true });
  const room = view.roomChannel && /^[CG][A-Z0-9]+$/.test(view.roomChannel) ? `<#${view.roomChannel}>` : undefined;
  const head: KnownBlock[] = [
    section([
      `${severity.mark} *${severity.words}: ${safeLines(view.summary, { max: 600, lines: 3 })}*`,
      `${state.mark} *${state.words}* since ${at(view.since)}`,
    ]),
    ...fields([
      ['Service', view.service && code(view.service, 80)],
      ['Environment', view.environment && code(view.environment, 80)],
      ['Declared by', mention(view.declaredBy)],
      ...roles(view),
      ['Room', room],
      ['About', view.operationId && code(view.operationId, 120)],
    ]),
    ...timeline(view, at),
  ];
  const identity = [`${code(view.shortId, 40)} declared ${at(view.declaredAt)}`, temporalLink(view.id, about)];
  const tail: KnownBlock[] = [
    ...buttons(view),
    ...context([
      identity.filter((part) => part.length > 0).join(' · '),
      view.notDone.length > 0
        ? `Not done: ${view.notDone
            .slice(0, 5)
            .map((what) => safe(what, 250))
            .join(' ')}`
        : '',
    ]),
  ];
  return { text: sentence(view), blocks: bounded(head, tail) };
}

function sentence(view: IncidentView): string {
  const where = [view.service, view.environment].filter((part): part is string => !!part).map((part) => safe(part, 80));
  const place = where.length > 0 ? ` in ${where.join(', ')}` : '';
  const lead = view.roles.lead ? `${mention(view.roles.lead)} leads.` : 'Nobody leads yet.';
  const severity = severityLook(view.severity);
  return `${severity.mark} ${severity.words} incident${place} is ${incidentLook(view.state).words.toLowerCase()}: ${safe(view.summary, 400)}. ${lead}`;
}

function roles(view: IncidentView): (readonly [string, string | undefined])[] {
  return (['lead', 'scribe', 'communications'] as const).map((role) => {
    const who = view.roles[role];
    return [
      roleNames[role],
      who ? mention(who) : role === 'lead' && view.state !== 'resolved' ? 'nobody yet' : undefined,
    ];
  });
}

function timeline(view: IncidentView, at: (iso: string) => string): KnownBlock[] {
  if (view.timeline.length === 0) return [];
  const lines = view.timeline
    .slice(-12)
    .map((event) => ({ isPinned: event.pinned === true, line: timelineLine(event, at) }));
  const more = view.moreEvents > 0 ? [`… ${view.moreEvents} earlier in the thread`] : [];
  const pinned = lines.filter(({ isPinned }) => isPinned).map(({ line }) => line);
  const rest = lines.filter(({ isPinned }) => !isPinned).map(({ line }) => line);
  return [section(['*Timeline*', ...pinned, ...more, ...rest])];
}

function timelineLine(event: IncidentEvent, at: (iso: string) => string): string {
  return `${event.pinned ? '📌 ' : ''}${at(event.at)} ${incidentLine(event, safe(event.text, 160))}`;
}

/** Who did something, what (already safe), and whom it is about. */
export function incidentLine(event: { readonly by?: string; readonly about?: string }, text: string): string {
  return [event.by && mention(event.by), text, event.about && mention(event.about)].filter(Boolean).join(' ');
}

function buttons(view: IncidentView): KnownBlock[] {
  const value = encodeValue({ i: view.id });
  if (view.state === 'resolved') return [];
  const resolve = button({
    label: 'Resolve',
    action: ACTIONS.incidentResolve,
    value,
    confirm: confirm({
      title: 'Resolve the incident?',
      text: 'Everybody reads that it is over, and the card takes no more after that. If the trouble comes back, open a new incident.',
      yes: 'Resolve',
    }),
  });
  return actions([
    button({ label: 'Post update', action: ACTIONS.incidentUpdate, value }),
    button({ label: 'Assign role', action: ACTIONS.incidentAssign, value }),
    ...(view.state === 'declared'
      ? [button({ label: 'Mitigated', action: ACTIONS.incidentMitigate, value, style: 'primary' as const })]
      : []),
    resolve,
  ]);
}
