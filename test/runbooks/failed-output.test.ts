import { openRunbooks, type Runbooks } from '../helpers/run-runbook';
import { openTools, script, type TestTools } from '../steps/tools';
import { textOfLog } from '../../activities/adapters/log-store';

let tools: TestTools;
let runbooks: Runbooks;
beforeAll(async () => {
  tools = await openTools({
    breaks: script('console.error("unpacking\\nno room left on <device>"); process.exit(4)'),
    works: script('console.error("well done"); console.log("{}")'),
  });
  runbooks = await openRunbooks({ tools });
});
afterAll(() => runbooks?.close());

const start = async (text: string) => {
  const running = await runbooks.start({ files: { 'runbooks/it.yaml': `name: it\n${text}` }, runbook: 'it' });
  const { result } = await running.end();
  const reports = await running.reports();
  return { id: running.id, result, reports, details: reports.flatMap(({ details }) => details) };
};

test('the last lines of a step that failed are told with its failure, with the way to its log', async () => {
  const { id, result, reports, details } = await start(`
steps:
  - { id: fine, name: Fine, uses: program, with: { program: works } }
  - { id: bad, name: Unpack, uses: program, with: { program: breaks } }
`);
  expect(result).toMatchObject({ kind: 'undone', failedStep: 'Unpack' });
  expect(details).toEqual([
    expect.objectContaining({ step: 'Fine', lines: expect.arrayContaining(['well done']), log: 'fine' }),
    expect.objectContaining({
      step: 'Unpack',
      summary: expect.stringContaining('breaks'),
      lines: ['unpacking', 'no room left on <device>'],
      log: 'bad',
    }),
  ]);
  expect(reports.at(-1)?.log).toEqual({ step: 'bad', how: 'failed' });
  const [, log] = await tools.logs.list(id);
  expect(await textOfLog(tools.logs, log!.key)).toBe('unpacking\nno room left on <device>\n');
});

test('a step that failed in one of many targets leads the card to its log', async () => {
  const { reports } = await start(`
steps:
  - id: each
    uses: foreach
    with: { in: [1, 2], as: n, concurrency: 1, max_failures: 5 }
    steps:
      - { id: one, uses: program, if: n == 2, with: { program: breaks } }
`);
  expect(reports.at(-1)?.log).toEqual({ step: 'each/one[1]', how: 'failed' });
});

test('what an undo wrote leads to the log of the undo, and the card to that of the attempt that failed', async () => {
  const { reports, details } = await start(`
steps:
  - { id: bad, name: Unpack, uses: program, with: { program: breaks }, undo: { uses: program, with: { program: works } } }
`);
  expect(details.map(({ log, logMode }) => [log, logMode])).toEqual([
    ['bad', undefined],
    ['bad', 'undo'],
  ]);
  expect(reports.at(-1)?.log).toEqual({ step: 'bad', how: 'failed' });
});
