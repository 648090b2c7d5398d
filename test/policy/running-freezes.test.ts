import { runningFreezes } from '../../src/policy/running-freezes';
import type { PolicyRequest, World } from '../../src/policy/request';
import { person, policyOf } from './helpers';

const policy = policyOf(`
environments: { production: {}, staging: {} }
labels: { hotfix: { who: [owners] } }
holds: { freeze: { who: [leads], running: finish_step } }
break_glass: { who: [oncall] }
freezes:
  - { name: quiet, from: 2026-12-01, to: 2026-12-01, environments: [production] }
  - { name: stage, from: 2026-12-02, to: 2026-12-03, running: finish_stage, environments: [production], except: [hotfix] }
  - { name: undo, from: 2026-12-03, to: 2026-12-03, running: roll_back, environments: [production], effect: deny, except: [hotfix] }
  - { name: bank only, from: 2026-12-05, to: 2026-12-05, running: hold, when: change.service == "bank", except: [hotfix] }
`);

const early = new Date('2026-11-20T00:00:00Z');
const ask = (now: string, request: Partial<PolicyRequest> = {}, world: World = {}, since = early) => {
  const base: PolicyRequest = {
    kind: 'deploy',
    service: 'web',
    environment: 'production',
    version: 'v2',
    requester: person('U0DAN'),
  };
  const answer = runningFreezes({ policy, request: { ...base, ...request }, world, now: new Date(now) }, since);
  const next = answer.nextAtMs === undefined ? undefined : new Date(answer.nextAtMs).toISOString();
  return [answer.now && `${answer.now.name} ${answer.now.does} ${answer.now.until ?? 'open'}`, next];
};

describe('what freezes ask of work that is running', () => {
  const begins = {
    stage: '2026-12-01T23:00:00.000Z',
    undo: '2026-12-02T23:00:00.000Z',
    bank: '2026-12-04T23:00:00.000Z',
  };
  const ends = { stage: '2026-12-03T23:00:00.000Z', bank: '2026-12-05T23:00:00.000Z' };
  test.each([
    [
      'one that lets it finish asks nothing, and the next that asks is told',
      '2026-12-01T12:00:00Z',
      {},
      [undefined, begins.stage],
    ],
    ['a second before it begins', '2026-12-01T22:59:59Z', {}, [undefined, begins.stage]],
    ['when it begins', '2026-12-01T23:00:00Z', {}, [`stage finish_stage ${ends.stage}`, begins.undo]],
    [
      'of two the stricter one counts, to the end of the longer one',
      '2026-12-03T12:00:00Z',
      {},
      [`undo roll_back ${ends.stage}`, ends.stage],
    ],
    ['an excepted label', '2026-12-03T12:00:00Z', { labels: ['hotfix'] }, [undefined, ends.stage]],
    ['another environment', '2026-12-03T12:00:00Z', { environment: 'staging' }, [undefined, ends.stage]],
    ['a rollback is asked nothing, ever', '2026-12-03T12:00:00Z', { kind: 'rollback' }, [undefined, undefined]],
    ['break-glass neither', '2026-12-03T12:00:00Z', { labels: ['break_glass'], reason: 'x' }, [undefined, undefined]],
    ['a condition that does not hold', '2026-12-05T12:00:00Z', {}, [undefined, ends.bank]],
    ['a condition that holds', '2026-12-05T12:00:00Z', { service: 'bank' }, [`bank only hold ${ends.bank}`, ends.bank]],
    ['after the last of them', '2026-12-06T12:00:00Z', {}, [undefined, undefined]],
  ] as const)('%s', (_what, now, request, expected) => {
    expect(ask(now, request as Partial<PolicyRequest>)).toEqual(expected);
  });

  test('one that was there when the work began asks nothing of it, and the next one does', () => {
    const since = new Date('2026-12-02T12:00:00Z');
    expect(ask('2026-12-02T13:00:00Z', {}, {}, since)).toEqual([undefined, begins.undo]);
    expect(ask('2026-12-03T12:00:00Z', {}, {}, since)).toEqual([`undo roll_back ${ends.stage}`, ends.stage]);
  });

  test('a freeze by command asks what policy says of those', () => {
    const freezes = [{ by: 'U0LEE', reason: 'the sale', environment: 'production', until: '2026-11-24T12:00:00Z' }];
    const open = [{ by: 'U0LEE', reason: 'the sale', environment: 'production' }];
    expect(ask('2026-11-24T10:00:00Z', {}, { freezes })).toEqual([
      'the sale finish_step 2026-11-24T12:00:00.000Z',
      '2026-11-24T12:00:00.000Z',
    ]);
    expect(ask('2026-11-24T10:00:00Z', {}, { freezes: open })).toEqual([
      'the sale finish_step open',
      '2026-12-01T23:00:00.000Z',
    ]);
    expect(ask('2026-11-24T10:00:00Z', { environment: 'staging' }, { freezes })).toEqual([
      undefined,
      '2026-12-01T23:00:00.000Z',
    ]);
  });

  test('the sentence says what happens, until when, and who can change it', () => {
    const request: PolicyRequest = {
      kind: 'deploy',
      service: 'web',
      environment: 'production',
      version: 'v2',
      requester: person('U0DAN'),
    };
    const said = (now: string) =>
      runningFreezes({ policy, request, world: {}, now: new Date(now) }, early).now?.message;
    expect(said('2026-12-02T12:00:00Z')).toBe(
      'The freeze "stage" has begun, so the deploy of web v2 to production waits after the stage in progress until Fri 4 Dec 2026 00:00 (Europe/Berlin) and then goes on by itself; the owner of the policy repository can lift it, and it can be aborted meanwhile.',
    );
    expect(said('2026-12-03T12:00:00Z')).toBe(
      'The freeze "undo" has begun and lasts until Fri 4 Dec 2026 00:00 (Europe/Berlin), so the deploy of web v2 to production is stopped and what it has done is undone; the owner of the policy repository can lift it.',
    );
  });
});
