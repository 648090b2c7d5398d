import type { ChangeView, CodeAnswer, CodeAuthor } from '../code/change';
import type { Json, JsonObject } from '../json';
import { toldFields } from '../policy/names';
import type { People } from '../policy/people';
import type { Policy } from '../policy/policy';
import type { PolicyRequest, World } from '../policy/request';
import { measuredPath } from '../runbooks/compile';
import type { PlanOutline } from './plan';
import type { PolicyChange } from './policy-change';

/** Authors that a card names. */
const shownAuthors = 5;
const longestName = 60;

/** What a change tells policy: who wrote it goes with the request, the rest is the world. */
export function tellOf(
  answer: CodeAnswer | undefined,
  people: People,
): {
  readonly request: Pick<PolicyRequest, 'authors' | 'strangers'>;
  readonly world: Pick<World, 'change' | 'paths' | 'codeowners'>;
} {
  if (answer === undefined) return { request: {}, world: {} };
  if (answer.kind === 'unknown') {
    const { commit, ref } = answer;
    return { request: {}, world: { change: { ...(commit && { commit }), ...(ref && { ref }) } } };
  }
  const { authors, paths, codeowners, ...change } = answer.change;
  return {
    request: authors ? authorsTold(authors, people) : {},
    world: { change, ...(paths && { paths }), ...(codeowners && { codeowners }) },
  };
}

/** Authors as policy looks at them: by the names that people are known by, and those whom nobody knows. */
export function authorsTold(
  authors: readonly CodeAuthor[],
  people: People,
): Required<Pick<PolicyRequest, 'authors' | 'strangers'>> {
  return { authors: authors.flatMap(knownNames(people)), strangers: authors.filter(isStranger(people)).map(shownName) };
}

/** Authors of a policy commit, and whoever of its committers is known: a host that merges is nobody. */
export function policyAuthorsTold(
  { authors, committers }: Pick<PolicyChange, 'authors' | 'committers'>,
  people: People,
): ReturnType<typeof authorsTold> {
  const told = authorsTold(authors, people);
  const known = committers.flatMap((committer) => namesOf(committer).filter((name) => people.byGit(name).length > 0));
  return { ...told, authors: [...new Set([...told.authors, ...known])] };
}

/** What the card says of a change. */
export function changeViewOf(answer: CodeAnswer | undefined, people: People): ChangeView | undefined {
  if (answer === undefined) return undefined;
  if (answer.kind === 'unknown')
    return { kind: 'unknown', because: answer.because, ...(answer.commit && { commit: answer.commit }) };
  const { commit, commits, authors, filesChanged, linesAdded, linesRemoved, isStepBack, compareUrl } = answer.change;
  const names = authors && [...new Set(authors.map((author) => nameIn(people, author)))];
  return {
    kind: 'known',
    commit,
    ...(commits !== undefined && { commits }),
    ...(names && { authors: names.slice(0, shownAuthors), moreAuthors: Math.max(0, names.length - shownAuthors) }),
    ...(filesChanged !== undefined && { filesChanged }),
    ...(linesAdded !== undefined && { linesAdded }),
    ...(linesRemoved !== undefined && { linesRemoved }),
    ...(isStepBack && { isStepBack }),
    ...(compareUrl && { url: compareUrl }),
  };
}

/** Numbers of a plan: its own, and what its `resolve` steps say of it under the names that policy knows. */
export function planNumbers({ steps, irreversible }: PlanOutline, resolved: JsonObject): NonNullable<World['plan']> {
  const told = toldFields.map((field) => [
    field,
    sum(Object.values(resolved).flatMap((outputs) => saidIn(outputs, field))),
  ]);
  return { ...Object.fromEntries(told), steps: steps.length, irreversible: irreversible.length };
}

/** Metrics that policy takes for facts, as far as they could be read. */
export function measuredIn(
  resolved: JsonObject,
  { measures }: Pick<Policy, 'measures'>,
): NonNullable<World['measured']> {
  const values = [...measures.keys()].flatMap((fact): [string, number][] => {
    const [value] = saidIn(resolved[measuredPath(fact)] ?? null, 'value');
    return typeof value === 'number' && Number.isFinite(value) ? [[fact, value]] : [];
  });
  return Object.fromEntries(values);
}

function saidIn(outputs: Json, field: string): Json[] {
  const isMap = typeof outputs === 'object' && outputs !== null && !Array.isArray(outputs);
  return isMap && Object.hasOwn(outputs, field) ? [(outputs as JsonObject)[field]!] : [];
}

function sum(values: readonly Json[]): number | 'unknown' {
  const counts = values.map((value) => (Array.isArray(value) ? value.length : value));
  return counts.every((count): count is number => Number.isSafeInteger(count) && Number(count) >= 0)
    ? counts.reduce((all, count) => all + count, 0)
    : 'unknown';
}

/** Names by which people are known; all of them for somebody who is not. */
function knownNames(people: People): (author: CodeAuthor) => readonly string[] {
  return (author) => {
    const names = namesOf(author).filter((name) => people.byGit(name).length > 0);
    return names.length > 0 ? names : namesOf(author);
  };
}

function isStranger(people: People): (author: CodeAuthor) => boolean {
  return (author) => namesOf(author).every((name) => people.byGit(name).length === 0);
}

function namesOf({ name, email }: CodeAuthor): readonly string[] {
  return [email, name].filter((each) => each !== '');
}

function nameIn(people: People, author: CodeAuthor): string {
  const [person] = people.byGit(author.email);
  return (person && people.nameOf(person)) ?? shownName(author);
}

function shownName({ name, email }: CodeAuthor): string {
  return [...(name || email)].slice(0, longestName).join('');
}

/** What the version stands for, so that a branch that moves on moves the plan. */
export function commitIn(change: CodeAnswer | undefined): string | undefined {
  return change?.kind === 'known' ? change.change.commit : change?.commit;
}
