import { eventually } from '../helpers/temporal';
import { stepsWorld } from '../helpers/steps-world';
import { json } from '../steps/endpoint';

const { api, put, get, asked, failAt, start, phaseIs } = stepsWorld();

describe('a slice of a long list', () => {
  const many = Array.from({ length: 300 }, (_, index) => `h${index}`);
  const given = { declared: { hosts: { type: 'list', items: { type: 'string' } } }, inputs: { hosts: many } };
  const each = (steps: readonly object[], more: object = {}) => ({
    id: 'each',
    uses: 'foreach',
    with: { in: '${{ inputs.hosts }}', as: 'host', concurrency: 50, ...more },
    steps,
  });
  const puts = () => asked().filter((line) => line.startsWith('PUT'));
  const slowly = (ms: number) => {
    api.reply = (seen, response) => void setTimeout(() => json(200, {})(seen, response), ms);
  };

  it('asks for more targets while it is at its last ones, so that two do them all', async () => {
    slowly(20);
    const run = await start([each([get('look', '/look/${{ host }}')])], given);
    expect(await run.result).toMatchObject({ kind: 'done' });
    expect(asked().sort()).toEqual(many.map((host) => `GET /look/${host}`).sort());
    expect(await run.slices()).toBe(2);
  });

  it('gets no more while people hold the run, and is given the rest when they let it go on', async () => {
    slowly(200);
    const run = await start([each([get('look', '/look/${{ host }}')])], given);
    await eventually(() => expect(asked().length).toBeGreaterThan(50), 20_000);
    await run.tell({ kind: 'pause', by: 'U0LEE', at: 'step' });
    // What is under way is done; a second more would be enough for five rounds.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const before = asked().length;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(asked().length).toBe(before);
    expect(before).toBeLessThan(300);
    await run.tell({ kind: 'resume', by: 'U0LEE' });
    expect(await run.result).toMatchObject({ kind: 'done' });
    expect(asked().sort()).toEqual(many.map((host) => `GET /look/${host}`).sort());
  });

  it('leaves no target out and does none twice when it failed and is tried again', async () => {
    failAt('/patch/h70');
    const run = await start([{ ...each([put('patch', '/patch/${{ host }}')]), 'on-failure': 'ask' }], given);
    await phaseIs(run, 'asks');
    const before = puts();
    failAt();
    await run.tell({ kind: 'retry_step', by: 'U0LEE' });
    expect(await run.result).toMatchObject({ kind: 'done' });
    const done = before.filter((line) => line !== 'PUT /patch/h70');
    expect([...done, ...puts().slice(before.length)].sort()).toEqual(many.map((host) => `PUT /patch/${host}`).sort());
  });

  it('begins none of what it asked for once it is aborted, and undoes the rest', async () => {
    slowly(400);
    const run = await start([each([put('patch', '/patch/${{ host }}')])], given);
    await eventually(() => expect(puts().length).toBeGreaterThan(75), 20_000);
    await run.tell({ kind: 'abort', by: 'U0LEE', reason: 'wrong day' });
    expect(await run.result).toMatchObject({ kind: 'undone', abortedBy: 'U0LEE' });
    expect(puts().length).toBeLessThan(300);
    const undone = asked().filter((line) => line.startsWith('DELETE'));
    expect(undone.sort()).toEqual(
      puts()
        .map((line) => line.replace('PUT', 'DELETE'))
        .sort(),
    );
  });

  it('hands out the targets of a wave only, and those of the next once that is over', async () => {
    const run = await start([each([put('patch', '/patch/${{ host }}')], { waves: [150] })], given);
    expect(await run.result).toMatchObject({ kind: 'done' });
    expect(puts().slice(0, 150).sort()).toEqual(
      many
        .slice(0, 150)
        .map((host) => `PUT /patch/${host}`)
        .sort(),
    );
    expect(puts()).toHaveLength(300);
  });
});
