import { describeFault, faultOf } from './fault';
import { Rounds, seedsOf } from './rounds';

jest.setTimeout(240_000);

const rounds = new Rounds();
afterAll(() => rounds.close());

describe('whatever is killed, the story goes on: no second card, no second deploy, no lost vote', () => {
  test.each(seedsOf(1, 5).map((seed) => [describeFault(faultOf(seed)), seed] as const))('%s', (_, seed) =>
    rounds.play(seed),
  );
});

test('an incident goes on over a kill between declared, mitigated and resolved', () =>
  rounds.incident('worker', 'temporal'));

test('an approval that was acknowledged counts, though the bot died before it could say who pressed', () =>
  rounds.heardApproval());

test('an approval whose acknowledgement a kill prevented is repeated, and counts once', () =>
  rounds.unheardApproval(seedsOf(6, 1)[0]!));
