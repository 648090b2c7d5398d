import pino, { type Logger } from 'pino';
import { isVersion } from '../../commands/names';
import { didYouMean } from '../../documents/nearest';
import { adoptedEntry } from '../../ledger/adopted';
import type { AppliedState } from '../../ledger/record';
import type { Ledger } from '../../../activities/adapters/ledger';
import { openLedgerOf } from '../stores';
import { BadInput, Failed, printJson, settingsOf, type AddCommand, type ExitCode } from './command';
import type { Io } from './io';
import { bindingOf, readPolicy } from './policy-files';

interface Adopted {
  readonly service: string;
  readonly version: string;
  readonly environment: string;
}

export const addAdopt: AddCommand = (program, { io, ends }) => {
  program
    .command('adopt')
    .description('Record the version that already runs, so that the first rollback has a target')
    .usage('<service> <version> in <environment> [--json]')
    .argument('<words...>', 'service, version and environment')
    .option('--json', 'print JSON')
    .action(
      ends(async (words: readonly string[], { json }: { readonly json?: boolean }): Promise<ExitCode> => {
        const config = settingsOf(io, ['POLICY_REPO', 'LEDGER_REPO']);
        const read = await readPolicy(io, {});
        const { policy } = bindingOf(read);
        const what = adoptedIn(words, [...policy.environments.keys()]);
        known('service', what.service, [...policy.services.keys()]);
        known('environment', what.environment, [...policy.environments.keys()]);
        if (!isVersion(what.version))
          throw new BadInput(`"${what.version}" cannot be a version; write a tag, a branch or a commit.`);
        const ledger = await openLedgerOf(config, 'cli', logTo(io));
        const done = await adopt({ io, ledger, what, policyCommit: read.commit }).finally(() => ledger.close());
        if (json) printJson(io, { ...what, ...done });
        else io.out(done.sentence);
        return 0;
      }),
    );
};

/** `checkout v2.3.0 in production`, also without the word between, and with the environment second. */
function adoptedIn(words: readonly string[], environments: readonly string[]): Adopted {
  const at = words.findIndex((word, index) => index > 0 && /^(in|to)$/i.test(word));
  const rest = words.filter((_, index) => index !== at);
  const [service, second, third] = rest;
  if (rest.length !== 3 || service === undefined || second === undefined || third === undefined)
    throw new BadInput('Say what runs where: signalbox adopt <service> <version> in <environment>.');
  const environmentIsSecond = at === 1 || (at < 0 && environments.includes(second) && !environments.includes(third));
  return environmentIsSecond
    ? { service, environment: second, version: third }
    : { service, version: second, environment: third };
}

function known(what: string, name: string, names: readonly string[]): void {
  if (names.includes(name)) return;
  const hint = didYouMean(name, names) ?? `there are ${names.join(', ') || 'none'}`;
  throw new BadInput(`The policy knows no ${what} "${name}" (${hint}); nothing was recorded.`);
}

async function adopt(spec: {
  readonly io: Io;
  readonly ledger: Ledger;
  readonly what: Adopted;
  readonly policyCommit: string;
}): Promise<{ readonly changed: boolean; readonly operation?: string; readonly sentence: string }> {
  const { io, ledger, what, policyCommit } = spec;
  const { service, version, environment } = what;
  // Asked first, so that what is decided here is not decided on what the ledger said some time ago.
  await ledger.fetch();
  const state = await ledger.readState(what);
  if (isRecorded(state, version)) {
    const sentence = `${service} ${version} in ${environment} is on record already, so nothing was changed.`;
    return { changed: false, operation: state.current!.operation, sentence };
  }
  if (state.changing)
    throw new Failed(
      `${service} in ${environment} is being changed by ${state.changing.operation}, so nobody can say yet what runs; adopt it when that has ended.`,
    );
  const operation = await freeId(ledger, `adopt-${service}-${environment}-${slug(version)}`);
  const body = { service, environment, version, policyCommit, via: 'cli' };
  await ledger.append([adoptedEntry({ ...what, operationId: operation, body, now: io.now() })]);
  const sentence = `${service} ${version} is recorded as what runs in ${environment}; a rollback can go back to it.`;
  return { changed: true, operation, sentence };
}

function isRecorded({ current, history, changing }: AppliedState, version: string): boolean {
  const stands = history.some((entry) => entry.version === version && entry.rolledBackAt === undefined);
  return changing === undefined && current?.version === version && stands;
}

/** The same version may be adopted again after others ran; a record is written once, so it gets a name of its own. */
async function freeId(ledger: Ledger, id: string): Promise<string> {
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? id : `${id}-${count}`;
    if ((await ledger.readOperation(candidate)).length === 0) return candidate;
  }
}

function slug(version: string): string {
  return version
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

/** What an adapter warns of goes to the terminal as a sentence, not as a line of JSON. */
function logTo(io: Io): Logger {
  return pino({ level: 'warn' }, { write: (line) => io.err((JSON.parse(line) as { readonly msg: string }).msg) });
}
