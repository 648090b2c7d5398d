import { ApplicationFailure } from '@temporalio/common';
import { openWorld, type World } from '../helpers/operation-world';
import { aJudgement, aPlan, aRequest, aStep } from '../helpers/samples';
import type { StepResult } from '../../src/operation/plan';
import type { JudgeInput } from '../../src/operation/judgement';

let world: World;
const judged: JudgeInput[] = [];
let inputs: { readonly [name: string]: string } | undefined;

beforeAll(async () => {
  world = await openWorld(undefined, () => ({
    judge: async (input) => {
      judged.push(input);
      return aJudgement({ lane: { service: 'found', environment: 'production' }, ...(inputs && { inputs }) });
    },
  }));
  const { admit } = world;
  world.admit = async (request) => {
    const admission = await admit(request);
    if (admission.kind === 'denied') return admission;
    return {
      ...admission,
      resolve: aPlan([aStep('plan', { name: 'Plan the network' }), aStep('extra'), aStep('check')]),
    };
  };
});

afterAll(() => world?.close());

test('what may fail and does is told as not known, and judged without it', async () => {
  const { admit } = world;
  world.admit = async (request) => {
    const admission = await admit(request);
    if (admission.kind === 'denied') return admission;
    const measured = aStep('measured/budget', { name: 'Measure budget', onFailure: 'continue' });
    return { ...admission, resolve: aPlan([measured, aStep('plan')]) };
  };
  world.step = async ({ path }): Promise<StepResult> => {
    if (path === 'measured/budget') throw ApplicationFailure.nonRetryable('The metric has no data.', 'StepFailed');
    return { status: 'done', outputs: {}, summary: 'ok' };
  };
  const operation = await world.start(aRequest());
  const view = await operation.until('waiting');
  world.admit = admit;
  expect(view.found).toMatchObject([
    { step: 'Measure budget', summary: 'Not known: The metric has no data.' },
    { step: 'plan', summary: 'ok' },
  ]);
  expect(judged.at(-1)!.resolved).toEqual({ 'measured/budget': {}, plan: {} });
  await operation.act({ kind: 'abort' }, 'U0DEV');
});

test('what the read-only steps found is below the card and on it before the first person is called, and is judged with the plan', async () => {
  const lines = Array.from({ length: 30 }, (_, index) => `create subnet.${index} ${'x'.repeat(300)}`);
  world.step = async ({ path }): Promise<StepResult> => {
    if (path === 'share') return { status: 'done', outputs: {}, summary: 'ok' };
    if (path === 'extra') return { status: 'skipped', outputs: {}, summary: 'not needed here' };
    if (path === 'check') return { status: 'done', outputs: {}, summary: '3 hosts would change' };
    return { status: 'done', outputs: { creates: 30 }, summary: '30 to create', detail: lines };
  };
  const request = aRequest();
  const operation = await world.start(request);
  const view = await operation.until('waiting');

  expect(view.found).toMatchObject([
    { step: 'Plan the network', summary: '30 to create' },
    { step: 'check', summary: '3 hosts would change' },
  ]);
  const [plan] = view.found!;
  expect(plan!.lines).toHaveLength(10);
  expect(plan!.moreLines).toBe(20);
  expect(JSON.stringify(view.found).length).toBeLessThan(2_500);

  const last = judged.at(-1)!;
  expect(last.found).toEqual(view.found);
  expect(last.resolved).toMatchObject({ plan: { creates: 30 } });

  await operation.vote('U0SAM');
  await operation.vote('U0LEE');
  await operation.result();
  const told = world.notices.filter(({ key }) => key.startsWith(request.id)).map(({ notice }) => notice);
  const kinds = told.map(({ kind }) => kind);
  expect(kinds.indexOf('step_detail')).toBeLessThan(kinds.indexOf('ballot_opened'));
  expect(told.filter(({ kind }) => kind === 'step_detail')).toEqual([
    { kind: 'step_detail', step: 'Plan the network', summary: '30 to create', lines },
    { kind: 'step_detail', step: 'check', summary: '3 hosts would change', lines: [] },
  ]);
});

test('what the card cuts of what was asked with is in the thread, whole, before the first person is called', async () => {
  world.step = async (): Promise<StepResult> => ({ status: 'done', outputs: {}, summary: 'ok' });
  const jcl = Array.from({ length: 200 }, (_, index) => `//STEP${index} EXEC PGM=<A&B>`).join('\n');
  inputs = { jcl, code_page: '1047' };
  const request = aRequest({ reason: 'because '.repeat(300) });
  const operation = await world.start(request);
  await operation.until('waiting');
  inputs = undefined;
  await operation.vote('U0SAM');
  await operation.vote('U0LEE');
  await operation.result();

  const told = world.notices.filter(({ key }) => key.startsWith(request.id)).map(({ notice }) => notice);
  const kinds = told.map(({ kind }) => kind);
  expect(kinds.lastIndexOf('inputs')).toBeLessThan(kinds.indexOf('ballot_opened'));
  const pieces = told.flatMap((notice) => (notice.kind === 'inputs' ? notice.pieces : []));
  expect(new Set(pieces.map(({ name }) => name))).toEqual(new Set(['Reason', 'jcl']));
  const whole = (wanted: string) => pieces.flatMap(({ name, text }) => (name === wanted ? [text] : [])).join('');
  expect(whole('jcl')).toBe(jcl);
  expect(whole('Reason')).toBe(request.reason);
});
