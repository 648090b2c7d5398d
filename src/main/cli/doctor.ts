import { inspectConfig, type Config } from '../../config';
import { plural, printJson, type AddCommand, type ExitCode } from './command';
import { checkClock, checkSlack } from './doctor-slack';
import { checkBlobs, checkBot, checkBundle, checkLedger, checkPolicy, checkRedis, checkTokens } from './doctor-stores';
import { checkTemporal } from './doctor-temporal';
import type { Io } from './io';
import { settingsTable } from './settings-table';

/** One line of the report. `failed`: Signalbox does not work like this; `missing`: it does without. */
export interface Finding {
  readonly check: string;
  readonly result: 'ok' | 'failed' | 'missing';
  /** What was found and, unless it is well, what to do. Never the value of a secret. */
  readonly sentence: string;
}

/** Looks at one neighbour. Never throws for what is wrong there. */
export type Check = (config: Partial<Config>, io: Io) => Promise<readonly Finding[]>;

export const ok = (check: string, sentence: string): Finding => ({ check, result: 'ok', sentence });
export const failed = (check: string, sentence: string): Finding => ({ check, result: 'failed', sentence });
export const missing = (check: string, sentence: string): Finding => ({ check, result: 'missing', sentence });

const checks: readonly Check[] = [
  checkSlack,
  checkTemporal,
  checkRedis,
  checkPolicy,
  checkLedger,
  checkBlobs,
  checkTokens,
  checkClock,
  checkBundle,
  checkBot,
];

const marks = { ok: '✓', failed: '✗', missing: '–' } as const;

export const addDoctor: AddCommand = (program, { io, ends }) => {
  program
    .command('doctor')
    .description('Check every setting and every neighbour, and say what to do; exit 1 when something needed fails')
    .option('--json', 'print JSON')
    .action(
      ends(async ({ json }: { readonly json?: boolean }): Promise<ExitCode> => {
        const needed = settingsTable.filter(({ need }) => need === 'always').map(({ name }) => name);
        const inspected = io.env === undefined ? inspectConfig(needed) : inspectConfig(needed, io.env);
        const looked = await Promise.all(checks.map((check) => check(inspected.config, io)));
        const findings = [...settingFindings(inspected), ...looked.flat()];
        const bad = findings.filter(({ result }) => result === 'failed').length;
        if (json) printJson(io, { ok: bad === 0, findings });
        else {
          for (const { check, result, sentence } of findings) io.out(`${marks[result]} ${check}: ${sentence}`);
          io.out(bad === 0 ? 'Nothing is in the way of "signalbox start".' : `${plural(bad, 'thing')} to mend.`);
        }
        return bad === 0 ? 0 : 1;
      }),
    );
};

function settingFindings({ problems, given }: ReturnType<typeof inspectConfig>): readonly Finding[] {
  const wrong = problems.map(({ name, why }) => {
    const row = settingsTable.find((each) => name === each.name || name === `${each.name}_FILE`);
    return failed(name, `It ${why}. ${row?.about ?? ''}`.trim());
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
