import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { Answer } from '../../../bot/answers';
import { holdSubcommands } from '../../commands/hold-commands';
import { commands, usagesOf } from '../../commands/registry';
import { quote } from '../../commands/words';
import { isEmpty } from '../../holds/holds';
import { runbookListLines } from '../../messages/runbook-list';
import { logLines } from '../../messages/log-view';
import { nothingHeld, plainHoldLines } from '../../messages/hold-words';
import { resourceLines } from '../../messages/resource-words';
import { serverLines } from '../../messages/server-words';
import type { ExplainedLine } from '../../policy/explain';
import { apiOf } from './api';
import { printJson, type AddCommand, type Cli, type Ended } from './command';
import { follow } from './follow';
import type { Io } from './io';
import { incidentLines, operationLines, statusLines } from './words';

interface Options {
  readonly wait?: boolean;
  readonly key?: string;
  readonly json?: boolean;
}

/** The same commands as in Slack, read by the same grammar; the bot decides who is asking by the token. */
export const addAsk: AddCommand = (program, cli) => {
  for (const entry of commands) {
    const name = entry.command.slice(1);
    if (name === 'signalbox') continue;
    asking(program.command(name), cli, name)
      .description(entry.summary)
      .usage(`${entry.hint} [--wait] [--key <key>] [--json]`)
      .addHelpText('after', `\n${usagesOf(entry).replaceAll(/^\//gm, '')}`);
  }
  asking(program.command('why'), cli, 'signalbox why')
    .description('Say what policy would ask for, and which rule says so, without starting anything')
    .usage('<service> to <environment> [version] [--json]');
  asking(program.command('reviews'), cli, 'signalbox reviews')
    .description('List which break-glass still has to be looked at, by whom and until when')
    .usage('[--json]');
  asking(program.command('what-if'), cli, 'signalbox what-if')
    .description('Say what policy would say of a command at an instant, without starting anything')
    .usage('"<command>" [at "<when>"] [--json]');
  for (const { name, summary, usage } of holdSubcommands)
    asking(program.command(name), cli, `signalbox ${name}`).description(summary).usage(`${usage} [--json]`.trim());
};

function asking(command: Command, { io, ends }: Cli, begins: string): Command {
  return command
    .argument('[words...]')
    .allowUnknownOption()
    .option('--wait', 'follow the operation until it has ended; exit 0 only if it succeeded')
    .option('--key <key>', 'the same key is the same request, however often it is sent')
    .option('--json', 'print JSON')
    .action(ends((words: readonly string[], options: Options) => ask(io, textOf(begins, words), options)));
}

/** The text that a person would type in Slack for these arguments. */
export function textOf(begins: string, words: readonly string[]): string {
  return [begins, ...words.map(asTyped)].join(' ');
}

/** A shell has taken the quotes away; a word that needs them gets them back, `name=` staying in front. */
function asTyped(word: string): string {
  const [, name = '', value = word] = /^([-—–]*[A-Za-z][\w-]*=)([\s\S]*)$/.exec(word) ?? [];
  return `${name}${value === '' || /[\s\\"“”„‟«»＂'‘’‚‛`]/.test(value) ? quote(value) : value}`;
}

async function ask(io: Io, text: string, { wait = false, key = randomUUID(), json = false }: Options): Promise<Ended> {
  const api = apiOf(io);
  const answer = await api.post<Answer>('/commands', { text, key });
  const isHandedOver = 'id' in answer;
  const isIncident = isHandedOver && answer.id.startsWith('incident-');
  if (!wait || !isHandedOver || isIncident) {
    if (json) printJson(io, answer);
    else for (const line of linesOf(answer)) io.out(line);
    return 0;
  }
  if (!json) for (const line of linesOf(answer)) io.out(line);
  const followed = await follow({ io, api, quiet: json }, { id: answer.id, kept: answer.kind === 'kept' });
  if (json) printJson(io, { ...answer, state: followed.view?.state, view: followed.view });
  return followed.ended;
}

function explainedLine({ sentence, place, url }: ExplainedLine): string {
  const where = [place, url].filter((part) => part !== undefined).join(', ');
  return where === '' ? sentence : `${sentence} (${where})`;
}

function linesOf(answer: Answer): readonly string[] {
  switch (answer.kind) {
    case 'started':
    case 'joined':
    case 'kept':
      return [answer.sentence, `Id: ${answer.id}.`];
    case 'refused':
    case 'told':
      return [answer.sentence];
    case 'runbooks':
      return runbookListLines(answer.list);
    case 'lines':
      return answer.lines;
    case 'explained':
      return answer.lines.map(explainedLine);
    case 'status':
      return statusLines(answer.status);
    case 'confirm':
    case 'confirm_group':
      return [answer.sentence];
    case 'resources':
      return resourceLines(answer.resources);
    case 'log':
      return logLines(answer.log);
    case 'servers':
      return serverLines(answer.view);
    case 'holds':
      return isEmpty(answer.holds) ? [nothingHeld] : plainHoldLines(answer.holds);
    case 'operation':
      return operationLines(answer.view);
    case 'incident':
      return incidentLines(answer.view);
  }
}
