import type { Asked } from './asked';
import { quote } from './words';

/** The command that a person would type for this: reading it again gives the same. Command and text, apart. */
export function printAsked(asked: Asked): { readonly command: string; readonly text: string } {
  const [command, ...parts] = partsOf(asked);
  return { command: command!, text: parts.filter((part) => part !== '').join(' ') };
}

/** The same as one line. */
export function lineOf(asked: Asked): string {
  const { command, text } = printAsked(asked);
  return text === '' ? command : `${command} ${text}`;
}

function partsOf(asked: Asked): readonly string[] {
  switch (asked.kind) {
    case 'deploy':
      return [
        '/deploy',
        asked.service,
        asked.version,
        `to ${asked.environment}`,
        flag('reason', asked.reason, quote),
        flag('rollout', asked.rollout),
        ...asked.labels.map((label) => flag('label', label)),
        flag('risk', asked.risk),
      ];
    case 'rollback': {
      const to = asked.version === undefined ? '' : `to ${asked.version}`;
      return ['/rollback', asked.service, `in ${asked.environment}`, to, flag('reason', asked.reason, quote)];
    }
    case 'provision':
      return ['/provision', ...runbook(asked, word('for', asked.lease))];
    case 'provision.list':
      return ['/provision', 'list', ...asked.words];
    case 'provision.destroy':
      return [
        '/provision',
        'destroy',
        asked.resource,
        flag('confirm', asked.confirm),
        flag('reason', asked.reason, quote),
      ];
    case 'provision.servers':
      return [
        '/provision',
        'servers',
        asked.group ?? '',
        asked.environment === undefined ? '' : `in ${asked.environment}`,
        asked.apply && asked.confirm === undefined ? '--apply' : '',
        flag('confirm', asked.confirm),
        flag('reason', asked.reason, quote),
      ];
    case 'provision.extend':
      return ['/provision', 'extend', asked.resource, `by ${asked.by}`];
    case 'runbook.run':
      return ['/runbook', 'run', ...runbook(asked)];
    case 'runbook.list':
      return ['/runbook', 'list', asked.words === undefined ? '' : quote(asked.words)];
    case 'incident.declare': {
      const environment = flag('environment', asked.environment);
      return ['/incident', 'declare', asked.severity, asked.service ?? '', quote(asked.summary), environment];
    }
    case 'incident.update':
      return ['/incident', 'update', quote(asked.text), flag('id', asked.incident)];
    case 'incident.assign':
      return ['/incident', 'assign', asked.role, `<@${asked.user}>`, flag('id', asked.incident)];
    case 'incident.mitigate':
    case 'incident.resolve':
      return [
        '/incident',
        asked.kind.slice('incident.'.length),
        asked.text === undefined ? '' : quote(asked.text),
        flag('id', asked.incident),
      ];
    case 'status':
      return ['/signalbox', 'status'];
    case 'reviews':
      return ['/signalbox', 'reviews'];
    case 'why':
      return ['/signalbox', 'why', asked.service, asked.version ?? '', `to ${asked.environment}`];
    case 'what-if':
      return ['/signalbox', 'what-if', quote(asked.command), asked.at === undefined ? '' : `at ${quote(asked.at)}`];
    case 'hold.lock':
    case 'hold.unlock':
    case 'hold.hand_over':
    case 'hold.freeze':
    case 'hold.thaw':
    case 'hold.stop':
    case 'hold.go':
      return ['/signalbox', ...hold(asked)];
    case 'locks':
      return ['/signalbox', 'locks'];
    case 'show':
      return ['/signalbox', 'show', asked.id];
    case 'logs':
      return ['/signalbox', 'logs', asked.id, asked.step ?? ''];
    case 'help':
      return ['/signalbox', 'help', asked.topic ?? ''];
  }
}

function runbook(asked: Extract<Asked, { kind: 'provision' | 'runbook.run' }>, lease = ''): readonly string[] {
  return [
    asked.runbook,
    ...asked.positional.map((value) => (/^[A-Za-z0-9][A-Za-z0-9.:/_@,+-]*$/.test(value) ? value : quote(value))),
    ...Object.entries(asked.inputs).map(([name, value]) => `${name}=${quote(value)}`),
    lease,
    flag('environment', asked.environment),
    flag('service', asked.service),
    flag('reason', asked.reason, quote),
    ...asked.labels.map((label) => flag('label', label)),
    asked.check ? '--check' : '',
  ];
}

function hold(asked: Extract<Asked, { kind: `hold.${string}` }>): readonly string[] {
  switch (asked.kind) {
    case 'hold.lock':
      return [
        'lock',
        asked.service,
        `in ${asked.environment}`,
        quote(asked.reason),
        word('for', asked.for),
        flag('change', asked.change),
      ];
    case 'hold.unlock':
      return ['unlock', asked.service, `in ${asked.environment}`, quoted(asked.reason)];
    case 'hold.hand_over': {
      const { service, environment, to, reason } = asked;
      return ['hand-over', service, `in ${environment}`, `to <@${to}>`, quoted(reason)];
    }
    case 'hold.freeze':
      return [
        'freeze',
        ...placeOf(asked),
        quote(asked.reason),
        word('for', asked.for),
        word('until', asked.until && quote(asked.until)),
      ];
    case 'hold.thaw':
      return ['thaw', ...placeOf(asked)];
    case 'hold.stop':
      return ['stop', quote(asked.reason)];
    case 'hold.go':
      return ['go', quoted(asked.reason)];
  }
}

function flag(name: string, value: string | undefined, write: (value: string) => string = (text) => text): string {
  return value === undefined ? '' : `--${name} ${write(value)}`;
}

function placeOf(place: { readonly environment: string; readonly service?: string }): readonly string[] {
  return place.service === undefined ? [place.environment] : [place.service, `in ${place.environment}`];
}

function quoted(text: string | undefined): string {
  return text === undefined ? '' : quote(text);
}

function word(keyword: string, value: string | undefined): string {
  return value === undefined ? '' : `${keyword} ${value}`;
}
