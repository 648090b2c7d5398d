import type { ChangeView } from '../code/change';
import { code, link, safe } from './text';

/** `3 commits by Ana Ruiz and Lee Park · 5 files, +120 −30 lines · compare`, for cards and dialogs. */
export function changeWords(change: ChangeView): string {
  if (change.kind === 'unknown') {
    const because = safe(change.because, 250);
    return `Authors unknown, because ${because}${because.endsWith('.') ? '' : '.'}`;
  }
  const parts = [
    commitsIn(change),
    sizeIn(change),
    change.url ? link(change.url, 'compare') : code(change.commit.slice(0, 10)),
  ];
  const back = change.isStepBack ? '⚠️ A step back: what runs is newer.\n' : '';
  return `${back}${parts.filter((part) => part !== '').join(' · ')}`;
}

type Known = Extract<ChangeView, { kind: 'known' }>;

function commitsIn({ commits, authors, moreAuthors = 0 }: Known): string {
  const count = commits === undefined ? 'More commits than are counted' : counted(commits, 'commit');
  if (commits === 0) return count;
  if (authors === undefined) return `${count}, authors unknown`;
  const names = authors.map((name) => safe(name, 60));
  const all = moreAuthors > 0 ? [...names, `${moreAuthors} more`] : names;
  const last = all.at(-1);
  return last === undefined
    ? count
    : `${count} by ${all.length > 1 ? `${all.slice(0, -1).join(', ')} and ${last}` : last}`;
}

function sizeIn({ filesChanged, linesAdded, linesRemoved }: Known): string {
  if (filesChanged === undefined) return '';
  const files = counted(filesChanged, 'file');
  return linesAdded === undefined || linesRemoved === undefined
    ? files
    : `${files}, +${linesAdded} −${linesRemoved} lines`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
