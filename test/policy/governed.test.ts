import { isGoverned, isPolicyDocument } from '../../src/policy/governed';

describe('governed paths', () => {
  it.each([
    'policy.yaml',
    'configs/services/checkout.yaml',
    'configs/shared.yaml',
    'runbooks/a.yaml',
    'playbooks/x.yml',
    'infrastructure',
    'configs/staging',
  ])('include %s', (path) => expect(isGoverned(path)).toBe(true));

  it.each(['configs/staging/database.yaml', 'configs/production/a/b.yaml', 'infrastructure/servers.yaml'])(
    'leave out %s',
    (path) => expect(isGoverned(path)).toBe(false),
  );

  it('include a folder under configs/ that belongs to no environment', () => {
    expect(isGoverned('configs/staging/a.yaml', ['staging'])).toBe(false);
    expect(isGoverned('configs/elsewhere/a.yaml', ['staging'])).toBe(true);
    expect(isGoverned('configs/services/a.yaml', ['services'])).toBe(true);
  });

  it('include what tries to climb out of a folder that is not', () => {
    expect(isGoverned('configs/staging/../../policy.yaml')).toBe(true);
    expect(isGoverned('infrastructure/../policy.yaml')).toBe(true);
  });
});

describe('documents of policy', () => {
  it.each([
    ['policy.yaml', true],
    ['people.yaml', true],
    ['other.yaml', false],
    ['runbooks/a.yml', true],
    ['oncall/platform.yaml', true],
    ['schemas/database.schema.json', true],
    ['runbooks/readme.md', false],
    ['playbooks/site.yml', false],
    ['terraform/main.tf', false],
  ])('%s: %s', (path, expected) => expect(isPolicyDocument(path)).toBe(expected));
});
