import { Option } from 'commander';
import { inspectConfig } from '../../config';
import { needs, programs, type Program } from '../needs';
import { plural, printJson, type AddCommand, type ExitCode } from './command';
import { failed, missing, ok, type Check, type Finding } from './doctor-finding';
import { settingsTable } from './settings-table';

const marks = { ok: '✓', failed: '✗', missing: '–' } as const;

const choices = [...programs, 'all'] as const;
type Asked = (typeof choices)[number];

interface Options {
  readonly for: Asked;
  readonly json?: boolean;
}

/** Each check and the programs that need it. Loaded late: no other command should wait for the clients of Slack, Temporal and Redis. */
function checksFor(asked: Asked): readonly Check[] {
  const { checkClock, checkSlack } = require('./doctor-slack') as typeof import('./doctor-slack');
  const { checkTemporal } = require('./doctor-temporal') as typeof import('./doctor-temporal');
  const stores = require('./doctor-stores') as typeof import('./doctor-stores');
  const { checkLogReading, checkLogs } = require('./doctor-logs') as typeof import('./doctor-logs');
  const { checkSops, checkVault } = require('./doctor-secrets') as typeof import('./doctor-secrets');
  const { checkPolicy } = require('./doctor-policy') as typeof import('./doctor-policy');
  const { checkSecondFactors } = require('./doctor-second-factors') as typeof import('./doctor-second-factors');
  const all: readonly (readonly [Check, readonly Program[]])[] = [
    [checkSlack, ['bot']],
    [checkTemporal, programs],
    [stores.checkRedis, ['bot']],
    [checkPolicy, ['bot', 'worker']],
    [stores.checkLedger, ['bot', 'worker']],
    [stores.checkLedgerKey, ['worker']],
    [stores.checkBlobs, ['worker', 'runner']],
    asked === 'bot' ? [checkLogReading, ['bot']] : [checkLogs, ['runner']],
    [stores.checkIsolation, ['runner']],
    [checkVault, ['worker', 'runner']],
    [checkSops, ['runner']],
    [stores.checkTokens, ['bot']],
    [checkSecondFactors, ['bot']],
    [checkClock, programs],
    [stores.checkBundle, ['worker']],
    [stores.checkBot, ['bot']],
  ];
  return all.filter(([, who]) => asked === 'all' || who.includes(asked)).map(([check]) => check);
}

export const addDoctor: AddCommand = (program, { io, ends }) => {
  program
    .command('doctor')
    .description('Check every setting and every neighbour, and say what to do; exit 1 when something needed fails')
    .addOption(new Option('--for <program>', 'the program whose settings these are').choices(choices).default('all'))
    .option('--json', 'print JSON')
    .action(
      ends(async ({ json, for: asked }: Options): Promise<ExitCode> => {
        const needed = asked === 'all' ? programs.flatMap((program) => needs[program]) : needs[asked];
        const inspected = io.env === undefined ? inspectConfig(needed) : inspectConfig(needed, io.env);
        const looked = await Promise.all(checksFor(asked).map((check) => check(inspected.config, io)));
        const findings = [...settingFindings(inspected), ...looked.flat()];
        const bad = findings.filter(({ result }) => result === 'failed').length;
        if (json) printJson(io, { ok: bad === 0, findings });
        else {
          for (const { check, result, sentence } of findings) io.out(`${marks[result]} ${check}: ${sentence}`);
          io.out(bad === 0 ? wayFree(asked) : `${plural(bad, 'thing')} to mend.`);
        }
        return bad === 0 ? 0 : 1;
      }),
    );
};

function wayFree(asked: Asked): string {
  return asked === 'all' ? 'Nothing is in the way of "signalbox start".' : `Nothing is in the way of the ${asked}.`;
}

/** Whether a setting is missing for everybody or for the program that one does not look at. */
function neededBy(name: string): string {
  const who = programs.filter((program) => needs[program].some((each) => each === name));
  return who.length === 0 ? '' : `Needed by: ${who.join(', ')}.`;
}

function settingFindings({ problems, given }: ReturnType<typeof inspectConfig>): readonly Finding[] {
  const wrong = problems.map(({ name, why }) => {
    const row = settingsTable.find((each) => name === each.name || name === `${each.name}_FILE`);
    return failed(name, [`It ${why}.`, row?.about, neededBy(name)].filter(Boolean).join(' '));
  });
  const isWrong = (name: string) => problems.some((problem) => problem.name === name);
  const set = settingsTable.filter(({ name }) => given.has(name) && !isWrong(name));
  const left = settingsTable.filter(({ name, need }) => !given.has(name) && need !== 'always');
  return [
    ...wrong,
    ...set.map(({ name, secret }) => ok(name, secret ? 'It is set; its value is not shown.' : 'It is set.')),
    missing(
      'settings left out',
      `${left.map(({ name }) => name).join(', ')}; docs/operations.md says what each would do.`,
    ),
  ];
}
