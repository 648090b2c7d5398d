import type { Subcommand } from './registry';

const mayLock = 'whoever may ask for work there, or whom policy names';
const mayUnlock = 'whoever holds it, and whom policy names';
const mayFreeze = 'whom policy names, and the owner for their own service';
const mayStop = 'whom policy names; operators and whoever is on call where it does not';

/** What holds work back by command, and what lets it go. */
export const holdSubcommands: readonly Subcommand[] = [
  {
    name: 'locks',
    kind: 'locks',
    usage: '',
    summary: 'Who holds which lock and why, who waits for it, what is frozen or stopped.',
    examples: ['/signalbox locks'],
    who: 'everyone',
    flags: [],
  },
  {
    name: 'lock',
    kind: 'hold.lock',
    usage: '<service> in <environment> "<reason>" [for <time>] [--change version]',
    summary: 'Hold everybody else back there for a while; what is locked already gives a place in the queue.',
    examples: [
      '/signalbox lock checkout in production "database migration" for 2h',
      '/signalbox lock checkout in production "only this one" --change v2.4.0',
    ],
    who: mayLock,
    flags: [{ name: 'change', value: 'version', summary: 'only this version passes, whoever asks for it' }],
  },
  {
    name: 'unlock',
    kind: 'hold.unlock',
    usage: '<service> in <environment> ["<reason>"]',
    summary: "Give a lock back, leave its queue, or with a reason lift somebody else's.",
    examples: ['/signalbox unlock checkout in production'],
    who: mayUnlock,
    flags: [],
  },
  {
    name: 'hand-over',
    kind: 'hold.hand_over',
    usage: '<service> in <environment> to <@user> ["<reason>"]',
    summary: 'Pass a lock on before its time is over.',
    examples: ['/signalbox hand-over checkout in production to @ann'],
    who: mayUnlock,
    flags: [],
  },
  {
    name: 'freeze',
    kind: 'hold.freeze',
    usage: '[<service> in] <environment> "<reason>" [for <time> | until <when>]',
    summary: 'Hold changes of an environment, or of one service in it, back; rollbacks still work.',
    examples: [
      '/signalbox freeze production "audit" until friday 18:00',
      '/signalbox freeze checkout in production "odd error rates" for 2h',
    ],
    who: mayFreeze,
    flags: [],
  },
  {
    name: 'thaw',
    kind: 'hold.thaw',
    usage: '[<service> in] <environment>',
    summary: 'End a freeze by command; what waited for it goes on by itself.',
    examples: ['/signalbox thaw production'],
    who: mayFreeze,
    flags: [],
  },
  {
    name: 'stop',
    kind: 'hold.stop',
    usage: '"<reason>"',
    summary: 'Stop everything: nothing begins anywhere until go; rollbacks still work.',
    examples: ['/signalbox stop "credentials leaked"'],
    who: mayStop,
    flags: [],
  },
  {
    name: 'go',
    kind: 'hold.go',
    usage: '["<reason>"]',
    summary: 'Lift the stop; what waited goes on by itself.',
    examples: ['/signalbox go'],
    who: mayStop,
    flags: [],
  },
];
