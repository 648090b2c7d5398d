import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { openLedger } from '../../../activities/adapters/ledger';
import { BadInput, plural, printJson, settingsOf, type AddCommand, type ExitCode } from './command';
import type { Io } from './io';
import { withFolder } from './with-folder';

interface Options {
  readonly repo?: string;
  readonly ref?: string;
  readonly key: readonly string[];
  readonly checkpoint?: string;
  readonly json?: boolean;
}

export const addAudit: AddCommand = (program, { io, ends }) => {
  program
    .command('audit')
    .description('Examine the ledger')
    .command('verify')
    .description('Verify every record: signatures, chain, applied state; exit 1 when something was changed')
    .option('--repo <path or URL>', 'the ledger; LEDGER_REPO when absent')
    .option('--ref <ref>', 'its ref; LEDGER_REF when absent')
    .option('--key <file>', 'a public key (PEM) that may sign; may be given several times', gather, [])
    .option('--checkpoint <number:hash>', 'a head noted down earlier; shows a cut or rewritten ledger')
    .option('--json', 'print JSON')
    .action(ends((options: Options) => verify(io, options)));
};

async function verify(io: Io, options: Options): Promise<ExitCode> {
  const config = settingsOf(io, options.repo === undefined ? ['LEDGER_REPO'] : []);
  const keys = options.key.map((file) => readKey(resolve(io.cwd, file)));
  const checkpoint = options.checkpoint === undefined ? undefined : checkpointOf(options.checkpoint);
  return withFolder(async (dataDir) => {
    const ledger = await openLedger({
      url: options.repo ?? config.LEDGER_REPO,
      ref: options.ref ?? config.LEDGER_REF,
      dataDir,
      now: () => io.now(),
    });
    const trust = { ...(keys.length > 0 ? { keys } : {}), checkpoint };
    const { ok, records, head, findings } = await ledger
      .fetch()
      .then(() => ledger.verify(trust))
      .finally(() => ledger.close());
    if (options.json) printJson(io, { ok, records, head, findings });
    else {
      for (const { path, sentence } of findings) io.out(path ? `${path}: ${sentence}` : sentence);
      const origin = keys.length > 0 ? '' : ' Who signed is not proven, because no --key was given.';
      const verdict = ok ? 'is whole' : 'was changed or damaged';
      io.out(
        `The ledger of ${plural(records, 'record')} ${verdict}; its head is ${head.sequence}:${head.hash}.${origin}`,
      );
    }
    return ok ? 0 : 1;
  });
}

function gather(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new BadInput(`The key ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

function checkpointOf(text: string): { readonly sequence: number; readonly hash: string } {
  const [, sequence, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (sequence === undefined || hash === undefined)
    throw new BadInput('A checkpoint is a number, a colon and 64 hex digits, as "audit verify" prints it.');
  return { sequence: Number(sequence), hash };
}
