import type { KnownBlock, ModalView } from '@slack/types';
import { isShortReason } from '../operation/inputs-on-card';
import type { BallotView, OperationView } from '../operation/view';
import { ACTIONS, encodeMeta, encodeValue, MODALS, type ModalMeta, type VoteValue } from './actions';
import { actions, bounded, button, context, fields, section, type RenderContext } from './blocks';
import { changeWords } from './change-words';
import { foundBlocks } from './found-lines';
import { inputBlocks } from './input-blocks';
import { textInput } from './inputs';
import { lossLines, requesterOf } from './operation-card';
import { code, instant, listed, safe, safeLines } from './text';

/** Longest reason a person may type: it stays whole on the card and in the record. */
export const reasonMax = 500;

interface VoteModal {
  readonly value: VoteValue;
  readonly meta: Omit<ModalMeta, 'value'>;
  /** The card's own sentence: all that is known before the operation answers. */
  readonly sentence?: string;
  /** Present once the operation has answered. */
  readonly view?: OperationView;
  /** Slack id of whoever pressed: their seat is named when the card says that they sit in a team. */
  readonly voter?: string;
}

/**
 * The small modal behind Approve. Without `view` it is a skeleton made of the card's own data, because a trigger lives
 * three seconds; the filled one replaces it. Both can be submitted: the vote binds to the ballot's digest either way.
 */
export function approvalModal(asked: VoteModal, about: RenderContext = {}): ModalView {
  const ballot = ballotIn(asked);
  const blocks = asked.view && ballot ? details(asked.view, { ballot, voter: asked.voter }, about) : skeleton(asked);
  const needsCode = asked.value.f === 1 || ballot?.secondFactor === true;
  return modal({
    id: MODALS.approve,
    title: 'Approve',
    submit: 'Approve',
    meta: { ...asked.meta, value: { ...asked.value, ...(needsCode && { f: 1 as const }) } },
    blocks: [
      ...blocks,
      ...withdrawal(asked, ballot),
      ...(needsCode ? [codeInput] : []),
      textInput({ name: 'reason', label: 'Note', optional: true, max: reasonMax, hint: 'Kept in the record.' }),
    ],
  });
}

/** Slack's number input would lose a leading zero. Seven, because authenticators show the digits as `123 456`. */
const codeInput = textInput({
  name: 'code',
  label: 'Code from your authenticator',
  min: 6,
  max: 7,
  placeholder: '123456',
  hint: 'Six digits. They are checked at once and kept nowhere.',
});

/** Reject asks for the reason: whoever asked has to know what to change. */
export function rejectModal(asked: VoteModal, about: RenderContext = {}): ModalView {
  const ballot = ballotIn(asked);
  const blocks = asked.view && ballot ? details(asked.view, { ballot, voter: undefined }, about) : skeleton(asked);
  return modal({
    id: MODALS.reject,
    title: 'Reject',
    submit: 'Reject',
    meta: { ...asked.meta, value: asked.value },
    blocks: [
      ...blocks,
      ...withdrawal(asked, ballot),
      textInput({
        name: 'reason',
        label: 'Why?',
        multiline: true,
        min: 3,
        max: reasonMax,
        hint: 'Whoever asked sees this, and it is kept in the record. One rejection ends the request.',
      }),
    ],
  });
}

/** Overriding a soft rule, or closing a review: the reason is what counts. */
export function withReasonModal(asked: VoteModal, about: RenderContext = {}): ModalView {
  const ballot = ballotIn(asked);
  const isReview = ballot?.purpose === 'review';
  const title = isReview ? 'Close review' : 'Override';
  const rule = ballot ? safe(ballot.rule, 150) : 'the rule';
  const what = isReview
    ? 'You say that you have looked at what was done, and what came of it.'
    : `You let this go on although the soft rule "${rule}" holds it back; the thread and the record say so with your name.`;
  const blocks = asked.view && ballot ? details(asked.view, { ballot, voter: asked.voter }, about) : skeleton(asked);
  return modal({
    id: MODALS.approveWithReason,
    title,
    submit: title,
    meta: { ...asked.meta, value: asked.value },
    blocks: [
      section(what),
      ...blocks,
      textInput({
        name: 'reason',
        label: isReview ? 'What did you find?' : 'Why?',
        multiline: true,
        min: 3,
        max: reasonMax,
        hint: 'Kept in the record.',
      }),
    ],
  });
}

/** For those who have approved: a way back to not having decided. */
function withdrawal({ value, voter }: VoteModal, ballot: BallotView | undefined): KnownBlock[] {
  if (voter === undefined || !ballot?.approvedBy?.includes(voter)) return [];
  return [
    section('You have approved this. Until the work begins you can take that back; somebody else may then decide.'),
    ...actions([
      button({
        label: 'Withdraw my approval',
        action: ACTIONS.withdraw,
        value: encodeValue({ o: value.o, b: value.b, d: value.d }),
      }),
    ]),
  ];
}

/** A reason for an act that needs one: the three ways out of "needs hands", or an abort. */
export function reasonModal(asked: {
  /** Action id of the button that was pressed. */
  readonly action: string;
  readonly title: string;
  readonly submit: string;
  /** What pressing the button will do, in a sentence. */
  readonly about: string;
  readonly required: boolean;
  readonly meta: Omit<ModalMeta, 'action'>;
}): ModalView {
  return modal({
    id: MODALS.reason,
    title: asked.title,
    submit: asked.submit,
    meta: { ...asked.meta, action: asked.action },
    blocks: [
      section(safe(asked.about, 1500)),
      textInput({
        name: 'reason',
        label: 'Why?',
        multiline: true,
        optional: !asked.required,
        ...(asked.required && { min: 3 }),
        max: reasonMax,
        hint: 'Kept in the record.',
      }),
    ],
  });
}

/** What a modal shows after it was submitted, until and when the answer is there. */
export type ModalResult =
  | { readonly kind: 'recording' }
  | { readonly kind: 'counted'; readonly sentence: string }
  | { readonly kind: 'refused'; readonly sentence: string }
  | { readonly kind: 'kept'; readonly sentence: string };

/** What came of it, as far as that is known. */
export type ToldResult = Exclude<ModalResult, { kind: 'recording' }>;

const resultHeads = {
  recording: '⏳ *Recording…*\nThe answer appears here; you may close this.',
  counted: '✅ *Counted*',
  refused: '⚠️ *Refused*',
  kept: '📥 *Kept, not yet counted*',
} as const;

/** `sentence` is plain text (`voteAnswerSentence` gives it); it is escaped here. */
export function resultModal(title: string, result: ModalResult): ModalView {
  const lines: string[] = [resultHeads[result.kind]];
  if (result.kind !== 'recording') lines.push(safeLines(result.sentence, { max: 2000, lines: 10 }));
  return { type: 'modal', title: label(title), close: label('Close'), blocks: [section(lines.join('\n'))] };
}

function skeleton(asked: VoteModal): KnownBlock[] {
  // The sentence comes back from Slack as this process rendered it: already escaped, and not to be escaped twice.
  const sentence = asked.sentence ? safeLines(unescaped(asked.sentence), { max: 1500, lines: 6 }) : '';
  return [section([sentence, asked.view ? '' : '⏳ Fetching the details…'].filter((line) => line.length > 0))];
}

function details(
  view: OperationView,
  { ballot, voter }: { readonly ballot: BallotView; readonly voter?: string },
  about: RenderContext,
): KnownBlock[] {
  const steps = view.steps.length + view.moreSteps;
  const warnings = lossLines(view, 6);
  const { rollback } = view;
  const wayBack = rollback.ready
    ? `↩️ Rollback is ready${rollback.version ? `, to ${code(rollback.version, 80)}` : ''}.`
    : `⚠️ Rollback is not ready${rollback.why ? `: ${safe(rollback.why, 250)}` : '.'}`;
  return bounded(
    [
      section(`*${safe(view.title, 250)}*`),
      ...fields([
        ['Service', view.service && code(view.service, 80)],
        ['Environment', view.environment && code(view.environment, 80)],
        ['Version', view.version && code(view.version, 80)],
        ['Runs now', view.previousVersion && code(view.previousVersion, 80)],
        ['Asked by', requesterOf(view)],
        ['Change', view.change && changeWords(view.change)],
        ['Steps', steps > 0 ? String(steps) : undefined],
        [
          'Reason',
          view.reason && isShortReason(view.reason) ? safeLines(view.reason, { max: 900, lines: 4 }) : undefined,
        ],
      ]),
      ...inputBlocks(view),
      ...foundBlocks(view),
      ...(view.kind === 'review' ? [] : [section([...warnings, wayBack])]),
      ...(ballot.purpose === undefined ? [section(`🗳️ ${seatSentence(ballot, voter)}`)] : []),
    ],
    context([
      `Open until ${instant(ballot.expiresAt, { tokens: about.dateTokens ?? true })} · ${code(view.shortId, 20)}`,
    ]),
    90,
  );
}

/** `Yours is vote 2 of 3, for security_team.` */
export function seatSentence(ballot: BallotView, voter: string | undefined): string {
  const free = ballot.seats.filter((seat) => !seat.filledBy);
  const next = ballot.seats.length - free.length + 1;
  if (free.length === 0) return 'Every seat of this approval is filled.';
  const turn = ballot.order === 'sequence' ? free.slice(0, 1) : free;
  const own = turn.find((seat) => seat.mention.some((id) => id.replace(/^user:/, '') === voter));
  const teams = own ? [own.team] : [...new Set(turn.map((seat) => seat.team))];
  return `Yours is vote ${next} of ${ballot.seats.length}, for ${listed(teams.map((team) => safe(team, 60))).replace(/ and ([^ ]*)$/, ' or $1')}.`;
}

function ballotIn(asked: VoteModal): BallotView | undefined {
  return asked.view?.ballots.find((ballot) => ballot.id === asked.value.b);
}

function unescaped(text: string): string {
  return text
    .replace(/<!date\^[^|>]*\|([^>]*)>/g, '$1')
    .replace(/<[@!#][^>]*>/g, (tag) => (/^<@[UW][A-Z0-9]+>$/.test(tag) ? tag.slice(1, -1) : ''))
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&');
}

/** A modal with its parts cut to Slack's bounds: 24 characters of title, 3000 of metadata. */
export function modal(parts: {
  readonly id: string;
  readonly title: string;
  readonly submit: string;
  readonly meta: ModalMeta;
  readonly blocks: KnownBlock[];
}): ModalView {
  return {
    type: 'modal',
    callback_id: parts.id,
    title: label(parts.title),
    submit: label(parts.submit),
    close: label('Close'),
    private_metadata: encodeMeta(parts.meta),
    blocks: parts.blocks,
  };
}

function label(text: string): { type: 'plain_text'; text: string } {
  return { type: 'plain_text', text: [...text].slice(0, 24).join('') };
}
