import { textOfLog } from '../../../activities/adapters/log-store';
import { LogStoreAway } from '../../errors';
import { openLogs, placeOfLogs } from '../log-stores';
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
          const settings = settingsOf(io);
          const store = openLogs(settings);
          const kept = await store.list(operation).catch(whenAway);
          const logs = kept.filter((log) => step === undefined || log.step === step);
          if (json) {
            printJson(io, logs);
            return 0;
          }
          if (logs.length === 0)
            throw new Failed(
              `There is no log of ${step === undefined ? operation : `${step} of ${operation}`} in ${placeOfLogs(settings)}: its steps ran no program, the logs are older than policy keeps them (retention.logs), or they lie with another runner; look there, or set LOG_STORE to where it keeps them.`,
            );
          for (const { key, step: path, mode, attempt } of logs) {
            io.out(`== ${path}${mode === 'undo' ? ', undo' : ''}, attempt ${attempt}`);
            io.out((await textOfLog(store, key).catch(whenAway)).trimEnd());
          }
          return 0;
        },
      ),
    );
};

function whenAway(error: unknown): never {
  throw error instanceof LogStoreAway ? new Failed(error.message) : error;
}
