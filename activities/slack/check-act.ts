import { z } from 'zod';
import type { Operators } from '../../src/operation/authority';
import type { ActBody, ActorCheck } from '../../src/operation/ports';
import { isRelayed } from '../../src/operation/relay';
import type { Relayed } from '../../src/operation/request';
import { freshestMs } from './check-vote';
import type { Directory, Freshness } from './directory';

const id = z.string().min(1).max(300);
const actBody = z.object({
  format: z.literal(1),
  workflowId: id,
  act: z.looseObject({ kind: z.string().min(1).max(60) }),
  by: id,
  byKind: z.literal('machine').optional(),
  actionId: id,
  at: id,
});

/**
 * Whether an act came through the bot, who presses it, and in which of these teams they sit. What they may do is the
 * workflow's to say.
 */
export async function checkAct(
  { directory, relayKey }: { readonly directory: Directory; readonly relayKey: string },
  asked: { readonly act: Relayed<ActBody>; readonly operators: Operators; readonly maxAgeMs: number },
): Promise<ActorCheck> {
  const { act, operators, maxAgeMs } = asked;
  if (!isRelayed('act', act, relayKey) || !actBody.safeParse(act.body).success)
    return { kind: 'refused', code: 'bad_signature' };
  const { by, byKind } = act.body;
  if (byKind === 'machine') return { kind: 'ok', actor: { kind: 'machine', by, teams: [], unknown: [] } };
  const freshness = { freshMs: Math.min(freshestMs, maxAgeMs), fallbackMs: maxAgeMs };
  const askedAt = directory.now();
  // Together, because the answer is waited for and Slack may be slow.
  const [status, seats] = await Promise.all([
    directory.person(by, freshness),
    seatsIn(directory, { by, operators, freshness }),
  ]);
  if (status.kind === 'refused') return { kind: 'refused', code: status.code };
  const since = Math.min(status.since, ...seats.since);
  return {
    kind: 'ok',
    actor: { kind: 'person', by, teams: seats.teams, unknown: seats.unknown },
    ...(askedAt - since >= freshness.freshMs && { asOf: new Date(since).toISOString() }),
  };
}

/** Whoever policy lists by id is in without asking Slack. */
async function seatsIn(
  directory: Directory,
  asked: { readonly by: string; readonly operators: Operators; readonly freshness: Freshness },
): Promise<{ readonly teams: string[]; readonly unknown: string[]; readonly since: number[] }> {
  const { by, freshness } = asked;
  const { teams, persons } = asked.operators;
  const accounts = [by, ...(Object.hasOwn(persons, by) ? [persons[by]!] : [])];
  const isListed = ({ users }: { readonly users: readonly string[] }) => accounts.some((one) => users.includes(one));
  const open = teams.filter((team) => !isListed(team));
  const groups = [...new Set(open.flatMap((team) => team.groups))];
  const answers = new Map(
    await Promise.all(groups.map(async (group) => [group, await directory.group(group, freshness)] as const)),
  );
  const sat = new Set(teams.filter(isListed).map(({ team }) => team));
  const unknown: string[] = [];
  const since: number[] = [];
  for (const { team, groups: own } of open) {
    for (const group of own) {
      const answer = answers.get(group)!;
      if (answer.kind !== 'known' || !accounts.some((one) => answer.users.has(one))) continue;
      sat.add(team);
      since.push(answer.since);
    }
    if (!sat.has(team) && own.some((group) => answers.get(group)!.kind === 'failed')) unknown.push(team);
  }
  return { teams: [...sat], unknown, since };
}
