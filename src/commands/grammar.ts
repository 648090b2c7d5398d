import type { Asked, AskedKind } from './asked';
import { Misread, takeFlags } from './arguments';
import type { KnownNames } from './names';
import { cleanName } from './names';
import { readers } from './readers';
import { commandNamed, commands, usageOf, usagesOf, type Command, type Subcommand } from './registry';
import { nearest } from './suggest';
import { splitWords, wellFormed, type Word } from './words';

/** Slack cuts a message here; the command line and webhooks are held to the same. */
export const MAX_COMMAND_TEXT = 4_000;

export interface CommandText {
  /** `/deploy` */
  readonly command: string;
  /** Everything behind it. */
  readonly text: string;
  /** Whether Slack escaped it (`should_escape`): `&amp;`, `<@U1|ann>`. */
  readonly escaped?: boolean;
  readonly known?: KnownNames;
}

export type Parsed =
  | { readonly ok: true; readonly asked: Asked }
  | {
      readonly ok: false;
      /** Why it could not be read. `bare`: nothing was typed, so a form is the better answer. */
      readonly because: 'bare' | 'misread';
      /** One full sentence. */
      readonly problem: string;
      /** What was probably meant, ready to be typed. */
      readonly didYouMean?: string;
      readonly usage: string;
    };

/** Understands a command as people type it, on keyboards and on phones. Never throws. */
export function parseCommand(typed: CommandText): Parsed {
  const command = commandNamed(cleanName(typed.command.trim().toLowerCase()));
  if (command === undefined) return unknownCommand(typed.command);
  const fail = (misread: Misread, usage: string): Parsed => ({
    ok: false,
    because: 'misread',
    problem: misread.problem,
    ...(misread.didYouMean === undefined ? {} : { didYouMean: misread.didYouMean }),
    usage,
  });
  const text = wellFormed(typed.text);
  if (text.trim() === '') return bare(command);
  if (text.length > MAX_COMMAND_TEXT) {
    const problem = `A command may have ${MAX_COMMAND_TEXT} characters and this one has ${text.length}; shorten it.`;
    return fail(new Misread(problem), usagesOf(command));
  }
  const escaped = typed.escaped ?? false;
  let chosen: Subcommand | undefined;
  try {
    const split = splitWords({ text, escaped });
    if (!split.ok && !command.command.includes('incident')) throw new Misread(split.problem);
    const words = split.ok ? split.words : looseWords(text);
    const found = subcommandOf(command, words);
    chosen = found.subcommand;
    const read = readers[chosen.kind];
    const asked =
      read.takes === 'prose'
        ? read.read({ words: found.words, subcommand: chosen, text, escaped, known: typed.known ?? {} })
        : read.read({ ...takeFlags(found.words, chosen), known: typed.known ?? {} });
    return { ok: true, asked };
  } catch (error) {
    if (!(error instanceof Misread)) throw error;
    return fail(error, chosen === undefined ? usagesOf(command) : usageOf(command, chosen));
  }
}

/** `/deploy checkout v1 to staging` as one line, with or without the slash, as the command line and mentions give it. */
export function parseLine(line: {
  readonly text: string;
  readonly escaped?: boolean;
  readonly known?: KnownNames;
}): Parsed {
  const [, name = '', rest = ''] = /^\s*(\S+)\s*([\s\S]*)$/.exec(line.text) ?? [];
  return parseCommand({ ...line, command: name, text: rest });
}

function bare(command: Command): Parsed {
  if (command.bare === 'help') return { ok: true, asked: { kind: 'help' } };
  return {
    ok: false,
    because: 'bare',
    problem: `${command.command} needs to know what: ${command.hint}.`,
    usage: usagesOf(command),
  };
}

function unknownCommand(typed: string): Parsed {
  const name = typed.startsWith('/') ? typed : `/${typed}`;
  const meant = nearest(
    name,
    commands.map((each) => each.command),
  );
  return {
    ok: false,
    because: 'misread',
    problem: `Signalbox has no command ${name.slice(0, 40)}; there are ${commands.map((each) => each.command).join(', ')}.`,
    ...(meant === undefined ? {} : { didYouMean: meant }),
    usage: commands.map((each) => `${each.command} ${each.hint}`).join('\n'),
  };
}

function subcommandOf(
  command: Command,
  words: readonly Word[],
): { readonly subcommand: Subcommand; readonly words: readonly Word[] } {
  const unnamed = command.subcommands.find(({ name }) => name === '');
  const typed = cleanName(words[0]!.text).toLowerCase();
  const subcommand = command.subcommands.find((each) => each.name !== '' && each.name === typed);
  if (unnamed && (subcommand === undefined || words[0]!.quoted)) return { subcommand: unnamed, words };
  if (subcommand !== undefined) return { subcommand, words: words.slice(1) };
  const names = command.subcommands.map((each) => each.name);
  const meant = nearest(typed, names);
  throw new Misread(
    `${command.command} has no "${words[0]!.prose.slice(0, 40)}"; it has ${names.join(', ')}.`,
    meant === undefined ? undefined : `${command.command} ${meant}`,
  );
}

/** Free text may hold a quote that is never closed (`19" rack`): words are then just what stands between spaces. */
function looseWords(text: string): readonly Word[] {
  return [...text.matchAll(/\S+/g)].map((match) => ({
    text: match[0],
    prose: match[0],
    quoted: false,
    start: match.index,
    end: match.index + match[0].length,
  }));
}

/** Kinds that start or change something, as opposed to looking. */
export const changingKinds: readonly AskedKind[] = [
  'deploy',
  'rollback',
  'provision',
  'provision.destroy',
  'provision.extend',
  'runbook.run',
  'incident.declare',
];
