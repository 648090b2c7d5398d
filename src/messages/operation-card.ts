import type { KnownBlock } from '@slack/types';
import type { BallotView, OperationView } from '../operation/view';
import { finishedStates, isOver } from '../operation/view';
import { inputsOnCard, isShortReason, type InputOnCard } from '../operation/inputs-on-card';
import { linkTo } from '../policy/source-link';
import { bounded, context, fields, section, type Message, type RenderContext } from './blocks';
import { ballotLines } from './ballot-lines';
import { ballotButtons, operationButtons } from './operation-buttons';
import { foundLines } from './found-lines';
import { progressLines } from './operation-progress';
import { safeWithInstants } from './instants';
import { operationLook } from './states';
import { changeWords } from './change-words';
import { sizeOf } from './input-blocks';
import { code, counted, instant, link, listed, mention, safe, safeLines } from './text';

/** How many open ballots a card can show with their buttons; no policy we know asks for more than three. */
const ballotsShown = 6;
const factsShown = 8;

/** The one card of an operation, for its present state. Data in, blocks out; stays within Slack's limits. */
export function operationCard(view: OperationView, about: RenderContext = {}): Message {
  const head: KnownBlock[] = [
    section([`*${safe(view.title, 250)}*`, stateLine(view, about)]),
    ...fields(factsOf(view)),
    ...textOf(whatHappened(view, about)),
    ...textOf(holdLines(view, about)),
    ...view.ballots.slice(0, ballotsShown).flatMap((ballot) => ballotBlocks(view, ballot, about)),
    ...textOf(factLines(view)),
    ...textOf(gateLines(view, about)),
    ...textOf(foundLines(view)),
    ...textOf(progressLines(view, saidAbove(view))),
    ...textOf(safetyLines(view)),
  ];
  const tail: KnownBlock[] = [...operationButtons(view), ...context(identityLines(view, about))];
  return { text: sentenceOf(view), blocks: bounded(head, tail) };
}

/** What a phone shows and a screen reader says: what, where, who, state. UTC, since date tokens are not read aloud. */
export function sentenceOf(view: OperationView): string {
  const { mark, words } = lookOf(view);
  const who = requesterOf(view);
  const waitsFor = listed(freeSeats(view).map((team) => safe(team, 60)));
  const tail = {
    waiting: waitsFor ? ` It waits for ${waitsFor}.` : ' It waits for its gates.',
    queued: view.lane ? ` It is number ${view.lane.position} in line.` : '',
    needs_hands: ' It needs a person now.',
    needs_decision: ' It needs a person now.',
    held: view.hold ? ` ${holdSentence(view.hold, { dateTokens: false })}` : pausedWords(view),
  }[view.state as string];
  const why = view.state === 'succeeded' && isPlainlySaid(view) ? undefined : (view.outcome?.sentence ?? view.note);
  return `${mark} ${safe(view.title, 200)}, asked for by ${who}: ${words.toLowerCase()}.${tail ?? ''}${why ? ` ${safe(why, 600)}` : ''}`;
}

/** A check that has looked has not done what it is about. */
function lookOf({ state, isCheck }: OperationView): ReturnType<typeof operationLook> {
  return isCheck && state === 'succeeded' ? { mark: '🔎', words: 'Checked' } : operationLook(state);
}

/** Teams whose seats are still free on open ballots, one entry a team. */
export function freeSeats(view: OperationView): readonly string[] {
  const free = view.ballots
    .filter((ballot) => ballot.takes === 'votes' && ballot.purpose !== 'override')
    .flatMap((ballot) => ballot.seats.filter((seat) => !seat.filledBy).map((seat) => seat.team));
  return [...new Set(free)];
}

export function requesterOf(view: OperationView): string {
  const { requester } = view;
  // Callers of `requestApproval` cannot sign: whom they name pings nobody and is nobody's word but theirs.
  if (view.requesterVerified === false) return `${code(requester.id, 60)} (not verified)`;
  if (requester.kind === 'machine') return `the machine ${code(requester.id, 60)} (${requester.via})`;
  return mention(requester.id) + (requester.via === 'slack' ? '' : ` (${requester.via})`);
}

function stateLine(view: OperationView, about: RenderContext): string {
  const { mark, words } = lookOf(view);
  const free = view.state === 'waiting' ? freeSeats(view) : [];
  const waitsFor = free.length > 0 ? ` for ${listed(free.map((team) => safe(team, 60)))}` : '';
  const since = finishedStates.includes(view.state) ? ',' : ' since';
  return `${mark} *${words}*${waitsFor}${since} ${at(view.since, about)}`;
}

function factsOf(view: OperationView): (readonly [string, string | undefined])[] {
  const { listed, more } = inputsOnCard({ ...view.fields, ...view.inputs });
  const shown = listed.map(inputLine);
  if (more > 0) shown.push(`… and ${counted(more, 'more input')}, all in the thread`);
  return [
    ['Service', view.service && code(view.service, 80)],
    ['Environment', view.environment && code(view.environment, 80)],
    ['Version', versionOf(view)],
    ['Change', changeOf(view)],
    ['Runbook', view.runbook && code(view.runbook, 80)],
    ['Asked by', requesterOf(view)],
    ['Reason', view.reason && reasonOf(view.reason)],
    ['With', shown.length > 0 ? shown.join('\n') : undefined],
    ['Incident', view.incidentId && code(view.incidentId, 80)],
  ];
}

function inputLine({ name, value, isWhole }: InputOnCard): string {
  if (isWhole) return `${code(name, 60)} ${safe(value, 500) || '(empty)'}`;
  return `${code(name, 60)} ${safe(value, 60)} _(${sizeOf(value)}, all in the thread)_`;
}

function reasonOf(reason: string): string {
  const shown = safeLines(reason, { max: 900, lines: 4 });
  return isShortReason(reason) ? shown : `${shown}\n_(${sizeOf(reason)}, all in the thread)_`;
}

function versionOf({ kind, version, previousVersion }: OperationView): string | undefined {
  if (!version) return undefined;
  if (!previousVersion) return code(version, 60);
  if (previousVersion !== version) return `${code(previousVersion, 60)} → ${code(version, 60)}`;
  return kind === 'deploy' ? `${code(version, 60)}, which already ran here` : code(version, 60);
}

/** What is new and who wrote it; that nobody knows is said only before anybody decides. */
function changeOf({ change, kind, state }: OperationView): string | undefined {
  if (change === undefined || (change.kind === 'unknown' && (kind !== 'deploy' || finishedStates.includes(state))))
    return undefined;
  return changeWords(change);
}

/** Why each fact is what it is: every point that raised one. */
function factLines(view: OperationView): string[] {
  if (isOver(view)) return [];
  const lines = view.why
    .filter(({ rule }) => rule.startsWith('fact '))
    .map(({ message }) => `▪️ ${safe(message, 300)}`);
  return lines.length > factsShown ? [...lines.slice(0, factsShown), `… and ${lines.length - factsShown} more`] : lines;
}

/** Denials, the outcome, the missed criterion with what was measured, and what was put back. */
function whatHappened(view: OperationView, about: RenderContext): string[] {
  const tokens = about.dateTokens ?? true;
  const lines = view.denials.slice(0, 15).map((denial) => `⛔ ${safeWithInstants(denial, { max: 400, tokens }).text}`);
  if (view.denials.length > 15) lines.push(`… and ${view.denials.length - 15} more`);
  const missed = view.outcome?.missed ?? view.missed;
  const said = saidAbove(view);
  if (said) lines.push(safeLines(said, { max: 1200, lines: 6 }));
  if (view.note && view.outcome && view.note !== view.outcome.sentence)
    lines.push(safeLines(view.note, { max: 600, lines: 3 }));
  if (missed) {
    const stage = missed.stage ? ` in stage ${code(missed.stage, 60)}` : '';
    lines.push(
      `📉 Missed criterion${stage}: ${code(missed.metric, 80)} measured *${safe(missed.measured, 60)}*, wanted *${safe(missed.wanted, 60)}*.`,
    );
  }
  if (view.outcome?.by) lines.push(`👤 By ${mention(view.outcome.by)}.`);
  if (view.outcome?.restored)
    lines.push(`↩️ Restored: ${code(view.outcome.restored, 80)} runs again; what had been done was undone.`);
  return lines;
}

/** The sentence that stands above the steps, where nothing else says it. */
function saidAbove(view: OperationView): string | undefined {
  const said = view.outcome?.sentence ?? view.note;
  return said && !view.denials.includes(said) && !isPlainlySaid(view) ? said : undefined;
}

function holdLines(view: OperationView, about: RenderContext): string[] {
  const { state, hold } = view;
  if (!hold) return pausedLines(view);
  if (state === 'held') return [`⏸️ ${holdSentence(hold, about)}`];
  return state === 'running'
    ? [`🕒 The freeze "${safe(hold.name, 120)}" has begun; what is in progress ends first.`]
    : [];
}

/** Who paused it, and what that means. */
function pausedLines(view: OperationView): string[] {
  const { state, paused } = view;
  if (!paused) return [];
  if (state === 'running')
    return [`⏸️ ${mention(paused)} paused it: what runs now ends, and nothing more begins until Resume.`];
  return state === 'held'
    ? [`⏸️${pausedWords(view)} Resume lets its next step begin; Abort undoes what was done.`]
    : [];
}

function pausedWords({ paused }: OperationView): string {
  return paused ? ` ${mention(paused)} paused it.` : '';
}

/** Why it does not go on, until when, and that nobody has to do anything. */
function holdSentence({ name, until }: NonNullable<OperationView['hold']>, about: RenderContext): string {
  const end = until ? ` until ${at(until, about)}` : '';
  return `Held by the freeze "${safe(name, 120)}"${end}, then it goes on by itself.`;
}

/** Whether title, state, criterion and what was restored say all that the outcome's sentence says. */
function isPlainlySaid({ title, state, outcome }: OperationView): boolean {
  if (state === 'succeeded') return outcome?.sentence === `${title} is done.`;
  return state === 'rolled_back' && outcome?.missed !== undefined && outcome.restored !== undefined;
}

function ballotBlocks(view: OperationView, ballot: BallotView, about: RenderContext): KnownBlock[] {
  if (ballot.purpose !== undefined) return reasonedBlocks(view, ballot, about);
  const lines = ballotLines(view, ballot, about);
  return [section(lines), ...ballotButtons(view, ballot)];
}

/** An override or a review: who may, who did, and the button. */
function reasonedBlocks(view: OperationView, ballot: BallotView, about: RenderContext): KnownBlock[] {
  const [seat] = ballot.seats;
  const what = ballot.purpose === 'override' ? `Soft rule: ${safe(ballot.rule, 150)}` : safe(ballot.rule, 150);
  const done = ballot.purpose === 'override' ? 'Overridden' : 'Closed';
  const people = (seat?.mention ?? []).slice(0, 5).map(mention).join(' or ');
  const team = code(seat?.team ?? '', 80);
  const others = listed((seat?.anyOf ?? []).filter((name) => name !== seat?.team).map((name) => code(name, 80)));
  const lastResort = ballot.purpose === 'review' && others ? `; as a last resort ${others} may` : '';
  const line = seat?.filledBy
    ? `🔓 ${done} by ${mention(seat.filledBy)}${seat.at ? `, ${at(seat.at, about)}` : ''}`
    : ballot.takes === 'votes'
      ? `▫️ ${team}${people ? ` (${people})` : ''} may ${ballot.purpose === 'override' ? 'override it' : 'close it'}, with a reason${lastResort}`
      : `▫️ ${team}: nobody did`;
  return [section([`*${what}*`, line]), ...ballotButtons(view, ballot)];
}

function gateLines(view: OperationView, about: RenderContext): string[] {
  if (isOver(view)) return [];
  const lines = view.gates.slice(0, 15).map((gate) => {
    const said = safeWithInstants(gate.message, { max: 400, tokens: about.dateTokens ?? true });
    // Once is enough: most sentences name the instant themselves.
    const isSaid = said.instants.includes(Date.parse(gate.opensAt ?? ''));
    const opens = !gate.holds && gate.opensAt && !isSaid ? ` Opens ${at(gate.opensAt, about)}.` : '';
    const who = (gate.about ?? []).slice(0, 5).map(mention);
    const people = who.length > 0 ? ` (${who.join(', ')})` : '';
    return `${gate.holds ? '✅' : '🕒'} ${said.text}${people}${opens}`;
  });
  if (view.lane) {
    const holder = view.lane.heldBy ? `, held by ${code(view.lane.heldBy, 80)}` : '';
    lines.push(view.lane.position > 0 ? `🚦 Number ${view.lane.position} in line${holder}` : `🚦 Holds the lane`);
  }
  return lines.length > 0 ? ['*Gates*', ...lines] : [];
}

/** Said before anyone approves: what cannot be undone, and whether there is a way back. */
function safetyLines(view: OperationView): string[] {
  if (isOver(view)) return [];
  const lines = lossLines(view, 8);
  if (view.state === 'preparing') return lines;
  const { rollback } = view;
  if (rollback.ready) lines.push(`↩️ Rollback is ready${rollback.version ? `, to ${code(rollback.version, 80)}` : ''}`);
  else if (rollback.why) lines.push(`⚠️ No rollback: ${safe(rollback.why, 250)}`);
  return lines;
}

/** What cannot be undone, the names of steps on one line, without what already says why there is no rollback. */
export function lossLines({ irreversible, rollback }: OperationView, most: number): string[] {
  const lost = irreversible.filter((what) => rollback.ready || what !== rollback.why);
  const isName = (what: string): boolean => /^“.+” cannot be undone\.$/.test(what);
  const names = lost.filter(isName).map((what) => what.replace(/ cannot be undone\.$/, ''));
  const whole = [...new Set(names)];
  const more = whole.length > most ? ` and ${whole.length - most} more` : '';
  const steps = whole.length > 0 ? [`${whole.slice(0, most).join(', ')}${more}`] : [];
  const all = [...steps, ...lost.filter((what) => !isName(what))];
  const lines = all.slice(0, most).map((what) => `⚠️ Cannot be undone: ${safe(what, 400)}`);
  return all.length > most ? [...lines, `⚠️ … and ${all.length - most} more that cannot be undone`] : lines;
}

function identityLines(view: OperationView, about: RenderContext): string[] {
  const commit = view.policyCommit?.slice(0, 10);
  const rules = view.why.filter(
    ({ rule, source }, index, all) =>
      !rule.startsWith('fact ') && all.findIndex((other) => other.rule === rule && other.source === source) === index,
  );
  const why = rules.slice(0, 6).map((rule) => {
    const url = linkTo(about.policyUrl, { commit: view.policyCommit, place: rule.source ?? '' });
    const source = rule.source && link(url, rule.source);
    return `${safe(rule.rule, 80)}${source ? ` (${source})` : ''}`;
  });
  const more = rules.length > 6 ? ` and ${rules.length - 6} more` : '';
  const parts = [
    `${code(view.shortId, 20)} asked ${at(view.requestedAt, about)}`,
    commit
      ? `policy ${link(linkTo(about.policyUrl, { commit: view.policyCommit, place: 'policy.yaml' }), commit)}`
      : '',
    view.digest ? `plan ${code(view.digest.slice(0, 10))}` : '',
    temporalLink(view.id, about),
  ].filter((part) => part.length > 0);
  return [
    why.length > 0 ? `Why: ${why.join(', ')}${more}` : '',
    parts.join(' · '),
    view.policyProblem ? `⚠️ ${safe(view.policyProblem, 400)}` : '',
  ];
}

/** A link to the workflow in Temporal's UI, or nothing when its address is not known. */
export function temporalLink(workflowId: string, about: RenderContext): string {
  if (!about.temporalUiUrl) return '';
  const base = about.temporalUiUrl.replace(/\/+$/, '');
  const namespace = encodeURIComponent(about.namespace ?? 'default');
  return link(`${base}/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`, 'Temporal');
}

function at(iso: string, about: RenderContext): string {
  return instant(iso, { tokens: about.dateTokens ?? true });
}

function textOf(lines: readonly string[]): KnownBlock[] {
  return lines.length > 0 ? [section(lines)] : [];
}
