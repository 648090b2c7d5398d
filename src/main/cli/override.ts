import { randomUUID } from 'node:crypto';
import { apiOf, type Api, type View } from './api';
import { BadInput, Failed, printJson, type AddCommand, type ExitCode } from './command';
import { relayedSentence, type Relayed } from './vote';
import { isIncident } from './words';

interface Options {
  readonly reason: string;
  readonly json?: boolean;
}

export const addOverride: AddCommand = (program, { io, ends }) => {
  program
    .command('override')
    .description('Let an operation go on although a soft rule holds it back')
    .argument('<id>', 'the operation')
    .argument('<rule>', 'the rule, as its card names it')
    .requiredOption('--reason <text>', 'why; it is kept')
    .option('--json', 'print JSON')
    .action(
      ends(async (id: string, rule: string, { reason, json }: Options): Promise<ExitCode> => {
        if (!reason.trim())
          throw new BadInput('An override needs a reason, which is kept in the record: add --reason.');
        const api = apiOf(io);
        const relayed: Relayed[] = [];
        for (const body of await votesFor(api, { id, rule, reason })) relayed.push(await api.post<Relayed>(...body));
        if (json) printJson(io, relayed);
        else for (const each of relayed) io.out(relayedSentence(each));
        return 0;
      }),
    );
};

/** One decision for each open ballot of the rule: a rule may be broken in more than one way. */
async function votesFor(
  api: Api,
  asked: { readonly id: string; readonly rule: string; readonly reason: string },
): Promise<readonly (readonly [string, object])[]> {
  const { id, rule, reason } = asked;
  const view = await api.get<View>(`/operations/${encodeURIComponent(id)}`);
  if (isIncident(view)) throw new BadInput(`${id} is an incident, and no rule holds it back.`);
  const soft = view.ballots.filter(({ purpose, takes }) => purpose === 'override' && takes === 'votes');
  const meant = soft.filter((ballot) => ballot.rule === rule);
  if (meant.length === 0) {
    const others = soft.map((ballot) => `"${ballot.rule}"`).join(', ') || 'no rule that may be overridden';
    throw new Failed(`No soft rule "${rule}" holds ${id} back now; what holds it back is ${others}.`);
  }
  return meant.map(({ id: ballot, digest }) => [
    `/operations/${encodeURIComponent(view.id)}/votes`,
    { ballot, digest, decision: 'approve', reason, key: randomUUID() },
  ]);
}
