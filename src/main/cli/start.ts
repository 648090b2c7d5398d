import { Option } from 'commander';
import type { AddCommand, Ended } from './command';

const parts = ['bot', 'worker', 'runner'] as const;
type Part = (typeof parts)[number];

export const addStart: AddCommand = (program, { ends }) => {
  program
    .command('start')
    .description('Start bot, worker and runner in one process, from the settings in the environment')
    .addOption(new Option('--only <part>', 'start just one of them').choices(parts))
    .action(
      ends(async ({ only }: { readonly only?: Part }): Promise<Ended> => {
        await start(only === undefined ? parts : [only]);
        return 'running';
      }),
    );
};

async function start(chosen: readonly Part[]): Promise<void> {
  // Loaded here only: Temporal's worker takes a second that no other command should wait for.
  const { runProcess } = require('../process') as typeof import('../process');
  const { botNeeds, startBot } = require('../start-bot') as typeof import('../start-bot');
  const { runnerNeeds, startRunner } = require('../start-runner') as typeof import('../start-runner');
  const { startWorker, workerNeeds } = require('../start-worker') as typeof import('../start-worker');
  // The bot first: it takes commands while the others still wait for Temporal.
  const all = {
    bot: { start: startBot, needs: botNeeds },
    worker: { start: startWorker, needs: workerNeeds },
    runner: { start: startRunner, needs: runnerNeeds },
  } as const;
  await runProcess({
    name: chosen.length === 1 ? chosen[0]! : 'signalbox',
    needs: [...new Set(chosen.flatMap((part) => [...all[part].needs]))],
    parts: chosen.map((part) => all[part].start),
    ...(chosen.includes('bot') ? {} : { health: 'serve' as const }),
  });
}
