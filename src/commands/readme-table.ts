import { commands, usageOf } from './registry';

export const TABLE_START = '<!-- commands: made by `npm run generate` from src/commands/registry.ts -->';
export const TABLE_END = '<!-- end of commands -->';

/** The README's table of commands, markers included. */
export function readmeTable(): string {
  const rows = commands.flatMap((command) =>
    command.subcommands.map((each) => `| \`${cell(usageOf(command, each))}\` | ${cell(each.summary)} |`),
  );
  return [TABLE_START, '', '| Command | What it does |', '| --- | --- |', ...rows, '', TABLE_END].join('\n');
}

/** The document with its table brought up to date; unchanged when it has no markers. */
export function withTable(document: string): string {
  const [start, end] = [document.indexOf(TABLE_START), document.indexOf(TABLE_END)];
  if (start < 0 || end < start) return document;
  return document.slice(0, start) + readmeTable() + document.slice(end + TABLE_END.length);
}

function cell(text: string): string {
  return text.replace(/\|/g, '\\|');
}
