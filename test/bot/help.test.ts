import { commands } from '../../src/commands/registry';
import { openBotWorld, type BotWorld } from './support/bot-world';

const sentence = 'You may not ask Signalbox for anything, because you are a guest; ask a full member.';

let world: BotWorld;
beforeAll(async () => {
  world = await openBotWorld({
    deps: {
      whyNothing: (person) => Promise.resolve(person === 'U0BOB' ? sentence : undefined),
      mayRequest: () => Promise.resolve((kind) => kind !== 'rollback'),
    },
  });
});
afterAll(() => world?.close());

async function told(user: string, text: string): Promise<string> {
  const before = world.slack.ephemerals(user).length;
  await world.slack.command({ user, channel: 'C0DEPLOYS', command: '/signalbox', text });
  await world.slack.waitFor(() => world.slack.ephemerals(user).length > before);
  return world.slack.ephemerals(user).at(-1)!.text;
}

it('whoever may ask for nothing gets that sentence instead of commands', async () => {
  await expect(told('U0BOB', 'help')).resolves.toBe(sentence);
  await expect(told('U0ANN', 'help')).resolves.toContain('/deploy &lt;service&gt;');
});

it('help is whole in Slack: how to see more comes first, and the last command is there', async () => {
  await told('U0ANN', 'help');
  const shown = JSON.stringify(world.slack.ephemerals('U0ANN').at(-1)!.blocks);
  const { command, subcommands } = commands.at(-1)!;
  expect(shown.indexOf('says more')).toBeLessThan(shown.indexOf('/deploy'));
  expect(shown).toContain(`${command}: `);
  expect(shown).toContain(subcommands.at(-1)!.summary);
});

it('help on a command that policy gives one nowhere says so', async () => {
  await expect(told('U0ANN', 'help rollback')).resolves.toMatch(/^Policy lets you ask for no \/rollback anywhere;/);
});
