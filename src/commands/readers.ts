import { incidentRoles, risks, severities, type Asked, type AskedKind, type Risk } from './asked';
import { isFlag, Misread, nothingElse, takeFlags, takeInputs, takePair, type Arguments } from './arguments';
import { cleanName, isName, type KnownNames } from './names';
import { readHolds } from './read-holds';
import { readResources, takeLease } from './read-resources';
import { nameOf, none, personIn, versionOf } from './read-parts';
import { commands, reservedWords, type Subcommand } from './registry';
import { nearest } from './suggest';
import { excerpt, readable, type Word } from './words';

export type Given = Arguments & { readonly known: KnownNames };

interface Prose {
  readonly words: readonly Word[];
  readonly subcommand: Subcommand;
  readonly text: string;
  readonly escaped: boolean;
  readonly known: KnownNames;
}

export type Reader<Kind extends AskedKind> =
  | { readonly takes: 'words'; readonly read: (given: Given) => Extract<Asked, { kind: Kind }> }
  /** The rest of the line is free text, quotes or not. */
  | { readonly takes: 'prose'; readonly read: (given: Prose) => Extract<Asked, { kind: Kind }> };

type Readers = { readonly [Kind in AskedKind]: Reader<Kind> };

/** How the words of each kind are understood. Each throws `Misread` with a sentence for the person. */
export const readers: Readers = {
  deploy: { takes: 'words', read: deploy },
  rollback: { takes: 'words', read: rollback },
  provision: {
    takes: 'words',
    read: (given) => {
      const { lease, rest } = takeLease(given.words);
      const asked = runbook({ ...given, words: rest });
      return { kind: 'provision', ...asked, ...(lease === undefined ? {} : { lease }) };
    },
  },
  ...readResources,
  'runbook.run': { takes: 'words', read: (given) => ({ kind: 'runbook.run', ...runbook(given) }) },
  'runbook.list': { takes: 'words', read: runbookList },
  'incident.declare': { takes: 'prose', read: declare },
  'incident.update': { takes: 'prose', read: update },
  'incident.assign': { takes: 'words', read: assign },
  'incident.mitigate': { takes: 'prose', read: (given) => ({ kind: 'incident.mitigate', ...closing(given) }) },
  'incident.resolve': { takes: 'prose', read: (given) => ({ kind: 'incident.resolve', ...closing(given) }) },
  status: { takes: 'words', read: (given) => none(given, { kind: 'status' }) },
  reviews: { takes: 'words', read: (given) => none(given, { kind: 'reviews' }) },
  why: { takes: 'words', read: why },
  'what-if': { takes: 'prose', read: whatIf },
  ...readHolds,
  show: { takes: 'words', read: show },
  logs: { takes: 'words', read: logs },
  help: { takes: 'words', read: help },
};

function deploy(given: Given): Extract<Asked, { kind: 'deploy' }> {
  const { value, rest } = takePair(given.words, ['to', 'in', 'into']);
  const [first, second, ...left] = rest;
  if (first !== undefined) refuseReserved(first, reservedWords['/deploy']!);
  if (value === undefined && left.length === 1)
    throw new Misread(
      'The environment goes behind "to", so that it cannot be taken for a version.',
      `/deploy ${first!.text} ${second!.text} to ${left[0]!.text}`,
    );
  const service = nameOf(first, { what: 'service', known: given.known.services });
  const version = versionOf(second, 'Which version should be deployed? Write it behind the service.');
  const environment = nameOf(value, { what: 'environment', known: given.known.environments, keyword: 'to' });
  nothingElse(left, given.flags);
  const rollout = given.flags.get('rollout')?.[0];
  const risk = given.flags.get('risk')?.[0];
  return {
    kind: 'deploy',
    service,
    version,
    environment,
    ...reasonOf(given.flags),
    ...(rollout === undefined ? {} : { rollout: nameOf(rollout, { what: 'rollout' }) }),
    labels: labelsOf(given.flags),
    ...(risk === undefined ? {} : { risk: riskOf(risk) }),
  };
}

function rollback(given: Given): Extract<Asked, { kind: 'rollback' }> {
  const where = takePair(given.words, ['in']);
  const to = takePair(where.rest, ['to']);
  const [first, ...left] = to.rest;
  const service = nameOf(first, { what: 'service', known: given.known.services });
  if (where.value === undefined && to.value !== undefined && left.length === 0)
    throw new Misread(
      'For a rollback the environment goes behind "in", and "to" names the version to go back to.',
      `/rollback ${service} in ${cleanName(to.value.text)}`,
    );
  if (where.value === undefined && left.length === 1)
    throw new Misread('The environment goes behind "in".', `/rollback ${service} in ${cleanName(left[0]!.text)}`);
  const environment = nameOf(where.value, { what: 'environment', known: given.known.environments, keyword: 'in' });
  nothingElse(left, given.flags);
  return {
    kind: 'rollback',
    service,
    environment,
    ...(to.value === undefined ? {} : { version: versionOf(to.value, '') }),
    ...reasonOf(given.flags),
  };
}

function runbook(given: Given) {
  const [first, ...rest] = given.words;
  const environment = given.flags.get('environment')?.[0];
  const service = given.flags.get('service')?.[0];
  return {
    runbook: nameOf(first, { what: 'runbook', known: given.known.runbooks }),
    ...takeInputs(rest),
    ...(service === undefined ? {} : { service: nameOf(service, { what: 'service', known: given.known.services }) }),
    ...(environment === undefined
      ? {}
      : { environment: nameOf(environment, { what: 'environment', known: given.known.environments }) }),
    ...reasonOf(given.flags),
    labels: labelsOf(given.flags),
    ...(given.flags.has('check') ? { check: true as const } : {}),
  };
}

function runbookList({ words }: Given): Extract<Asked, { kind: 'runbook.list' }> {
  const searched = words
    .map(({ text }) => text)
    .join(' ')
    .trim();
  return { kind: 'runbook.list', ...(searched === '' ? {} : { words: searched }) };
}

function why(given: Given): Extract<Asked, { kind: 'why' }> {
  const { value, rest } = takePair(given.words, ['to', 'in', 'into']);
  const [first, second, ...left] = rest;
  const service = nameOf(first, { what: 'service', known: given.known.services });
  const environment = nameOf(value, { what: 'environment', known: given.known.environments, keyword: 'to' });
  nothingElse(left, given.flags);
  return { kind: 'why', service, environment, ...(second === undefined ? {} : { version: versionOf(second, '') }) };
}

/** The command in quotes, or everything before the last "at"; what stands behind "at" is the instant. */
function whatIf({ words, text, escaped }: Prose): Extract<Asked, { kind: 'what-if' }> {
  const [first] = words;
  if (first === undefined) throw new Misread('What if what? Write a command in quotes behind "what-if".');
  const isAt = (word: Word): boolean => !word.quoted && cleanName(word.text).toLowerCase() === 'at';
  const at = first.quoted ? words.findIndex(isAt) : words.findLastIndex(isAt);
  const command = at < 0 ? words : words.slice(0, at);
  const when = at < 0 ? [] : words.slice(at + 1);
  if (first.quoted && command.length > 1)
    throw new Misread(
      `There is no place for "${excerpt(command[1]!.prose)}": the command stands in quotes, and "at" comes before the instant.`,
    );
  if (command.length === 0) throw new Misread('What if what? Write a command in quotes before "at".');
  if (at >= 0 && when.length === 0) throw new Misread('When? Write an instant behind "at", such as "friday 18:00".');
  const typed = first.quoted ? first.text : readable(text.slice(first.start, command.at(-1)!.end), escaped);
  return {
    kind: 'what-if',
    command: typed,
    ...(at < 0 ? {} : { at: when.map(({ prose }) => prose).join(' ') }),
  };
}

function show(given: Given): Extract<Asked, { kind: 'show' }> {
  const [first, ...left] = given.words;
  const id = operationIn(first);
  nothingElse(left, given.flags);
  return { kind: 'show', id };
}

function logs(given: Given): Extract<Asked, { kind: 'logs' }> {
  const [first, second, ...left] = given.words;
  const id = operationIn(first);
  const step = second?.text.trim();
  if (step !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9_.:/[\]-]{0,299}$/.test(step))
    throw new Misread(
      'Which step? Write its path, such as canary/share, or leave it out for the one that says the most.',
    );
  nothingElse(left, given.flags);
  return { kind: 'logs', id, ...(step === undefined ? {} : { step }) };
}

function operationIn(word: Word | undefined): string {
  const id = word === undefined ? '' : cleanName(word.text);
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{2,199}$/.test(id)) return id;
  throw new Misread('Which operation? Its id stands at the foot of its card; the last ten characters are enough.');
}

function help(given: Given): Extract<Asked, { kind: 'help' }> {
  const [first, ...left] = given.words;
  nothingElse(left, given.flags);
  if (first === undefined) return { kind: 'help' };
  const names = commands.map((each) => each.command.slice(1));
  const topic = cleanName(first.text).replace(/^\//, '').toLowerCase();
  if (names.includes(topic)) return { kind: 'help', topic };
  const meant = nearest(topic, names);
  throw new Misread(
    `There is no help on "${excerpt(first.prose)}"; there is on ${names.join(', ')}.`,
    meant === undefined ? undefined : `/signalbox help ${meant}`,
  );
}

function assign(given: Given): Extract<Asked, { kind: 'incident.assign' }> {
  const [first, second, ...left] = given.words;
  const typed = first === undefined ? '' : cleanName(first.text).toLowerCase();
  const role = incidentRoles.find((each) => each === typed);
  if (role === undefined) {
    const meant = nearest(typed, incidentRoles);
    throw new Misread(
      `Which role? There are ${incidentRoles.join(', ')}.`,
      meant === undefined ? undefined : `/incident assign ${meant}`,
    );
  }
  const user = second === undefined ? '' : personIn(second.text);
  if (user === '') throw new Misread(`Who should be ${role}? Mention the person with @.`);
  nothingElse(left, given.flags);
  return { kind: 'incident.assign', role, user, ...incidentOf(given.flags) };
}

function declare(given: Prose): Extract<Asked, { kind: 'incident.declare' }> {
  const { words, flags } = splitProse(given);
  const [first, second] = words;
  const typed =
    first === undefined
      ? ''
      : cleanName(first.text)
          .toLowerCase()
          .replace(/[^a-z0-9]/g, '');
  const severity = severities.find((each) => [each, each.slice(3), `p${each.slice(3)}`].includes(typed));
  if (severity === undefined)
    throw new Misread(
      `How bad is it? Begin with ${severities.join(', ')}; sev1 is the worst.`,
      declaredAs(words, given),
    );
  const service = second === undefined ? undefined : declaredService(words, given.known);
  const summary = proseOf(words.slice(service === undefined ? 1 : 2), given);
  if (summary === '') throw new Misread('What is wrong? One sentence behind the service is enough.');
  const environment = flags.get('environment')?.[0];
  return {
    kind: 'incident.declare',
    severity,
    ...(service === undefined ? {} : { service }),
    ...(environment === undefined
      ? {}
      : { environment: nameOf(environment, { what: 'environment', known: given.known.environments }) }),
    summary,
  };
}

/** What was typed with a severity in front of it, or in the place of one that there is not; quotes are kept. */
function declaredAs(words: readonly Word[], given: Prose): string | undefined {
  const [first, second] = words;
  if (first === undefined) return undefined;
  // `19 racks are down` begins with no severity.
  const typed = /^(?:sev(?:erity)?|s|p)[-_]?(\d+)$|^(\d)$/i.exec(cleanName(first.text));
  const number = typed === null ? 2 : Math.min(Math.max(Number(typed[1] ?? typed[2]), 1), severities.length);
  const from = typed === null ? first : second;
  const rest = from === undefined ? '' : readable(given.text.slice(from.start), given.escaped).trim();
  // A line that was cut would not be ready to be typed.
  return rest.length > 500 ? undefined : `/incident declare sev${number} ${rest}`.trimEnd();
}

/** The second word names a service when it is a known one, or when what follows it is one quoted text. */
function declaredService(words: readonly Word[], known: KnownNames): string | undefined {
  const word = words[1]!;
  const name = cleanName(word.text);
  if (word.quoted || !isName(name)) return undefined;
  const quotedText = words.length === 3 && words[2]!.quoted;
  if (known.services === undefined || known.services.includes(name)) return name;
  return quotedText ? nameOf(word, { what: 'service', known: known.services }) : undefined;
}

function update(given: Prose): Extract<Asked, { kind: 'incident.update' }> {
  const { words, flags } = splitProse(given);
  const text = proseOf(words, given);
  if (text === '') throw new Misread('What is new? Write it behind "update".');
  return { kind: 'incident.update', text, ...incidentOf(flags) };
}

function closing(given: Prose): { readonly text?: string; readonly incident?: string } {
  const { words, flags } = splitProse(given);
  const text = proseOf(words, given);
  return { ...(text === '' ? {} : { text }), ...incidentOf(flags) };
}

/** Free text keeps its dashes: only flags that this subcommand has are flags there. */
function splitProse(given: Prose): Arguments {
  const known = given.subcommand.flags.map((flag) => flag.name);
  const named = (word: Word) =>
    cleanName(word.text)
      .replace(/^[^A-Za-z]+/, '')
      .split('=')[0]!
      .toLowerCase();
  const words = given.words.map((word) =>
    isFlag(word) && !known.includes(named(word)) ? { ...word, quoted: true } : word,
  );
  const taken = takeFlags(words, given.subcommand);
  return {
    flags: taken.flags,
    words: taken.words.map((word) => given.words.find((each) => each.start === word.start)!),
  };
}

/** One quoted word is its content; several words are the text as it was typed, spaces and lines included. */
function proseOf(words: readonly Word[], given: Prose): string {
  if (words.length === 0) return '';
  if (words.length === 1 && words[0]!.quoted) return words[0]!.prose.trim();
  const parts: string[] = [];
  words.forEach((word, index) => {
    const before = words[index - 1];
    const gap = before === undefined ? '' : given.text.slice(before.end, word.start);
    parts.push(gap.trim() === '' ? gap : ' ', readable(given.text.slice(word.start, word.end), given.escaped));
  });
  return parts.join('').trim();
}

function incidentOf(flags: Arguments['flags']): { readonly incident?: string } {
  const id = flags.get('id')?.[0];
  return id === undefined ? {} : { incident: nameOf(id, { what: 'incident' }) };
}

function refuseReserved(word: Word, reserved: readonly string[]): void {
  const typed = cleanName(word.text).toLowerCase();
  if (!word.quoted && reserved.includes(typed))
    throw new Misread(`The word "${typed}" is kept for a command of its own and names nothing here.`);
}

function riskOf(word: Word): Risk {
  const typed = cleanName(word.text).toLowerCase();
  const risk = risks.find((each) => each === typed);
  if (risk === undefined) throw new Misread(`--risk is one of ${risks.join(', ')}.`, nearest(typed, risks));
  return risk;
}

function labelsOf(flags: Arguments['flags']): readonly string[] {
  const labels = (flags.get('label') ?? []).flatMap((word) => word.text.split(',')).map(cleanName);
  const bad = labels.find((name) => !isName(name));
  if (bad !== undefined) throw new Misread(`"${excerpt(bad)}" cannot be a label.`);
  return [...new Set(labels)];
}

function reasonOf(flags: Arguments['flags']): { readonly reason?: string } {
  const reason = flags.get('reason')?.[0]?.prose.trim();
  if (reason === '') throw new Misread('The reason is empty; say why in a few words or leave --reason out.');
  return reason === undefined ? {} : { reason };
}
