import { isInstant } from '../../src/documents/instant';

it.each([
  ['2026-11-24T10:00:00Z', true],
  ['2026-11-24T10:00Z', true],
  ['2026-11-24T10:00:00.123Z', true],
  ['2026-11-24T10:00:00+05:30', true],
  ['2028-02-29T23:59:59-08:00', true],
  ['2026-11-24T10:00:00', false],
  ['2026-11-24', false],
  ['2026-02-29T10:00:00Z', false],
  ['2026-02-30T10:00:00Z', false],
  ['2026-13-01T10:00:00Z', false],
  ['2026-11-24T24:00:00Z', false],
  ['2026-11-24T10:60:00Z', false],
  ['2026-11-24T10:00:00+25:00', false],
  ['2026-11-24 10:00:00Z', false],
  ['Nov 24 2026 10:00 UTC', false],
  ['1764000000000', false],
])('whether "%s" is one instant everywhere: %s', (text, is) => {
  expect(isInstant(text)).toBe(is);
});
