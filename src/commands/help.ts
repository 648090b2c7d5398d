import type { AskedKind } from './asked';
import { commands, usageOf, type Command, type Subcommand } from './registry';

/** One command as help shows it. */
export interface HelpEntry {
  readonly command: string;
  readonly summary: string;
  readonly lines: readonly {
    readonly usage: string;
    readonly summary: string;
    readonly examples: readonly string[];
    readonly who: string;
    readonly flags: readonly { readonly usage: string; readonly summary: string }[];
  }[];
}

/**
 * Help as data, limited to what the person may do and, with a topic, to one command. Policy still has the last word:
 * this only keeps the list short.
 */
export function helpFor(asked: {
  readonly topic?: string;
  readonly may?: (kind: AskedKind) => boolean;
}): readonly HelpEntry[] {
  const { may = () => true } = asked;
  return commands
    .filter((command) => asked.topic === undefined || command.command === `/${asked.topic}`)
    .map((command) => entryOf(command, may))
    .filter((entry) => entry.lines.length > 0);
}

function entryOf(command: Command, may: (kind: AskedKind) => boolean): HelpEntry {
  const lines = command.subcommands.filter((each) => may(each.kind)).map((each) => lineOf(command, each));
  return { command: command.command, summary: command.summary, lines };
}

function lineOf(command: Command, subcommand: Subcommand): HelpEntry['lines'][number] {
  return {
    usage: usageOf(command, subcommand),
    summary: subcommand.summary,
    examples: subcommand.examples,
    who: subcommand.who,
    flags: subcommand.flags.map((flag) => ({
      usage: [`--${flag.name}`, flag.value].filter(Boolean).join(' '),
      summary: flag.summary,
    })),
  };
}

/** Help as plain text, to be escaped for Slack. The overview has two lines a command, and says first how to see more. */
export function helpText(entries: readonly HelpEntry[]): string {
  const detailed = entries.length === 1;
  const parts = entries.map((entry) => {
    const lines = entry.lines.map((line) => (detailed ? detailOf(line) : `  ${line.usage}\n    ${line.summary}`));
    return [`${entry.command}: ${entry.summary}.`, ...lines].join('\n');
  });
  return detailed ? parts.join('') : ['/signalbox help <command> says more.', ...parts].join('\n');
}

function detailOf(line: HelpEntry['lines'][number]): string {
  return [
    `  ${line.usage}`,
    `    ${line.summary} For ${line.who}.`,
    ...line.flags.map((flag) => `    ${flag.usage}: ${flag.summary}`),
    ...line.examples.map((example) => `    e.g. ${example}`),
  ].join('\n');
}
