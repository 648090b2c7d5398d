import { createHash } from 'node:crypto';
import { noTokens, readTokens } from '../../bot/tokens';

const hash = createHash('sha256').update('secret').digest('hex');

describe('the table of tokens', () => {
  it('gives a token its person, and no other token anybody', () => {
    const table = readTokens(`tokens: [{ sha256: ${hash}, person: U0ANN, may: [deploy] }]`);
    expect(table.callerOf('secret')?.requester).toEqual({ kind: 'person', id: 'U0ANN', via: 'cli' });
    expect(table.callerOf('secret')?.may('deploy')).toBe(true);
    expect(table.callerOf('secret')?.may('rollback')).toBe(false);
    expect(table.callerOf('Secret')).toBeUndefined();
    expect(table.callerOf('')).toBeUndefined();
    expect(noTokens.callerOf('secret')).toBeUndefined();
  });

  it.each([
    ['a token in clear', 'tokens: [{ sha256: secret, person: U0ANN }]'],
    ['a name in place of an id', `tokens: [{ sha256: ${hash}, person: ann }]`],
    ['nobody', `tokens: [{ sha256: ${hash} }]`],
    ['the name by which a metric asks', `tokens: [{ sha256: ${hash}, machine: metric }]`],
    ['the name by which a schedule asks', `tokens: [{ sha256: ${hash}, machine: schedule }]`],
    ['the name by which the end of a lease asks', `tokens: [{ sha256: ${hash}, machine: lease }]`],
    ['a person and a machine at once', `tokens: [{ sha256: ${hash}, person: U0ANN, machine: ci }]`],
  ])('refuses %s and shows no hash', (_name, yaml) => {
    expect(() => readTokens(yaml)).toThrow(/TOKENS_FILE cannot be used/);
    expect(() => readTokens(yaml)).not.toThrow(hash);
  });
});
