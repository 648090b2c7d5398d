import type { TeamSources } from './policy';
import { didYouMean } from '../documents/nearest';
import type { TeamRule } from './schema';

/** Teams with their unions written out. A union that names itself, or nobody, is a problem. */
export function expandTeams(input: {
  readonly teams: { readonly [team: string]: TeamRule };
  readonly problem: (path: readonly (string | number)[], message: string, hint?: string) => void;
}): ReadonlyMap<string, TeamSources> {
  const { teams, problem } = input;
  const names = Object.keys(teams);
  // A union of unions of unions may name one team many times: each is written out once.
  const known = new Map<string, TeamSources>();
  const expand = (team: string, above: readonly string[]): TeamSources => {
    const before = known.get(team);
    if (before) return before;
    const members = writeOut(team, above);
    known.set(team, members);
    return members;
  };
  const writeOut = (team: string, above: readonly string[]): TeamSources => {
    const rule = Object.hasOwn(teams, team) ? teams[team] : undefined;
    if (!rule) {
      const path = ['teams', above[0]!];
      problem(path, `there is no team "${team}"`, didYouMean(team, names));
      return nobody;
    }
    if (above.includes(team)) {
      problem(['teams', above[0]!], `the team "${team}" contains itself`, 'break the circle');
      return nobody;
    }
    const own: Exclude<TeamRule, readonly string[]> = 'length' in rule ? { teams: rule } : rule;
    const unions = (own.teams ?? []).map((name) => expand(name, [...above, team]));
    return {
      groups: unique([...(own.slack_group ? [own.slack_group] : []), ...unions.flatMap(({ groups }) => groups)]),
      users: unique([...(own.users ?? []), ...unions.flatMap(({ users }) => users)]),
      schedules: unique([
        ...(own.schedule === undefined ? [] : [own.schedule]),
        ...unions.flatMap((union) => union.schedules),
      ]),
      codeowners: own.codeowners === true || unions.some(({ codeowners }) => codeowners),
      owner: own.owner === true || unions.some(({ owner }) => owner),
    };
  };
  const expanded = new Map(names.map((team) => [team, expand(team, [])]));
  for (const [team, sources] of expanded) {
    if (isEmpty(sources))
      problem(['teams', team], `nobody is in the team "${team}"`, 'give it a slack_group, users or a schedule');
  }
  return expanded;
}

const nobody: TeamSources = { groups: [], users: [], schedules: [], codeowners: false, owner: false };

function isEmpty({ groups, users, schedules, codeowners, owner }: TeamSources): boolean {
  return groups.length + users.length + schedules.length === 0 && !codeowners && !owner;
}

function unique<Item>(items: readonly Item[]): readonly Item[] {
  return [...new Set(items)];
}
