import { serverLines } from '../../src/messages/server-words';
import type { GroupDifference, ServerToCreate } from '../../src/infrastructure/difference';

const build = { group: 'build', type: 'cx22', region: 'fsn1', data: false };
const declared = { name: 'build', count: 2, type: 'cx22', region: 'fsn1', data: false, file: 'servers.yaml' };
const created = (number: number): ServerToCreate => ({ ...build, name: `build-${number}`, number });
const nothing: GroupDifference = { group: 'build', declared, kept: [], creates: [], removes: [], stuck: [], busy: [] };

it.each<[string, Partial<GroupDifference>, string]>([
  [
    'nothing is there',
    { creates: [created(1), created(2)] },
    '🛠️ build: 2 × cx22 in fsn1; none of them is there as declared; create build-1, build-2.',
  ],
  [
    'one of two is there',
    { kept: ['build-1'], creates: [created(2)] },
    '🛠️ build: 2 × cx22 in fsn1; 1 of them is there; create build-2.',
  ],
  ['all is there', { kept: ['build-1', 'build-2'] }, '🟢 build: 2 × cx22 in fsn1; all are there; nothing to do.'],
])('says what lies between the file and what is there: %s', (_what, change, wanted) => {
  const view = { branch: 'main', commit: 'a'.repeat(40), differences: [{ ...nothing, ...change }] };
  expect(serverLines(view)[1]).toBe(wanted);
});
