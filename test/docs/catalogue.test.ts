import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CATALOGUE_END, CATALOGUE_START, cataloguePage, withCatalogue } from '../../src/runbooks/catalogue-page';
import { stepKinds } from '../../src/runbooks/step-kinds';

describe('the catalogue of step kinds in docs/runbooks.md', () => {
  test('is the one made from the code (npm run generate)', () => {
    const flat = (text: string) => text.replace(/-+/g, '-').replace(/\s+/g, ' ');
    const page = readFileSync(join(__dirname, '../../docs/runbooks.md'), 'utf8');
    expect(flat(page)).toContain(flat(cataloguePage()));
  });

  test('has every kind with every key it takes, and replaces only itself', () => {
    for (const { name } of stepKinds) expect(cataloguePage()).toContain(`### \`${name}\``);
    expect(cataloguePage()).toContain('| `status` | list: whole number | no |');
    expect(cataloguePage()).toContain('| `query` | map: name to text or number or true or false | no |');
    expect(cataloguePage()).toContain('| `secrets` | map: name to map | no, `{}` |');
    expect(withCatalogue(`a\n${CATALOGUE_START}\nold\n${CATALOGUE_END}\nb`)).toBe(`a\n${cataloguePage()}\nb`);
    expect(withCatalogue('no markers')).toBe('no markers');
  });
});
