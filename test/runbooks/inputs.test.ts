import type { Json } from '../../src/json';
import { validateInputs } from '../../src/runbooks/inputs';
import type { RunbookInput } from '../../src/runbooks/schema';

const one = (spec: RunbookInput, value: Json) => validateInputs({ declared: { x: spec }, given: { x: value } });

describe('an input', () => {
  test.each<[RunbookInput, Json, Json]>([
    [{ type: 'integer', min: 1, max: 5 }, '2', 2],
    [{ type: 'integer' }, -3, -3],
    [{ type: 'boolean' }, 'yes', true],
    [{ type: 'boolean' }, false, false],
    [{ type: 'choice', options: ['a', 'b'] }, 'b', 'b'],
    [{ type: 'list', items: { type: 'integer' } }, '1, 2', [1, 2]],
    [{ type: 'ipv4' }, '192.0.2.1', '192.0.2.1'],
    [{ type: 'ipv6' }, '2001:db8::1', '2001:db8::1'],
    [{ type: 'cidr' }, '10.0.0.0/8', '10.0.0.0/8'],
    [{ type: 'cidr' }, '2001:db8::/128', '2001:db8::/128'],
    [{ type: 'duration' }, '1h30m', '1h30m'],
    [{ type: 'version' }, 'v2.4.0', 'v2.4.0'],
    [{ type: 'percent' }, '25%', 25],
    [{ type: 'percent' }, 12.5, 12.5],
    [{ type: 'string', pattern: '[a-z]+' }, 'web', 'web'],
    [{ type: 'service' }, 'checkout', 'checkout'],
    [{ type: 'string', default: 'd' }, '', 'd'],
    [{ type: 'integer', default: 1 }, null, 1],
    [{ type: 'version', default: '' }, '', ''],
  ])('%j takes %j as %j', (spec, value, read) => {
    expect(one(spec, value)).toEqual({ ok: true, inputs: { x: read } });
  });

  test.each<[RunbookInput, Json, RegExp]>([
    [{ type: 'integer', min: 1, max: 5 }, '6', /from 1 to 5/],
    [{ type: 'integer', min: 1 }, 0, /at least 1/],
    [{ type: 'integer' }, '2.5', /whole number/],
    [{ type: 'integer' }, '0x10', /whole number/],
    [{ type: 'boolean' }, 'maybe', /true or false/],
    [{ type: 'choice', options: ['blue', 'green'] }, 'bleu', /one of blue, green/],
    [{ type: 'list', min: 2 }, 'a', /at least 2/],
    [{ type: 'list', items: { type: 'ipv4' } }, '1.2.3.4,x', /entry "x"/],
    [{ type: 'ipv4' }, '0300.1.1.1', /IPv4/],
    [{ type: 'ipv4' }, '::ffff:1.2.3.4', /IPv4/],
    [{ type: 'ipv6' }, '1.2.3.4', /IPv6/],
    [{ type: 'cidr' }, '10.0.0.0/33', /network/],
    [{ type: 'cidr' }, '10.0.0.0', /network/],
    [{ type: 'duration' }, 'soon', /duration/],
    [{ type: 'version' }, '--upload-pack=x', /version/],
    [{ type: 'version' }, '../../etc', /version/],
    [{ type: 'version' }, 'v1 v2', /version/],
    [{ type: 'percent' }, '101%', /from 0% to 100%/],
    [{ type: 'string', pattern: '[a-z]+' }, 'web; rm', /has to match/],
    [{ type: 'string', pattern: 'a|b' }, 'ax', /has to match/],
    [{ type: 'service' }, '-x', /name of a service/],
    [{ type: 'string' }, '', /is missing/],
    [{ type: 'string' }, ['a'], /has to be a text/],
  ])('%j refuses %j', (spec, value, message) => {
    const result = one(spec, value);
    expect(result.ok ? [] : result.problems).toEqual([{ input: 'x', message: expect.stringMatching(message) }]);
  });

  it('is answered in linear time, whatever its pattern', () => {
    const result = one({ type: 'string', pattern: '(a+)+' }, `${'a'.repeat(2000)}!`);
    expect(result.ok).toBe(false);
  });

  it('that nobody declared is named with the one that was meant', () => {
    const result = validateInputs({ declared: { count: { type: 'integer' } }, given: { count: 1, cuont: 2 } });
    expect(result).toEqual({ ok: false, problems: [{ input: 'cuont', message: expect.stringContaining('"count"') }] });
  });

  it('of a kind whose names are known has to be one of them', () => {
    const known = { services: ['checkout'] };
    const result = validateInputs({ declared: { s: { type: 'service' } }, given: { s: 'chekout' }, known });
    expect(result).toMatchObject({ ok: false, problems: [{ message: expect.stringContaining('checkout') }] });
  });
});
