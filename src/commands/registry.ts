import type { AskedKind } from './asked';
import { holdSubcommands } from './hold-commands';
import { resourceSubcommands } from './resource-commands';

export interface Flag {
  readonly name: string;
  /** Placeholder in the usage line; a flag without one is only said. */
  readonly value?: string;
  readonly summary: string;
}

export interface Subcommand {
  /** First word after the command; empty when the command has no subcommands. */
  readonly name: string;
  readonly kind: AskedKind;
  /** Everything after the command and the subcommand. */
  readonly usage: string;
  readonly summary: string;
  readonly examples: readonly string[];
  /** Who may, in words; policy has the last one. */
  readonly who: string;
  readonly flags: readonly Flag[];
}

export interface Command {
  readonly command: `/${string}`;
  readonly summary: string;
  /** Slack shows it beside the command while typing. */
  readonly hint: string;
  /** What happens without arguments. */
  readonly bare: 'form' | 'help';
  readonly subcommands: readonly Subcommand[];
}

const reason: Flag = { name: 'reason', value: '"…"', summary: 'why, in your words; it is shown on the card and kept' };
const label: Flag = {
  name: 'label',
  value: 'hotfix',
  summary: 'a label that policy knows; may be given several times',
};
const environment: Flag = { name: 'environment', value: 'name', summary: 'the environment it is about' };
const service: Flag = { name: 'service', value: 'name', summary: 'the service it is about' };
const check: Flag = {
  name: 'check',
  summary: 'look and judge only: who would be asked, what it would wait for and do; nothing is changed',
};
const incident: Flag = { name: 'id', value: 'id', summary: 'which incident, when several are open' };

/**
 * Every command there is, in the order people see them. Help, the README's table and Slack's manifest are made from
 * this list and from nothing else.
 */
export const commands: readonly Command[] = [
  {
    command: '/deploy',
    summary: 'Deploy a version of a service to an environment',
    hint: '<service> <version> to <environment> [--reason "…"]',
    bare: 'form',
    subcommands: [
      {
        name: '',
        kind: 'deploy',
        usage: '<service> <version> to <environment> [--reason "…"] [--rollout name] [--label hotfix] [--risk high]',
        summary: 'Deploy a version of a service; policy decides who has to agree and when it may run.',
        examples: [
          '/deploy checkout v2.4.0 to production --reason "fixes the rounding of VAT"',
          '/deploy checkout v2.4.1 to production --label hotfix --risk high',
        ],
        who: 'whoever policy lets request for that environment',
        flags: [
          reason,
          { name: 'rollout', value: 'name', summary: "a rollout other than the service's own" },
          label,
          { name: 'risk', value: 'high', summary: 'raises the risk (low, medium, high, critical); never lowers it' },
        ],
      },
    ],
  },
  {
    command: '/rollback',
    summary: 'Put back a version that ran well before',
    hint: '<service> in <environment> [to <version>]',
    bare: 'form',
    subcommands: [
      {
        name: '',
        kind: 'rollback',
        usage: '<service> in <environment> [to <version>] [--reason "…"]',
        summary: 'Put back the version that ran here before, or one you name that succeeded here; nobody has to agree.',
        examples: [
          '/rollback checkout in production',
          '/rollback checkout in production to v2.3.9 --reason "errors since the deploy"',
        ],
        who: "the service's owners and whoever is on call",
        flags: [reason],
      },
    ],
  },
  {
    command: '/provision',
    summary: 'Create something by its runbook: a server, a database, a cluster node',
    hint: '<runbook> [values…] [name=value…] [for <time>] | list | destroy <name> | extend <name> by <time>',
    bare: 'form',
    subcommands: [
      ...resourceSubcommands,
      {
        name: '',
        kind: 'provision',
        usage:
          '<runbook> [values…] [name=value…] [for <time>] [--environment name] [--service name] [--reason "…"] [--check]',
        summary: "Create something by its runbook; values without a name fill the runbook's inputs in their order.",
        examples: ['/provision provision-node node-7 10.0.0.17 join=false', '/provision sandbox demo for 3d'],
        who: 'whoever policy lets request it',
        flags: [environment, service, reason, label, check],
      },
    ],
  },
  {
    command: '/runbook',
    summary: 'Run a runbook, or list them',
    hint: 'run <name> [values…] [name=value…] | list [words…]',
    bare: 'form',
    subcommands: [
      {
        name: 'run',
        kind: 'runbook.run',
        usage: '<name> [values…] [name=value…] [--environment name] [--service name] [--reason "…"] [--check]',
        summary: 'Run a runbook from the policy repository.',
        examples: [
          '/runbook run restart-workers checkout',
          '/runbook run rotate-keys service=checkout --reason "audit"',
        ],
        who: 'whoever policy lets request it',
        flags: [environment, service, reason, label, check],
      },
      {
        name: 'list',
        kind: 'runbook.list',
        usage: '[words…]',
        summary: 'List the runbooks that you may run, by folder, or those that words are found in.',
        examples: ['/runbook list', '/runbook list restart'],
        who: 'everyone',
        flags: [],
      },
    ],
  },
  {
    command: '/incident',
    summary: 'Declare an incident and keep it up to date',
    hint: 'declare <sev> <service> "text" | update | assign | mitigate | resolve',
    bare: 'form',
    subcommands: [
      {
        name: 'declare',
        kind: 'incident.declare',
        usage: '<sev1…sev4> [service] "what is wrong" [--environment name]',
        summary: 'Declare an incident: it gets its card and, where the workspace allows it, its own channel.',
        examples: ['/incident declare sev1 checkout "payments fail since 14:02"'],
        who: 'everyone',
        flags: [environment],
      },
      {
        name: 'update',
        kind: 'incident.update',
        usage: '"what is new" [--id id]',
        summary: 'Add a line to the timeline.',
        examples: ['/incident update "cause found: expired certificate"'],
        who: 'everyone',
        flags: [incident],
      },
      {
        name: 'assign',
        kind: 'incident.assign',
        usage: '<lead|scribe|communications> <@user> [--id id]',
        summary: 'Say who leads, writes or talks to customers.',
        examples: ['/incident assign lead @ann'],
        who: 'everyone',
        flags: [incident],
      },
      {
        name: 'mitigate',
        kind: 'incident.mitigate',
        usage: '["how"] [--id id]',
        summary: 'Say that customers no longer feel it.',
        examples: ['/incident mitigate "rolled back to v2.3.9"'],
        who: 'everyone',
        flags: [incident],
      },
      {
        name: 'resolve',
        kind: 'incident.resolve',
        usage: '["how"] [--id id]',
        summary: 'Close the incident.',
        examples: ['/incident resolve "certificate renewed and monitored"'],
        who: 'everyone',
        flags: [incident],
      },
    ],
  },
  {
    command: '/signalbox',
    summary: 'Status, reasons and help',
    hint: 'status | locks | lock | unlock | hand-over | freeze | thaw | stop | go | why <service> to <environment> | what-if "<command>" at "<when>" | show <id> | logs <id> [step] | reviews | help',
    bare: 'help',
    subcommands: [
      {
        name: 'status',
        kind: 'status',
        usage: '',
        summary: 'What is under way, what waits and for whom.',
        examples: ['/signalbox status'],
        who: 'everyone',
        flags: [],
      },
      {
        name: 'why',
        kind: 'why',
        usage: '<service> to <environment> [version]',
        summary: 'What policy would ask for, and which rule says so, without starting anything.',
        examples: ['/signalbox why checkout to production', '/signalbox why checkout to production v2.4.0'],
        who: 'everyone',
        flags: [],
      },
      {
        name: 'what-if',
        kind: 'what-if',
        usage: '"<command>" [at "<when>"]',
        summary:
          'What policy would say of a command at an instant, by the engine that decides, without starting anything.',
        examples: [
          '/signalbox what-if "deploy checkout v3 to production" at "friday 18:00"',
          '/signalbox what-if "rollback checkout in production"',
          '/signalbox what-if "provision destroy demo"',
        ],
        who: 'everyone',
        flags: [],
      },
      ...holdSubcommands,
      {
        name: 'show',
        kind: 'show',
        usage: '<id>',
        summary: 'One operation, step by step.',
        examples: ['/signalbox show deploy-checkout-production-k3m9x2p7qa'],
        who: 'everyone',
        flags: [],
      },
      {
        name: 'logs',
        kind: 'logs',
        usage: '<id> [step]',
        summary:
          'What the programs of an operation wrote: the last lines of the step that says the most, or of one you name.',
        examples: ['/signalbox logs k3m9x2p7qa', '/signalbox logs runbook-patch-hosts-k3m9x2p7qa patch'],
        who: 'whoever has a say in the operation, and teams that policy names under logs',
        flags: [],
      },
      {
        name: 'reviews',
        kind: 'reviews',
        usage: '',
        summary: 'Which break-glass still has to be looked at, by whom and until when.',
        examples: ['/signalbox reviews'],
        who: 'everyone',
        flags: [],
      },
      {
        name: 'help',
        kind: 'help',
        usage: '[command]',
        summary: 'What you can type here.',
        examples: ['/signalbox help deploy'],
        who: 'everyone',
        flags: [],
      },
    ],
  },
];

/** Words that name no service and no runbook, because commands of that name are kept for later. */
export const reservedWords: { readonly [command: string]: readonly string[] } = {
  '/deploy': ['promote'],
};

/** A command by its name, with or without the slash. */
export function commandNamed(name: string): Command | undefined {
  const wanted = name.startsWith('/') ? name : `/${name}`;
  return commands.find((each) => each.command === wanted);
}

/** `/incident declare <sev1…sev4> [service] "what is wrong"`: the full usage line. */
export function usageOf(command: Command, subcommand: Subcommand): string {
  return [command.command, subcommand.name, subcommand.usage].filter((part) => part !== '').join(' ');
}

/** All usage lines of a command, one a line. */
export function usagesOf(command: Command): string {
  return command.subcommands.map((each) => usageOf(command, each)).join('\n');
}
