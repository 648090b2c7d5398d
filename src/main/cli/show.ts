import { apiOf, type View } from './api';
import { printJson, type AddCommand } from './command';
import { follow } from './follow';
import { incidentLines, isIncident, operationLines } from './words';

export const addShow: AddCommand = (program, { io, ends }) => {
  program
    .command('show')
    .description('Show one operation or incident, step by step')
    .argument('<id>', 'its id, or the last part of it')
    .option('--wait', 'follow it until it has ended; exit 0 only if it succeeded')
    .option('--json', 'print JSON')
    .action(
      ends(async (id: string, { wait, json }: { readonly wait?: boolean; readonly json?: boolean }) => {
        const api = apiOf(io);
        let view = await api.get<View>(`/operations/${encodeURIComponent(id)}`);
        if (wait && !isIncident(view)) {
          const followed = await follow({ io, api, quiet: json }, { id: view.id });
          view = followed.view ?? view;
          if (json) printJson(io, view);
          return followed.ended;
        }
        if (json) printJson(io, view);
        else for (const line of isIncident(view) ? incidentLines(view) : operationLines(view)) io.out(line);
        return 0;
      }),
    );
};
