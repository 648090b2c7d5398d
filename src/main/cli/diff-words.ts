import { placeOf } from '../../policy/context';
import type { Flip, Replay } from '../../policy/replay';
import { linkTo, type LinkTemplate } from '../../policy/source-link';
import { plural } from './command';

/** What two policies are called, and where their lines can be looked at. */
export interface Compared {
  readonly before: string;
  readonly after: string;
  readonly afterCommit: string;
  readonly template?: LinkTemplate;
}

/** How many changed decisions a comment lists: Git hosts cut long comments. */
const listed = 50;

/** A replay in sentences. */
export function diffLines(replay: Replay, { before, after }: Compared): readonly string[] {
  const lines = replay.flips.flatMap((flip) => [
    `${flip.at.slice(0, 10)} ${flip.subject} (${flip.operation}): ${verdictWords(flip)}.`,
    ...flip.differences.map(({ sentence, source }) => `  ${sentence}${source ? ` (${placeOf(source)})` : ''}`),
  ]);
  return [headline(replay, { before, after }), ...lines, ...cautions(replay)];
}

/** The same as a comment for a pull request. Nothing in it is markup but what is written here. */
export function diffMarkdown(replay: Replay, { before, after, afterCommit, template }: Compared): string {
  const rows = replay.flips.slice(0, listed).map((flip) => {
    const said = flip.differences.map(({ sentence, source }) => {
      const url = source && linkTo(template, { commit: afterCommit, place: placeOf(source) });
      const place = source ? ` (${url ? `[${cell(placeOf(source))}](${url})` : cell(placeOf(source))})` : '';
      return `${cell(sentence)}${place}`;
    });
    return `| ${flip.at.slice(0, 10)} | ${cell(flip.subject)} | ${verdictWords(flip)} | ${said.join('<br>')} |`;
  });
  const more = replay.flips.length - rows.length;
  const table =
    rows.length > 0 ? ['', '| when | what | verdict | what changes |', '| --- | --- | --- | --- |', ...rows] : [];
  return [
    '### Past decisions under this policy',
    '',
    cell(headline(replay, { before, after })),
    ...table,
    ...(more > 0 ? ['', `And ${more} more.`] : []),
    ...cautions(replay).flatMap((line) => ['', `_${cell(line)}_`]),
  ].join('\n');
}

function headline({ judged, flips }: Replay, { before, after }: Pick<Compared, 'before' | 'after'>): string {
  const count = flips.length === 0 ? 'none would come out otherwise' : `${flips.length} would come out otherwise`;
  return `Of ${plural(judged, 'recorded decision')}, ${count} under ${after} than under ${before}.`;
}

function verdictWords({ from, to }: Flip): string {
  return from === to ? `${to} still` : `${from} → ${to}`;
}

function cautions({ missing, unfaithful }: Replay): readonly string[] {
  const parts = Object.entries(missing).map(([part, count]) => `${part} (${count})`);
  return [
    ...(parts.length > 0
      ? [
          `Not everything that was looked at then is on record, so some decisions were judged without it, by the facts recorded then: ${parts.join(', ')}.`,
        ]
      : []),
    ...(unfaithful.length > 0
      ? [
          `${plural(unfaithful.length, 'decision')} of the first commit itself came out otherwise when judged again, because something beside the policy decided: ${unfaithful.slice(0, 5).join(', ')}.`,
        ]
      : []),
  ];
}

/** Somebody else's text in a table of Markdown. */
function cell(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]<>|#@~!]/g, (mark) => (mark === '@' ? '@\u200b' : `\\${mark}`));
}
