import type { IncidentView } from '../../incidents/incident';
import { plainHoldLines } from '../../messages/hold-words';
import { operationLook, severityLook, incidentLook, stepLook } from '../../messages/states';
import type { StatusView } from '../../messages/status';
import type { BallotView, OperationView } from '../../operation/view';
import type { View } from './api';
import { plural } from './command';

export function isIncident(view: View): view is IncidentView {
  return 'severity' in view;
}

/** First characters of a digest, as people compare and type them. */
export const shortDigest = (digest: string): string => digest.slice(0, 12);

/** An operation in sentences: the first says what and how it stands. `short` leaves out steps and ballots' digests. */
export function operationLines(view: OperationView, how: 'short' | 'whole' = 'whole'): readonly string[] {
  const { mark, words } = operationLook(view.state);
  const place = view.environment ? ` in ${view.environment}` : '';
  const what = [view.title, view.title.includes(view.environment ?? '') ? '' : place].join('');
  const said = [view.outcome?.sentence, view.note, ...view.denials].filter((text): text is string => !!text);
  const gates = view.gates.filter(({ holds }) => !holds).map(({ message }) => message);
  const lane = view.lane ? [laneSentence(view.lane)] : [];
  const open = view.ballots.filter((ballot) => ballot.takes === 'votes');
  const needed = open.flatMap((ballot) => neededSentence(ballot));
  const short = [
    `${mark} ${what}: ${words.toLowerCase()} since ${view.since}.`,
    ...needed,
    ...gates,
    ...lane,
    ...withoutRepeats(said),
  ];
  if (how === 'short') return short;
  return [
    ...short,
    `Id: ${view.id}.`,
    ...Object.entries({ ...view.fields, ...view.inputs }).map(([name, value]) => `With ${name}: ${value || '(empty)'}`),
    ...(view.policyCommit ? [`Policy: ${view.policyCommit.slice(0, 10)}.`] : []),
    ...open
      .filter(({ purpose }) => purpose === undefined)
      .map(({ rule, digest }) => `Ballot "${rule}" is about the digest ${shortDigest(digest)}.`),
    ...(view.found ?? []).flatMap(({ step, summary, lines = [], moreLines = 0 }) => [
      `Found by ${step}: ${summary}.`,
      ...lines.map((line) => `  ${line}`),
      ...(moreLines > 0 ? [`  and ${plural(moreLines, 'more line')}`] : []),
    ]),
    ...view.steps.map((step) => {
      const look = stepLook(step.state);
      return `  ${look.mark} ${step.name}: ${look.words}${step.summary ? ` (${step.summary})` : ''}`;
    }),
    ...(view.moreSteps > 0 ? [`  and ${plural(view.moreSteps, 'more step')}`] : []),
  ];
}

/** A denial is in the outcome, in the note and by itself: what another one says as well is left out. */
function withoutRepeats(said: readonly string[]): readonly string[] {
  const all = [...new Set(said)];
  return all.filter((text) => !all.some((other) => other !== text && other.includes(text)));
}

function laneSentence({ position, heldBy }: NonNullable<OperationView['lane']>): string {
  return heldBy ? `It is number ${position} in line behind ${heldBy}.` : `It is number ${position} in line.`;
}

function neededSentence({ rule, seats, purpose, secondFactor }: BallotView): readonly string[] {
  const [seat] = seats;
  if (purpose === 'override') return [`${seat?.team ?? 'Nobody'} may override "${rule}" with a reason.`];
  const free = seats.filter(({ filledBy }) => filledBy === undefined).map(({ team }) => team);
  const code = secondFactor ? ', with a code from their authenticator' : '';
  return free.length === 0 ? [] : [`"${rule}" still needs ${free.join(' and ')}${code}.`];
}

export function incidentLines(view: IncidentView): readonly string[] {
  const lead = view.roles.lead ? `led by ${view.roles.lead}` : 'nobody leads yet';
  const { words } = incidentLook(view.state);
  return [
    `${severityLook(view.severity).words} ${view.summary}: ${words.toLowerCase()} since ${view.since}, ${lead}.`,
    `Id: ${view.id}.`,
    ...view.timeline.map(({ at, by, text }) => `  ${at}${by ? ` ${by}` : ''}: ${text}`),
  ];
}

export function statusLines({
  operations,
  incidents,
  holds = [],
  held,
  policy,
  policyProblem,
  blind = [],
  cut = [],
}: StatusView): readonly string[] {
  return [
    ...(operations.length + incidents.length === 0 ? ['Nothing is under way.'] : []),
    ...incidents.map(
      (line) =>
        `${severityLook(line.severity).words} ${line.summary} (${line.shortId}): ${incidentLook(line.state).words.toLowerCase()} since ${line.since}.`,
    ),
    ...operations.map((line) => {
      const { mark, words } = operationLook(line.state);
      const waits = line.waitingFor?.length ? ` for ${[...new Set(line.waitingFor)].join(' and ')}` : '';
      return `${mark} ${line.title} (${line.shortId}): ${words.toLowerCase()}${waits} since ${line.since}, asked for by ${line.requester}.`;
    }),
    ...cut,
    ...blind,
    ...(held ? plainHoldLines(held) : []),
    ...holds,
    ...(policy ? [policy] : []),
    ...(policyProblem ? [policyProblem] : []),
  ];
}
