import { basisOf } from '../../src/policy/basis';
import { person, policyOf } from './helpers';

const { people } = policyOf('environments: { production: {} }\n');
const request = {
  kind: 'deploy',
  service: 'web',
  environment: 'production',
  version: 'v2',
  requester: person('U0ANA'),
} as const;
const entry = (at: number, more: object = {}) => ({
  service: 'web',
  environment: 'staging',
  version: `v${at}`,
  succeededAt: '2026-11-24T08:00:00Z',
  ...more,
});

describe('the basis of a verdict in its record', () => {
  it('keeps the world, and people by id only', () => {
    const basis = basisOf({
      people,
      request: { ...request, authors: ['lee@example.com', 'Somebody Else <else@example.com>', 'U0DAN'] },
      world: { plan: { steps: 3 }, paths: ['src/a.ts'], teams: { security: ['U0SAM'] }, requester: 'member' },
    });
    expect(basis).toEqual({
      request: { service: 'web', environment: 'production', version: 'v2', authors: ['U0LEE', 'U0DAN'] },
      world: { plan: { steps: 3 }, paths: ['src/a.ts'], teams: { security: ['U0SAM'] }, requester: 'member' },
      cut: ['authors'],
    });
  });

  it('keeps of a long history what this request asks about, and says what was cut', () => {
    const history = [
      ...Array.from({ length: 80 }, (_, at) => entry(at + 100)),
      entry(2),
      entry(7, { environment: 'production' }),
      entry(2, { service: 'bank' }),
    ];
    const { world, cut } = basisOf({ people, request, world: { history } });
    const kept = world.history as unknown as typeof history;
    expect(kept).toHaveLength(50);
    expect(kept.slice(0, 2)).toEqual([entry(2), entry(7, { environment: 'production' })]);
    expect(kept.every(({ service }) => service === 'web')).toBe(true);
    expect(cut).toEqual(['history']);
  });

  it('stays small whatever the world holds', () => {
    const paths = Array.from({ length: 10_000 }, (_, at) => `src/${'x'.repeat(300)}/${at}.ts`);
    const basis = basisOf({ people, request, world: { paths } });
    expect(basis.cut).toEqual(['paths']);
    expect(JSON.stringify(basis).length).toBeLessThan(10_000);
  });
});
