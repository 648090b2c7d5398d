import { applyChange, emptyState, lastGood, succeeded } from '../../src/ledger/state';
import type { AppliedChange, AppliedState } from '../../src/ledger/record';

const where = { service: 'checkout', environment: 'production' };
const at = (hour: number) => `2026-11-21T${String(hour).padStart(2, '0')}:00:00.000Z`;

let clock = 0;
type Said =
  | ['started' | 'succeeded' | 'applied', version: string, operation?: string]
  | ['rolled_back', from: string | undefined, to: string, operation?: string];

/** Tells a story of changes; every one happens an hour after the one before. */
function after(...story: Said[]): AppliedState {
  clock = 0;
  return story.reduce<AppliedState>((state, said) => {
    clock += 1;
    const [kind, first, second, third] = said;
    const change =
      kind === 'rolled_back'
        ? { kind, from: first, to: second, operation: third ?? `rollback-${clock}` }
        : { kind, version: first, operation: second ?? `deploy-${first}` };
    return applyChange(state, { ...where, at: at(clock), ...change } as AppliedChange);
  }, emptyState(where));
}

describe('applied state', () => {
  it('knows what runs and what succeeded, newest first', () => {
    const state = after(['started', 'v1'], ['succeeded', 'v1'], ['succeeded', 'v2']);
    expect(state.current).toEqual({ version: 'v2', operation: 'deploy-v2', at: at(3) });
    expect(state.history.map(({ version }) => version)).toEqual(['v2', 'v1']);
    expect(state.changing).toBeUndefined();
  });

  it('says what is in motion until that very operation has ended', () => {
    expect(after(['succeeded', 'v1'], ['started', 'v2']).changing?.version).toBe('v2');
    expect(after(['started', 'v2'], ['succeeded', 'v2'])).not.toHaveProperty('changing');
    expect(after(['started', 'v1'], ['started', 'v2'], ['applied', 'v1']).changing?.version).toBe('v2');
  });

  it('counts a version whose watch was cut short as running, not as one that succeeded', () => {
    const state = after(['succeeded', 'v1'], ['applied', 'v2']);
    expect(state.current?.version).toBe('v2');
    expect(succeeded(state, 'v2')).toBeUndefined();
  });

  it('lets a version that was rolled back count no more, however often it had succeeded', () => {
    const state = after(
      ['succeeded', 'v2', 'a'],
      ['succeeded', 'v3', 'b'],
      ['succeeded', 'v2', 'c'],
      ['rolled_back', 'v2', 'v3'],
    );
    expect(succeeded(state, 'v2')).toBeUndefined();
    expect(succeeded(state, 'v3')).toMatchObject({ succeededAt: at(2) });
    expect(state.current?.version).toBe('v3');
  });

  it('keeps the version when an undo goes back to where it came from', () => {
    expect(succeeded(after(['succeeded', 'v1'], ['rolled_back', 'v1', 'v1']), 'v1')).toBeDefined();
  });

  it('is the same when a change is applied twice', () => {
    const once = after(['succeeded', 'v1']);
    const change = { ...where, kind: 'succeeded', version: 'v1', operation: 'deploy-v1', at: at(1) } as const;
    expect(applyChange(once, change)).toEqual(once);
  });

  it('remembers 50 versions', () => {
    const story = Array.from({ length: 60 }, (_, n): Said => ['succeeded', `v${n}`]);
    const { history } = after(...story);
    expect(history).toHaveLength(50);
    expect(history[0]?.version).toBe('v59');
  });
});

describe('what a rollback goes back to', () => {
  it.each<[string, Said[], string | undefined, string | undefined]>([
    ['nothing, where nothing ran', [], undefined, undefined],
    ['nothing, where only one version ever ran', [['succeeded', 'v1']], undefined, undefined],
    [
      'the version before',
      [
        ['succeeded', 'v1'],
        ['succeeded', 'v2'],
      ],
      undefined,
      'v1',
    ],
    [
      'the same version deployed twice counts once',
      [
        ['succeeded', 'v1'],
        ['succeeded', 'v2', 'a'],
        ['succeeded', 'v2', 'b'],
      ],
      undefined,
      'v1',
    ],
    [
      'what runs, while a deploy is in motion',
      [
        ['succeeded', 'v1'],
        ['succeeded', 'v2'],
        ['started', 'v3'],
      ],
      undefined,
      'v2',
    ],
    [
      'what succeeded last, when what runs did not',
      [
        ['succeeded', 'v1'],
        ['applied', 'v2'],
      ],
      undefined,
      'v1',
    ],
    [
      'one further, after a rollback',
      [
        ['succeeded', 'v1'],
        ['succeeded', 'v2'],
        ['succeeded', 'v3'],
        ['rolled_back', 'v3', 'v2'],
      ],
      undefined,
      'v1',
    ],
    [
      'never what was rolled back',
      [
        ['succeeded', 'v1'],
        ['succeeded', 'v2'],
        ['rolled_back', 'v2', 'v1'],
        ['succeeded', 'v3'],
      ],
      undefined,
      'v1',
    ],
    [
      'not what a rollback in motion leaves',
      [
        ['succeeded', 'v1'],
        ['succeeded', 'v2'],
        ['started', 'v1', 'rollback-x'],
      ],
      undefined,
      'v1',
    ],
    [
      'something older than a named version',
      [
        ['succeeded', 'v1'],
        ['succeeded', 'v2'],
        ['succeeded', 'v3'],
      ],
      'v2',
      'v1',
    ],
    [
      'the newest, when the named one never succeeded',
      [
        ['succeeded', 'v1'],
        ['succeeded', 'v2'],
      ],
      'v3',
      'v2',
    ],
  ])('is %s', (_, story, before, expected) => {
    expect(lastGood(after(...story), { before })?.version).toBe(expected);
  });
});
