import { ProgramArguments } from '../../activities/processes/program-arguments';
import { hostileValues } from '../helpers/hostile-values';

test('an argument list is put together from words of ours, options with their values, and the rest', () => {
  const args = new ProgramArguments('apply').switch('--yes').option('--file', 'x y').value('web').rest(['-a', 'b']);
  expect(args.words).toEqual(['apply', '--yes', '--file=x y', 'web', '--', '-a', 'b']);
});

test.each(hostileValues)('%j can never become an option', (value) => {
  const build = () => new ProgramArguments('go').option('--name', value).rest([value]).words;
  if (value.includes('\0')) return expect(build).toThrow(/NUL/);
  const words = build();
  expect(words).toEqual(['go', `--name=${value}`, '--', value]);
});

test.each(hostileValues.filter((value) => value.startsWith('-')))(
  '%j is refused where an option could stand',
  (value) => {
    expect(() => new ProgramArguments().value(value)).toThrow(/hyphen/);
  },
);

test('nothing follows the rest', () => {
  expect(() => new ProgramArguments().rest(['a']).switch('--b')).toThrow(/after "--"/);
});
