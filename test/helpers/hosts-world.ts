import { Endpoint } from '../steps/endpoint';
import { openTools } from '../steps/tools';
import { openRunbooks, type Runbooks } from './run-runbook';
import { RunnerProgram } from './runner-program';

/** The example company's runbooks for hosts: the real runner, the real Ansible, an inventory by HTTP. */
export interface HostsWorld {
  readonly cmdb: Endpoint;
  readonly runner: RunnerProgram;
  readonly runbooks: Runbooks;
  /** Once more after it was killed. */
  startRunner(): Promise<void>;
  close(): Promise<void>;
}

/** Opens one whose runner has been started. */
export async function openHostsWorld(): Promise<HostsWorld> {
  const cmdb = new Endpoint();
  await cmdb.start();
  const runner = await RunnerProgram.open();
  const { blobs } = runner;
  const tools = { ...(await openTools()), blobs };
  const runbooks = await openRunbooks({ env: { CMDB_TOKEN: 'a-token-of-a-test' }, blobs, tools });
  const startRunner = (): Promise<void> =>
    runner.start({
      namespace: runbooks.world.temporal.namespace,
      pools: ['ansible'],
      env: { PATH: `${process.env.ANSIBLE_BIN}:${process.env.PATH}` },
    });
  await startRunner();
  return {
    cmdb,
    runner,
    runbooks,
    startRunner,
    async close() {
      await runner.close();
      await runbooks.close();
      await cmdb.stop();
    },
  };
}
