import { inspectConfig } from '../../config';
import { plural, printJson, type AddCommand, type ExitCode } from './command';
import { failed, missing, ok, type Check, type Finding } from './doctor-finding';
import { settingsTable } from './settings-table';

const marks = { ok: '✓', failed: '✗', missing: '–' } as const;

/** Loaded when they are needed: no other command should wait for the clients of Slack, Temporal and Redis. */
function allChecks(): readonly Check[] {
  const { checkClock, checkSlack } = require('./doctor-slack') as typeof import('./doctor-slack');
  const { checkTemporal } = require('./doctor-temporal') as typeof import('./doctor-temporal');
  const stores = require('./doctor-stores') as typeof import('./doctor-stores');
  const { checkBlobs, checkBot, checkBundle, checkLedger, checkPolicy, checkRedis, checkTokens } = stores;
  return [
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
}

export const addDoctor: AddCommand = (program, { io, ends }) => {
  program
    .command('doctor')
    .description('Check every setting and every neighbour, and say what to do; exit 1 when something needed fails')
    .option('--json', 'print JSON')
    .action(
      ends(async ({ json }: { readonly json?: boolean }): Promise<ExitCode> => {
        const needed = settingsTable.filter(({ need }) => need === 'always').map(({ name }) => name);
        const inspected = io.env === undefined ? inspectConfig(needed) : inspectConfig(needed, io.env);
        const looked = await Promise.all(allChecks().map((check) => check(inspected.config, io)));
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
