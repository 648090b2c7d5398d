import { logMessage } from '../../src/messages/log-view';

test.each([
  ['canary/share', 'canary/share, attempt 2'],
  ['each/empty[1]', 'each/empty, target 2, attempt 2'],
  ['sites/hosts/patch[0][11]', 'sites/hosts/patch, target 1 and in it 12, attempt 2'],
])('the log of %s says which target it is about, counted as people count', (step, words) => {
  const log = { step, mode: 'do', attempt: 2, bytes: 4 } as const;
  const { text } = logMessage({ operation: 'runbook-x-abc', logs: [log], place: 0, text: 'done', isWhole: true });
  expect(text).toContain(`Log of ${words}, of `);
});
