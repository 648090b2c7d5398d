import { Command, CommanderError } from 'commander';
import { Refusal } from '../../errors';
import { addActs } from './act';
import { addAdopt } from './adopt';
import { addAsk } from './ask';
import { addAudit } from './audit';
import { BadInput, Failed, type AddCommand, type Cli, type Ended, type ExitCode } from './command';
import { addCel } from './cel';
import { addDemo } from './demo';
import { addDoctor } from './doctor';
import { addInit } from './init';
import type { Io } from './io';
import { addLogs } from './logs';
import { addManifest } from './manifest';
import { addOverride } from './override';
import { addPolicy } from './policy';
import { addReview } from './review';
import { addRunbook } from './runbook';
import { addSchema } from './schema';
import { addSecondFactor } from './second-factor';
import { addShow } from './show';
import { addStart } from './start';
import { addStatus } from './status';
import { addSteps } from './steps';
import { addVote } from './vote';

/** Every command, in the order of the help. */
const commands: readonly AddCommand[] = [
  addInit,
  addStart,
  addDemo,
  addDoctor,
  addManifest,
  addAsk,
  addRunbook,
  addStatus,
  addShow,
  addLogs,
  addVote,
  addOverride,
  addReview,
  addActs,
  addAdopt,
  addSecondFactor,
  addPolicy,
  addCel,
  addSteps,
  addSchema,
  addAudit,
];

/** Runs one command line. Never throws: what goes wrong is one sentence on `io.err` and an exit code. */
export async function main(argv: readonly string[], io: Io): Promise<Ended> {
  let ended: Ended = 0;
  const cli: Cli = {
    io,
    ends:
      (work) =>
      async (...given) => {
        ended = await work(...given);
      },
  };
  const program = new Command('signalbox')
    .description('Slack asks, policy in Git decides, Temporal remembers. docs/operations.md explains the settings.')
    .exitOverride()
    // What stands behind a command is the command's, also where commands are inside commands.
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
      outputError: (text, write) => write(sentence(text)),
    });
  for (const add of commands) add(program, cli);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return ended;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    io.err(messageOf(error));
    return codeOf(error);
  }
}

/** `error: unknown command 'deplyo'` with its hint, as sentences. */
function sentence(text: string): string {
  const words = text
    .trim()
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, '. ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.)?]$/.test(words) ? '' : '.'} See signalbox --help.`;
}

function messageOf(error: unknown): string {
  if (error instanceof Refusal || error instanceof BadInput || error instanceof Failed) return error.message;
  const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
  return `Something unforeseen stopped this command (${why}); nothing more was done. Please report it.`;
}

const badInput: readonly Refusal['code'][] = [
  'bad_request',
  'unknown_environment',
  'unknown_service',
  'unknown_runbook',
  'policy_invalid',
];

function codeOf(error: unknown): ExitCode {
  if (error instanceof BadInput) return 2;
  if (error instanceof Failed) return error.code;
  if (!(error instanceof Refusal)) return 1;
  if (error.code === 'setting_invalid') return 78;
  return badInput.includes(error.code) ? 2 : 1;
}
