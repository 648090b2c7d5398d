import { stepsWorld } from '../helpers/steps-world';
import { policyOf } from '../policy/helpers';

const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
/** It opens on the day after tomorrow, or a little more than a week later: never within an hour. */
const later = new Date(Date.now() + 2 * 86_400_000);
const windows = `windows:
  later: { days: ${days[later.getUTCDay()]}, from: "00:00", to: "01:00", timezone: UTC }
  open: { days: mon-sun, from: "00:00", to: "24:00", timezone: UTC }
`;

const { get, asked, resultOf } = stepsWorld({ policy: policyOf(`environments: { staging: {} }\n${windows}`) });

const until = (window: string) => ({ id: 'night', uses: 'wait', with: { window, for: '1h' } });

test('a wait for a window that opens after its time fails at once, and says when it opens', async () => {
  const result = await resultOf([until('later'), get('after')]);

  const day = later.toISOString().slice(0, 10);
  expect(result).toMatchObject({
    kind: 'undone',
    failedStep: 'night',
    reason: expect.stringMatching(
      new RegExp(`^The window later opens at ${day}T00:00:00(\\.000)?Z, and this step waits for 1h at most; `),
    ),
  });
  expect(asked()).toEqual([]);
});

test('a wait for a window that is open goes on', async () => {
  expect(await resultOf([until('open'), get('after')])).toMatchObject({ kind: 'done' });
  expect(asked()).toEqual(['GET /after']);
});
