import { laneId } from '../../workflows/contract';
import { changeBy } from '../../workflows/operation/change-by';

const lane = { service: 'servers', environment: '@infrastructure' };
const fence = { epoch: 1, number: 2 };
const ref = { kind: 'server', name: 'web-1' };
const change = (place: object, judgement: object) =>
  changeBy({ place, facts: { request: { id: 'op' }, judgement } } as never, ref);

test('a change of a resource says of which lane its fence is', () => {
  expect(change({ grant: { fence } }, { lane })).toMatchObject({ ...ref, operation: 'op', fence, lane: laneId(lane) });
});

test('without a place in a lane there is neither', () => {
  const made = change({}, { lane });
  expect(made).not.toHaveProperty('fence');
  expect(made).not.toHaveProperty('lane');
});
