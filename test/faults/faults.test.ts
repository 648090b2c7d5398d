import { describeFault, faultOf } from '../kills/fault';
import { Rounds, seedsOf } from '../kills/rounds';

jest.setTimeout(240_000);

const rounds = new Rounds();
afterAll(() => rounds.close());

describe('thirty kills at thirty moments', () => {
  test.each(seedsOf(101, 30).map((seed) => [describeFault(faultOf(seed)), seed] as const))('%s', (_, seed) =>
    rounds.play(seed),
  );
});

test.each([
  ['bot', 'runner'],
  ['worker', 'bot'],
  ['redis', 'worker'],
  ['temporal', 'redis'],
  ['runner', 'temporal'],
] as const)('an incident goes on when %s is killed before it is mitigated, and %s before it is resolved', (one, two) =>
  rounds.incident(one, two),
);

test.each(seedsOf(201, 5))(
  'FAULT_SEED=%i: an approval whose acknowledgement a kill prevented is repeated, and counts once',
  (seed) => rounds.unheardApproval(seed),
);
