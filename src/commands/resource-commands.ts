import type { Subcommand } from './registry';

const mayTouch = 'its owner, whoever may ask for work where it is, and operators';

/** What can be asked about things that were provisioned. */
export const resourceSubcommands: readonly Subcommand[] = [
  {
    name: 'list',
    kind: 'provision.list',
    usage: '[words…]',
    summary: 'What was provisioned: whose it is, since when and until when; words narrow it down, "mine" is your own.',
    examples: ['/provision list', '/provision list sandbox mine'],
    who: 'everyone',
    flags: [],
  },
  {
    name: 'destroy',
    kind: 'provision.destroy',
    usage: '<name> [--confirm name] [--reason "…"]',
    summary: 'Take something away that was provisioned; where its data is lost, its name has to be typed once more.',
    examples: ['/provision destroy demo', '/provision destroy database/orders --confirm orders'],
    who: mayTouch,
    flags: [
      { name: 'confirm', value: 'name', summary: 'its name once more, where its data is lost' },
      { name: 'reason', value: '"…"', summary: 'why, in your words; it is shown on the card and kept' },
    ],
  },
  {
    name: 'servers',
    kind: 'provision.servers',
    usage: '[group] [in <environment>] [--apply] [--confirm group] [--reason "…"]',
    summary:
      'What infrastructure/*.yaml declares against what is there: what would be created, replaced and removed; with --apply it is asked for.',
    examples: [
      '/provision servers',
      '/provision servers web in production --apply',
      '/provision servers db --confirm db',
    ],
    who: 'everyone may look; carrying it out is for whoever may ask for work where it is',
    flags: [
      { name: 'apply', summary: 'carry the difference out, as policy says' },
      { name: 'confirm', value: 'group', summary: 'the group once more, where its data is lost; carries it out' },
      { name: 'reason', value: '"…"', summary: 'why, in your words; it is shown on the card and kept' },
    ],
  },
  {
    name: 'extend',
    kind: 'provision.extend',
    usage: '<name> by <time>',
    summary: 'Keep something longer than its lease, as far as policy lets it live.',
    examples: ['/provision extend demo by 2d'],
    who: mayTouch,
    flags: [],
  },
];
