import type { Button, KnownBlock } from '@slack/types';
import { ACTIONS, encodeValue } from './actions';
import { actions, button, section, type Message, type RenderContext } from './blocks';
import { extendButton } from './extend-button';
import { holdSentence } from './hold-words';
import { incidentLine } from './incident-card';
import { outputBlocks } from './found-lines';
import { literalBlocks, sizeOf } from './input-blocks';
import { logButton } from './log-button';
import { formatDuration } from '../runbooks/duration';
import type { InputPiece } from '../operation/inputs-on-card';
import type { Notice } from './notice';
import { operationLook } from './states';
import { answerWords } from './answer-words';
import { code, counted, fit, instant, link, listed, mention, safe, safeLines } from './text';
import { teamOf, voteAnswerSentence } from './vote-words';

type NoticeContext = RenderContext & {
  /** Address of the card that a notice links to, as Slack gave it. */
  readonly permalink?: string;
};

type Renderers = {
  readonly [kind in Notice['kind']]: (notice: Extract<Notice, { kind: kind }>, about: NoticeContext) => Message;
};

/** A notice as text and blocks. Only `ballot_opened`, `escalated`, `needs_hands` and `needs_decision` make phones ring. */
export function renderNotice(notice: Notice, about: NoticeContext = {}): Message {
  const render = renderers[notice.kind] as (notice: Notice, about: NoticeContext) => Message;
  return render(notice, about);
}

function logButtons({ step, log }: Extract<Notice, { kind: 'step_detail' }>): KnownBlock[] {
  if (log === undefined) return [];
  return actions([logButton({ ...log, spoken: `Log of ${step}` })]);
}

const renderers: Renderers = {
  denied: (notice) => {
    const reasons = notice.reasons.map((reason) => safe(reason, 400));
    const commit = notice.policyCommit ? `Policy at ${code(notice.policyCommit.slice(0, 10))}` : '';
    return {
      text: fit([`⛔ ${safe(notice.title, 200)} is denied:`, ...reasons], 3000).replace(/\n/g, ' '),
      blocks: [section([`⛔ *${safe(notice.title, 200)}* is denied.`, ...bullets(reasons), commit].filter(Boolean))],
    };
  },
  ballot_opened: (notice, about) => {
    const who = notice.mention.slice(0, 20).map(mention);
    const title = safe(notice.title, 200);
    return said(
      `${who.join(' ')} ${who.length > 0 ? 'please' : 'Please'} decide on ${title} (${safe(notice.rule, 120)}).${openTheCard(about)}`,
    );
  },
  escalated: (notice, about) => {
    const who = notice.mention.slice(0, 20).map(mention).join(' ');
    const team = code(notice.team, 80);
    const title = safe(notice.title, 200);
    const what =
      notice.does === 'widen'
        ? `${team} may approve ${title} too from now on, because nobody has decided in the time that policy gives (${safe(notice.rule, 120)}); please decide.`
        : `${team} is called, because nobody has decided on ${title} in the time that policy gives (${safe(notice.rule, 120)}); please see to it.`;
    return said(`📟 ${who ? `${who} ` : ''}${what}${openTheCard(about)}`);
  },
  reminder,
  vote_answer: (notice) => {
    const mark = notice.answer.kind === 'refused' ? '⚠️' : '🗳️';
    return said(`${mark} ${safe(notice.title, 200)}: ${safe(voteAnswerSentence(notice.answer), 900)}`);
  },
  vote_cast: (notice) => {
    const needed = [...new Set(notice.stillNeeded)].map((team) => safe(team, 60));
    const rest = needed.length > 0 ? ` Still needed: ${listed(needed)}.` : '';
    if (notice.decision === 'reject')
      return said(`🚫 ${mention(notice.by)} rejected this: ${safe(notice.reason ?? 'no reason given', 500)}`);
    if (notice.decision === 'withdraw') {
      const why = notice.reason ? ` (${safe(notice.reason, 300)})` : '';
      return said(`↩️ ${mention(notice.by)} withdrew the approval${why}.${rest}`);
    }
    const away = (notice.sitsInFor ?? []).slice(0, 5).map(mention);
    const inPlace = away.length > 0 ? `, sitting in for ${listed(away)}` : '';
    const seat = notice.seat ? ` for ${safe(teamOf(notice.seat), 80)}` : '';
    const reason = notice.reason ? ` (${safe(notice.reason, 300)})` : '';
    return said(`✅ ${mention(notice.by)} approved${seat}${inPlace}${reason}.${rest}`);
  },
  review: (notice) => {
    const who = notice.mention.slice(0, 20).map(mention).join(' ');
    const by = notice.by === undefined ? '' : ` (${mention(notice.by)})`;
    return said(`🔓 ${who ? `${who} ` : ''}${safe(notice.message, 1200)}${by}`);
  },
  overridden: (notice) =>
    said(`🔓 ${mention(notice.by)} overrode the soft rule "${safe(notice.rule, 120)}": ${safe(notice.reason, 500)}`),
  step_detail: (notice) => {
    const head = `*${safe(notice.step, 150)}*: ${safe(notice.summary, 300)}`;
    return {
      text: `${safe(notice.step, 150)}: ${safe(notice.summary, 300)}`,
      blocks: [section(head), ...outputBlocks(notice.lines), ...logButtons(notice)],
    };
  },
  inputs: ({ pieces, left }) => {
    const head = 'What this was asked with, in full, where the card shows only a part:';
    const rest = `⚠️ ${counted(left ?? 0, 'more character')} do not fit into a thread of Slack. Approve only what you know.`;
    return {
      text: head,
      blocks: [section(head), ...pieces.flatMap(pieceBlocks), ...(left === undefined ? [] : [section(rest)])],
    };
  },
  gate_opened: (notice) => said(`🕒 ${safe(notice.message, 600)}`),
  changed: (notice) => {
    const about = (notice.about ?? []).slice(0, 20).map(mention);
    const who = about.length > 0 ? ` (${about.join(', ')})` : '';
    return said(`🔄 ${safeLines(notice.message, { max: 2000, lines: 15 })}${who}`);
  },
  rollback_notice: rollbackNotice,
  needs_hands: (notice) => {
    const who = notice.mention.slice(0, 20).map(mention).join(' ');
    return said(
      `🆘 ${who ? `${who} ` : ''}${safe(notice.title, 200)} needs hands: undoing ${safe(notice.step, 120)} failed. ${safe(notice.reason, 600)} The card has the buttons to go on.`,
    );
  },
  needs_decision: (notice) => {
    const who = notice.mention.slice(0, 20).map(mention).join(' ');
    return said(
      `❓ ${who ? `${who} ` : ''}${safe(notice.title, 200)} needs a decision: ${safe(notice.step, 120)} failed. ${safe(notice.reason, 900)} The card has the buttons to try again, skip it, or stop.`,
    );
  },
  outcome: (notice) => {
    const { mark } = operationLook(notice.state as never);
    // Most sentences begin with the title.
    const title = notice.sentence.startsWith(notice.title) ? '' : `${safe(notice.title, 200)}: `;
    return said(`${mark} ${title}${safe(notice.sentence, 800)} Asked for by ${mention(notice.requester)}.`);
  },
  incident_event: (notice, about) =>
    said(
      `🕑 ${instant(notice.at, { tokens: about.dateTokens ?? true })} ${incidentLine(notice, safeLines(notice.text, { max: 2000, lines: 15 }))}`,
    ),
  incident_history: (notice, about) => {
    const lines = notice.events.map(
      (event) =>
        `• ${instant(event.at, { tokens: about.dateTokens ?? true })} ${incidentLine(event, safe(event.text, 160))}`,
    );
    const head = '🕑 The timeline until now:';
    return { text: fit([head, ...lines], 3000), blocks: [section(head), ...sectionsOf(lines)] };
  },
  incident_opened: (notice) => {
    const room = notice.channel && /^[CG][A-Z0-9]+$/.test(notice.channel) ? ` The room is <#${notice.channel}>.` : '';
    return said(`🔥 Incident ${code(notice.incidentId, 80)} is open: ${safe(notice.title, 300)}.${room}`);
  },
  lease_ends: leaseEnds,
  lease_failed: (notice) => {
    const owner = notice.owner === undefined ? '' : `${mention(notice.owner)} `;
    const { kind, name } = notice.resource;
    return said(
      `🚨 ${owner}The lease of ${code(`${kind} ${name}`, 80)} is over and it is still there: ${safe(notice.sentence, 900)} Mend what keeps it and take it away with ${code(`/provision destroy ${name}`, 100)}, or keep it with ${code(`/provision extend ${name} by 1d`, 100)}.`,
    );
  },
  hold: (notice, about) => said(holdSentence(notice.event, about)),
  plain: (notice) => said(answerWords(notice.text, notice.about) || '-'),
};

function pieceBlocks({ name, text, from, of }: InputPiece): readonly KnownBlock[] {
  const isWhole = text.length === of;
  const size = isWhole ? sizeOf(text) : `characters ${from + 1} to ${from + text.length} of ${of}`;
  return [section(`${code(name, 200)} _(${size})_`), ...literalBlocks(text)];
}

function reminder(notice: Extract<Notice, { kind: 'reminder' }>, about: NoticeContext): Message {
  const tokens = { tokens: about.dateTokens ?? true };
  const value = encodeValue({
    o: notice.operationId,
    b: notice.ballotId,
    d: notice.ballotDigest,
    ...(notice.secondFactor && { f: 1 as const }),
  });
  const title = safe(notice.title, 200);
  const { page } = notice;
  const waits = page
    ? `📟 You are called for ${code(page.team, 80)}: *${title}* waits since ${instant(notice.waitingSince, tokens)}, and nobody has decided.`
    : `⏰ *${title}* waits for your decision since ${instant(notice.waitingSince, tokens)}.`;
  const decide = page?.mayVote ?? true;
  const blocks: KnownBlock[] = [
    section([
      decide ? waits : `${waits} Please see to it that somebody who may decides.`,
      `It expires ${instant(notice.expiresAt, tokens)}.${openTheCard(about)}`,
    ]),
    ...(decide ? decisions(value, notice.title) : []),
  ];
  const until = instant(notice.expiresAt, { tokens: false });
  if (page)
    return {
      text: `📟 ${title} waits, nobody has decided, and you are called for ${safe(page.team, 80)}; it expires ${until}.`,
      blocks,
    };
  return { text: `⏰ ${title} waits for your decision and expires ${until}.`, blocks };
}

function leaseEnds(notice: Extract<Notice, { kind: 'lease_ends' }>, about: NoticeContext): Message {
  const { kind, name } = notice.resource;
  const { leaseId, expiresAt, extendMs } = notice;
  const sentence = (tokens: boolean): string =>
    `⏳ The lease of ${code(`${kind} ${name}`, 80)} ends ${instant(expiresAt, { tokens })}, and then it is taken away by itself.`;
  if (extendMs === undefined) {
    const last = 'It cannot be extended any more, so save what you still need.';
    return {
      text: `${sentence(false)} ${last}`,
      blocks: [section([sentence(about.dateTokens ?? true), last])],
    };
  }
  return {
    text: `${sentence(false)} You can extend it by ${formatDuration(extendMs)}.`,
    blocks: [
      section(sentence(about.dateTokens ?? true)),
      ...actions([extendButton({ name, leaseId, byMs: extendMs, style: 'primary' })]),
    ],
  };
}

function decisions(value: string, title: string): KnownBlock[] {
  return actions([
    button({ label: 'Approve', action: ACTIONS.approve, value, style: 'primary', spoken: `Approve ${title}` }),
    button({ label: 'Reject', action: ACTIONS.reject, value, style: 'danger', spoken: `Reject ${title}` }),
  ]);
}

type RollbackNotice = Extract<Notice, { kind: 'rollback_notice' }>;

function rollbackNotice(notice: RollbackNotice): Message {
  return notice.failed === undefined ? rolledBack(notice) : failed(notice, notice.failed);
}

/** Of what failed without anything being undone: its sentence says why, and what is left. */
function failed({ title, operationId, requester }: RollbackNotice, sentence: string): Message {
  const said = safe(sentence, 900);
  const begins = sentence.startsWith(title);
  return {
    text: `❌ ${begins ? '' : `${safe(title, 200)} failed: `}${said}`,
    blocks: [
      section([`❌ *Failed: ${safe(title, 200)}*`, said, whoAsked(requester)]),
      ...actions([incidentButton(operationId)]),
    ],
  };
}

function rolledBack(notice: RollbackNotice): Message {
  const { missed, kept = [] } = notice;
  const cause = missed
    ? `📉 ${code(missed.metric, 80)}${missed.stage ? ` in stage ${code(missed.stage, 60)}` : ''} measured *${safe(missed.measured, 60)}*, wanted *${safe(missed.wanted, 60)}*.`
    : `❌ Step ${code(notice.failedStep, 100)} failed: ${safe(notice.reason, 600)}`;
  const restored = notice.restored
    ? `Restored: ${code(notice.restored, 80)} runs again; what had been done was undone.`
    : 'What its steps had done was undone.';
  const lines = [
    `↩️ *Rolled back: ${safe(notice.title, 200)}*`,
    cause,
    restored,
    ...(kept.length > 0 ? [keptLine(kept)] : []),
    whoAsked(notice.requester),
  ];
  const isMeasuredSaid = missed === undefined || notice.reason.includes(missed.measured);
  const measured = missed && !isMeasuredSaid ? ` ${safe(missed.metric, 80)} was ${safe(missed.measured, 60)}.` : '';
  return {
    text: `↩️ ${safe(notice.title, 200)} was rolled back because ${safe(notice.failedStep, 100)} failed: ${safe(notice.reason, 400)}${measured}${notice.restored ? ` ${safe(notice.restored, 80)} runs again.` : ''}`,
    blocks: [section(lines), ...actions([incidentButton(notice.operationId)])],
  };
}

function keptLine(kept: readonly string[]): string {
  const more = kept.length > 5 ? ` and ${kept.length - 5} more` : '';
  const names = kept.slice(0, 5).map((name) => `“${safe(name, 100)}”`);
  return `⚠️ Not undone, because nothing puts it back: ${names.join(', ')}${more}.`;
}

function whoAsked(requester: string): string {
  return `Asked for by ${mention(requester)}; its card has Retry for when it is mended.`;
}

function incidentButton(operationId: string): Button {
  return button({ label: 'Open incident', action: ACTIONS.incidentOpen, value: encodeValue({ o: operationId }) });
}

function openTheCard({ permalink }: NoticeContext): string {
  return permalink ? ` ${link(permalink, 'Open the card')}` : '';
}

function said(sentence: string): Message {
  return { text: sentence, blocks: [section(sentence)] };
}

/** In so many sections that none of them is cut. */
function sectionsOf(lines: readonly string[], each = 8): KnownBlock[] {
  const count = Math.ceil(lines.length / each);
  return Array.from({ length: count }, (_, index) => section(lines.slice(index * each, (index + 1) * each)));
}

function bullets(lines: readonly string[]): string[] {
  return lines.map((line) => `• ${line}`);
}
