import { Late } from '../../bot/temporal';
import { Turns } from '../../bot/turns';

/** Work that goes on until it is told to end. */
function piece(): { readonly work: () => Promise<string>; readonly begun: () => boolean; readonly end: () => void } {
  let begun = false;
  let end = (): void => undefined;
  const ended = new Promise<string>((resolve) => (end = () => resolve('done')));
  return {
    begun: () => begun,
    end: () => end(),
    work: () => {
      begun = true;
      return ended;
    },
  };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('only so many pieces of work run at once, the others in the order in which they came', async () => {
  const turns = new Turns(2);
  const pieces = [piece(), piece(), piece(), piece()];
  const results = pieces.map(({ work }) => turns.take(60_000, work));
  expect(pieces.map(({ begun }) => begun())).toEqual([true, true, false, false]);
  pieces[1]!.end();
  await settled();
  expect(pieces.map(({ begun }) => begun())).toEqual([true, true, true, false]);
  for (const { end } of pieces) end();
  expect(await Promise.all(results)).toEqual(['done', 'done', 'done', 'done']);
});

test('whoever waits too long is told so, and nothing of theirs has begun or begins later', async () => {
  const turns = new Turns(1);
  const [first, impatient, patient] = [piece(), piece(), piece()];
  const results = [turns.take(60_000, first.work), turns.take(60_000, patient.work)];
  await expect(turns.take(5, impatient.work)).rejects.toThrow(Late);
  first.end();
  await settled();
  expect([impatient.begun(), patient.begun()]).toEqual([false, true]);
  patient.end();
  await Promise.all(results);
});

test('work that fails gives its place on', async () => {
  const turns = new Turns(1);
  const failing = turns.take(60_000, () => Promise.reject(new Error('refused')));
  const next = turns.take(60_000, () => Promise.resolve('mine'));
  await expect(failing).rejects.toThrow('refused');
  expect(await next).toBe('mine');
  expect(await turns.take(0, () => Promise.resolve('free'))).toBe('free');
});
