import { openLogStore } from '../../../activities/adapters/log-store';
import { logFolder } from '../tool-host';
import { Failed, printJson, settingsOf, type AddCommand, type ExitCode } from './command';

export const addLogs: AddCommand = (program, { io, ends }) => {
  program
    .command('logs')
    .description('Print what the programs of an operation wrote, where LOG_STORE is')
    .argument('<operation>', 'its id')
    .argument('[step]', 'path of one step, as in "show"; all steps when left out')
    .option('--json', 'list the logs as JSON, without what is in them')
    .action(
      ends(
        async (
          operation: string,
          step: string | undefined,
          { json }: { readonly json?: boolean },
        ): Promise<ExitCode> => {
          const folder = logFolder(settingsOf(io));
          const store = openLogStore({ folder });
          const logs = (await store.list(operation)).filter((log) => step === undefined || log.step === step);
          if (json) {
            printJson(io, logs);
            return 0;
          }
          if (logs.length === 0)
            throw new Failed(
              `There is no log of ${step === undefined ? operation : `${step} of ${operation}`} in ${folder}: its steps ran no program, the logs are older than LOG_DAYS, or they lie with another runner; look there, or set LOG_STORE to its folder.`,
            );
          for (const { key, step: path, mode, attempt } of logs) {
            io.out(`== ${path}${mode === 'undo' ? ', undo' : ''}, attempt ${attempt}`);
            io.out((await store.read(key)).trimEnd());
          }
          return 0;
        },
      ),
    );
};
