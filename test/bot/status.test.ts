import { statusLines } from '../../src/main/cli/words';
import type { StatusView } from '../../src/messages/status';
import { openIncident, statusOf } from '../../bot/looks';
import { defaultWaits } from '../../bot/deps';
import { eventually, openBotWorld, personToken, type BotWorld } from './support/bot-world';
import type { OpenReview } from '../../src/operation/review';
import { REVIEW_MEMO, reviewId, WORKER_QUEUE, WORKFLOWS } from '../../workflows/contract';
import { since } from './support/stand-in-workflows';

const freeze = 'The freeze "year end" refuses changes of every service until 2027.';
const problem = 'The policy in force is not the newest one: policy.yaml:3 is wrong.';

let world: BotWorld;
beforeAll(async () => {
  world = await openBotWorld({ deps: { holding: () => Promise.resolve({ holds: [freeze], policyProblem: problem }) } });
  await world.startWorker();
});
afterAll(() => world?.close());

const type = (command: string, text: string) =>
  world.slack.command({ user: 'U0ANN', channel: 'C0DEPLOYS', command, text });
const looks = () => ({ temporal: world.temporal.client, waits: defaultWaits });

async function askedFor(text: string): Promise<StatusView> {
  const answered = await fetch(`${world.bot.url}/api/v1/commands`, {
    method: 'POST',
    headers: { authorization: `Bearer ${personToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ text, key: String(Math.random()) }),
  });
  const answer = (await answered.json()) as { status?: StatusView };
  return (answer.status ?? answer) as StatusView;
}

describe('the reviews', () => {
  it('are listed with what was done, by whom, and who closes them until when; what is due first comes first', async () => {
    expect(await linesOf('signalbox reviews')).toEqual(['Every break-glass has been looked at.']);
    const review = (operation: string, dueAt: string): OpenReview => ({
      operation,
      title: `Deploy ${operation}`,
      by: 'U0ANN',
      reviewBy: ['director', 'sre'],
      openedAt: '2026-11-20T10:00:00.000Z',
      dueAt,
    });
    const open = [review('web', '2999-01-01T00:00:00.000Z'), review('db', '2020-01-01T00:00:00.000Z')];
    for (const each of open)
      await world.temporal.client.workflow.start(WORKFLOWS.review, {
        workflowId: reviewId(each.operation),
        taskQueue: WORKER_QUEUE,
        memo: { [REVIEW_MEMO]: { ...each } },
      });

    const lines = await eventually(async () => {
      const seen = await linesOf('signalbox reviews');
      return seen.length === 2 && seen;
    });

    expect(lines).toEqual([
      '• Deploy db (db), done by U0ANN: its review by director or sre is overdue since 2020-01-01 00:00 UTC; until it is closed, U0ANN cannot break the glass again.',
      '• Deploy web (web), done by U0ANN: its review by director or sre is due by 2999-01-01 00:00 UTC; until it is closed, U0ANN cannot break the glass again.',
    ]);
    await type('/signalbox', 'reviews');
    await world.slack.waitFor(() =>
      world.slack.ephemerals('U0ANN').some(({ text }) => text.includes('Deploy web (web)')),
    );
  });
});

async function linesOf(text: string): Promise<readonly string[]> {
  return ((await askedFor(text)) as unknown as { lines: readonly string[] }).lines;
}

describe('the status', () => {
  it('tells operations apart by what was asked for, links their cards and says since when they wait', async () => {
    const card = await world.web.chat.postMessage({ channel: 'C0DEPLOYS', text: 'A card.' });
    await type('/deploy', `checkout v1 to production --reason C0DEPLOYS/${card.ts}`);
    await type('/deploy', 'checkout v2 to production');
    await type('/rollback', 'checkout in production');
    await type('/provision', 'provision-node node-7 join=false');
    const status = await eventually(async () => {
      const seen = await askedFor('signalbox status');
      // What a workflow says of itself reaches the list a moment after the workflow is there.
      const isSaid =
        seen.operations.every((line) => line.since === since) && seen.operations.some((line) => line.permalink);
      return seen.operations.length === 4 && isSaid && seen;
    });
    expect(status.operations.map(({ title }) => title).sort()).toEqual([
      'Deploy checkout v1 to production',
      'Deploy checkout v2 to production',
      'Provision provision-node (hostname=node-7, join=false)',
      'Roll back checkout in production',
    ]);
    const linked = status.operations.filter(({ permalink }) => permalink !== undefined);
    expect(linked).toMatchObject([
      { title: 'Deploy checkout v1 to production', permalink: expect.stringContaining(card.ts!.replace('.', '')) },
    ]);
    expect(status).toMatchObject({ holds: [freeze], policyProblem: problem });
    expect(status.cut).toBeUndefined();
  });

  it('says how many incidents it leaves out, and each of them is still found by its id', async () => {
    for (let at = 0; at < 26; at += 1) await type('/incident', `declare sev3 checkout "trouble ${at}"`);
    const status = await eventually(async () => {
      const seen = await statusOf(looks());
      // On a busy machine it may have to leave out more, because they do not answer in time.
      return seen.cut !== undefined && seen.incidents.length === 25 && seen;
    }, 45_000);
    expect(status.cut).toEqual(['1 more incident is open and not listed.']);
    expect(statusLines(status)).toContain('1 more incident is open and not listed.');
    const shown = new Set(status.incidents.map(({ id }) => id));
    const ids: string[] = [];
    for await (const { workflowId } of world.temporal.client.workflow.list({ query: "WorkflowType = 'incident'" }))
      ids.push(workflowId);
    const left = ids.find((id) => !shown.has(id))!;
    expect((await openIncident(looks(), left.slice(-10)))?.id).toBe(left);
    await type('/incident', `update "found" --id ${left.slice(-10)}`);
    await world.slack.waitFor(() => world.slack.ephemerals('U0ANN').at(-1)!.text.includes('timeline has your line'));
  });
});

it('says that operations are left out when there are more than a list holds', async () => {
  const { workflow } = world.temporal.client;
  const start = (_: unknown, at: number) =>
    workflow.start('operation', { workflowId: `deploy-many-${at}`, taskQueue: 'nobody', args: [] });
  await Promise.all(Array.from({ length: 101 }, start));
  const status = await eventually(async () => {
    const seen = await statusOf(looks());
    return seen.operations.length === 100 && seen;
  });
  expect(status.cut).toContain('There are more operations: only the newest 100 are listed.');
});

it('broke no rule of Slack', () => {
  expect(world.slack.violations).toEqual([]);
});
