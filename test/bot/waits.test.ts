import { defaultWaits } from '../../bot/deps';

/** Slack's bound for an acknowledgement, and what network and a busy machine may need of it. ms */
const acknowledgeMs = 3_000;
const spareMs = 200;
/** What `within` waits on top of a call to Temporal. */
const graceMs = 100;

const { catalogue, turn, handOver, signal, keep } = defaultWaits;

test.each([
  ['a command that Temporal does not answer, kept at last', catalogue + turn + handOver + graceMs + keep],
  ['a vote that no worker and then no server answers, kept at last', handOver + graceMs + signal + graceMs + keep],
])('the worst case fits in three seconds: %s', (_, ms) => {
  expect(ms).toBeLessThanOrEqual(acknowledgeMs - spareMs);
});
