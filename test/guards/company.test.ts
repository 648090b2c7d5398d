import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const company = readFileSync(join(root, 'scripts/slack-proxy/company.json'), 'utf8');
const policy = ['policy.yaml', 'people.yaml']
  .map((file) => readFileSync(join(root, 'examples/policy', file), 'utf8'))
  .join('\n');

const unknownIn = (text: string): readonly string[] => {
  const { users, groups } = JSON.parse(company) as Record<'users' | 'groups', readonly { readonly id: string }[]>;
  const known = [...users, ...groups].map(({ id }) => id);
  return [...new Set(text.match(/\b[US]0[A-Z]+\b/g))].filter((id) => !known.includes(id));
};

test('everybody whom the example policy names is in the demo’s workspace', () => {
  expect(unknownIn(policy)).toEqual([]);
  expect(unknownIn(`${policy} U0NOBODY`)).toEqual(['U0NOBODY']);
});

test('every channel that the example policy names is in the demo’s workspace', () => {
  const { channels } = JSON.parse(company) as { readonly channels: readonly { readonly name: string }[] };
  const named = [...new Set([...policy.matchAll(/"#([a-z-]+)"/g)].map((match) => match[1]))];
  expect(named.length).toBeGreaterThan(3);
  expect(channels.map(({ name }) => name)).toEqual(expect.arrayContaining(named));
});

test('every version the demo adopts belongs to a service of the example policy', () => {
  const { adopt } = JSON.parse(company) as { readonly adopt: readonly { readonly name: string }[] };
  const files = join(root, 'examples/policy/configs/services');
  expect(adopt.filter(({ name }) => !existsSync(join(files, `${name}.yaml`)))).toEqual([]);
  expect(readdirSync(files).length).toBeGreaterThan(0);
});
