import type { TeamMembers } from '../approvals/ballot';
import { didYouMean } from '../documents/nearest';
import type { TeamRule } from './schema';

/** Teams with their unions written out. A union that names itself, or nobody, is a problem. */
export function expandTeams(input: {
  readonly teams: { readonly [team: string]: TeamRule };
  readonly problem: (path: readonly (string | number)[], message: string, hint?: string) => void;
}): ReadonlyMap<string, TeamMembers> {
  const { teams, problem } = input;
  const names = Object.keys(teams);
  // A union of unions of unions may name one team many times: each is written out once.
  const known = new Map<string, TeamMembers>();
  const expand = (team: string, above: readonly string[]): TeamMembers => {
    const before = known.get(team);
    if (before) return before;
    const members = writeOut(team, above);
    known.set(team, members);
    return members;
  };
  const writeOut = (team: string, above: readonly string[]): TeamMembers => {
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
    const own = 'length' in rule ? { teams: rule } : rule;
    const unions = (own.teams ?? []).map((name) => expand(name, [...above, team]));
    const group = 'slack_group' in own && own.slack_group ? [own.slack_group] : [];
    const users = 'users' in own ? (own.users ?? []) : [];
    return {
      groups: unique([...group, ...unions.flatMap(({ groups }) => groups)]),
      users: unique([...users, ...unions.flatMap((union) => union.users)]),
    };
  };
  const expanded = new Map(names.map((team) => [team, expand(team, [])]));
  for (const [team, { groups, users }] of expanded) {
    if (groups.length === 0 && users.length === 0)
      problem(['teams', team], `nobody is in the team "${team}"`, 'give it a slack_group or users');
  }
  return expanded;
}

const nobody: TeamMembers = { groups: [], users: [] };

function unique(items: readonly string[]): readonly string[] {
  return [...new Set(items)];
}
