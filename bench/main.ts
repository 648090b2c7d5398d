import { measureBurst, measureFlood } from './measure-burst';
import { measureFan } from './measure-fan';
import { measureLatency } from './measure-latency';
import { measurePolicy } from './measure-policy';
import { measureSteps } from './measure-steps';
import { measureWaiting } from './measure-waiting';
import { openMinimum } from './minimum';
import { openOurs } from './ours';
import { circumstances, tableOf, type Findings } from './report';
import { startServers } from './servers';
import { readSettings, stages, type BenchSettings, type Stage } from './settings';
import type { Side, Sides } from './side';
import { startTally, type Tally } from './tally';

type Measurement = (sides: Sides, settings: BenchSettings, tally: Tally) => Promise<Findings>;

const measurements: { readonly [stage in Exclude<Stage, 'policy'>]: Measurement } = {
  latency: measureLatency,
  steps: measureSteps,
  fan: measureFan,
  burst: measureBurst,
  waiting: measureWaiting,
  flood: measureFlood,
};

let open: readonly Side[] = [];
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    for (const pid of open.flatMap(({ pids }) => Object.values(pids))) endNow(pid);
    process.exit(1);
  });

function endNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** Each stage has servers and programs of its own, so that none pays for what another left behind. */
async function stage(name: Stage, settings: BenchSettings): Promise<Findings> {
  // Needs no server and no Slack.
  if (name === 'policy') return measurePolicy(settings);
  const [servers, tally] = await Promise.all([startServers(), startTally()]);
  const spec = {
    ...servers,
    tallyPort: tally.port,
    steps: settings.steps,
    targets: settings.targets,
    atOnce: settings.atOnce,
  };
  try {
    const ours = await openOurs(spec);
    const minimum = await openMinimum({ ...spec, besideNamespace: ours.client.options.namespace });
    open = [ours, minimum];
    try {
      const found = await measurements[name]({ ours, minimum, temporalPid: servers.temporalPid }, settings, tally);
      const violations = [ours, minimum].flatMap(({ slack, name: side }) => violationsOf(side, slack.violations));
      return { ...found, notes: [...found.notes, ...violations] };
    } finally {
      await Promise.all([ours.close(), minimum.close()]);
      open = [];
    }
  } finally {
    tally.close();
    await servers.stop();
  }
}

/** Acknowledgements that came too late are counted by the measurements. */
const toldElsewhere = ['no_ack', 'late_ack'];

/** A side that breaks Slack's rules is not faster, it is wrong; so it is said. */
function violationsOf(side: string, violations: readonly { readonly rule: string }[]): readonly string[] {
  const rules = [...new Set(violations.map(({ rule }) => rule))].filter((rule) => !toldElsewhere.includes(rule));
  return rules.map(
    (rule) => `Slack's rule ${rule}, ${side}: broken ${violations.filter((each) => each.rule === rule).length} times.`,
  );
}

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2));
  const found: Findings[] = [];
  for (const name of stages.filter((each) => settings.only.includes(each))) {
    console.log(`Measuring: ${name}.`);
    const findings = await stage(name, settings);
    found.push(findings);
    console.log([tableOf(findings.rows), ...findings.notes, ''].join('\n'));
  }
  const lines = [
    'All of it:',
    '',
    ...circumstances(settings),
    '',
    tableOf(found.flatMap(({ rows }) => rows)),
    '',
    ...found.flatMap(({ notes }) => notes),
  ];
  console.log(lines.join('\n'));
}

main().then(
  // The SDK's native runtime would keep the process alive.
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
