import type { z } from 'zod';
import { checkConnection } from '../connections/check';
import { connectionSchema, type AnyConnection, type GitConnection } from '../connections/schema';
import { documentBy, FileCache, type Maker } from '../documents/file-cache';
import { didYouMean } from '../documents/nearest';
import type { Problem } from '../documents/read-yaml';
import { checkRollout } from '../rollouts/check';
import type { Metrics } from '../rollouts/compile';
import { rolloutSchema, type Rollout } from '../rollouts/schema';
import { checkRunbook } from '../runbooks/check';
import { unrecordedIn } from '../runbooks/check-resource';
import type { ConnectionNames } from '../runbooks/connection-inputs';
import type { Library } from '../runbooks/library';
import { actionSchema, runbookSchema, type Action, type Runbook } from '../runbooks/schema';
import { policyTestsSchema, testsPlace } from './policy-tests';
import { readService, servicePlace } from './read-services';
import { loadPolicy, type Policy, type PolicyFileText } from './policy';

/** A document of the policy repository with where it came from. */
export interface Filed<Document> {
  readonly document: Document;
  readonly file: string;
  /** Object id in Git: goes into the plan's sources. */
  readonly blob: string;
  /** Line of what stands at a path of the file. */
  readonly lineOf?: (path: readonly (string | number)[]) => number;
}

/** Everything of the policy repository at one commit, read and checked. */
export interface Repository {
  readonly policy: Policy;
  readonly runbooks: ReadonlyMap<string, Filed<Runbook>>;
  /** Composite actions. */
  readonly actions: ReadonlyMap<string, Filed<Action>>;
  readonly rollouts: ReadonlyMap<string, Filed<Rollout>>;
  /** Connections of all kinds, for steps. */
  readonly connections: ReadonlyMap<string, Filed<AnyConnection>>;
  /** Repositories of code. */
  readonly code: ReadonlyMap<string, Filed<GitConnection>>;
}

export type ReadRepository =
  | { readonly ok: true; readonly repository: Repository }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const places = {
  connections: /^connections\/[^/]+\.ya?ml$/,
  runbooks: /^runbooks\/.+\.ya?ml$/,
  actions: /^actions\/[^/]+\.ya?ml$/,
  rollouts: /^deployments\/[^/]+\.ya?ml$/,
};

const makers: readonly (readonly [RegExp, Maker<unknown>])[] = [
  [servicePlace, readService],
  [places.connections, documentBy(connectionSchema)],
  [places.runbooks, documentBy(runbookSchema)],
  [places.actions, documentBy(actionSchema)],
  [places.rollouts, documentBy(rolloutSchema)],
  [testsPlace, documentBy(policyTestsSchema)],
];

/** Reads all files of a commit. It binds only as a whole: one problem anywhere refuses the commit. Never throws. */
export function readRepository(input: {
  readonly files: ReadonlyMap<string, PolicyFileText>;
  readonly commit: string;
  /** What was made of files at a commit before: files that are the same are not read again. */
  readonly cache?: FileCache;
}): ReadRepository {
  const { cache = new FileCache() } = input;
  cache.retain(input.files);
  const loaded = loadPolicy({ ...input, cache });
  const reader = new Reader(input.files, cache);
  const connections = reader.read(places.connections, connectionSchema);
  reader.check(connections, (file, lineOf, { connection }, columnOf) =>
    checkConnection({ file, connection, lineOf, columnOf }),
  );
  const all = byName(
    connections,
    ({ connection }) => connection,
    ({ name }) => name,
  );
  const code = ofKind(all, (connection): connection is GitConnection => connection.kind === 'git');
  const kinds: ConnectionNames = new Map([
    ...namesOf(input.files, places.connections).map((name) => [name, 'unread'] as const),
    ...[...all].map(([name, { document }]) => [name, document.kind] as const),
  ]);
  const runbooks = reader.read(places.runbooks, runbookSchema);
  const actions = reader.read(places.actions, actionSchema);
  const rollouts = reader.read(places.rollouts, rolloutSchema);
  const library: Library = {
    connections: kinds,
    rollouts: [
      ...namesOf(input.files, places.rollouts),
      ...byName(
        rollouts,
        ({ deployment }) => deployment,
        ({ name }) => name,
      ).keys(),
    ],
    runbooks: documentsByName(runbooks),
    actions: documentsByName(actions),
    unread: new Set([
      ...namesOf(input.files, places.runbooks).map((name) => `runbook ${name}`),
      ...namesOf(input.files, places.actions).map((name) => `action ${name}`),
    ]),
    ...(loaded.ok ? { policy: namesIn(loaded.policy), metrics: loaded.policy.metrics } : {}),
  };
  for (const read of [runbooks, actions])
    reader.check<Runbook | Action>(read, (file, lineOf, runbook, columnOf) =>
      checkRunbook({ file, runbook, library, lineOf, columnOf }),
    );
  const known = loaded.ok ? loaded.policy : loaded;
  const metrics = known.metrics && (Object.fromEntries(known.metrics) as Metrics);
  reader.check(rollouts, (file, lineOf, { deployment }, columnOf) =>
    metrics ? checkRollout({ file, rollout: deployment, metrics, lineOf, columnOf }) : [],
  );
  const unread = new Set([...kinds].flatMap(([name, kind]) => (kind === 'unread' ? [name] : [])));
  const problems = [
    ...(loaded.ok ? [] : loaded.problems),
    ...codeProblems({ services: known.services, code, unread }),
    ...reader.problems,
  ];
  if (!loaded.ok || problems.length > 0)
    return { ok: false, problems: [...problems, ...testProblems(input.files, cache)] };
  const warnings = [...loaded.policy.warnings, ...unrecorded({ runbooks, library, policy: loaded.policy })];
  return {
    ok: true,
    repository: {
      policy: { ...loaded.policy, warnings },
      connections: all,
      code,
      runbooks: byName(
        runbooks,
        (document) => document,
        ({ name }) => name,
      ),
      actions: byName(
        actions,
        (document) => document,
        ({ name }) => name,
      ),
      rollouts: byName(
        rollouts,
        (document) => document.deployment,
        ({ name }) => name,
      ),
    },
  };
}

/**
 * Makes of each file what can be made of it alone, one file a step, so that a process with other work can read many
 * files without standing still; `readRepository` with the same cache then has little left to do.
 */
export function* readAhead(files: ReadonlyMap<string, PolicyFileText>, cache: FileCache): Generator<void> {
  for (const [file, named] of files) {
    const maker = makers.find(([place]) => place.test(file))?.[1];
    if (maker === undefined) continue;
    cache.get(maker, { file, ...named });
    yield;
  }
}

/** Services whose code lies in a repository that no connection describes. */
function codeProblems({
  services,
  code,
  unread,
}: {
  readonly services: Policy['services'];
  readonly code: Repository['code'];
  readonly unread: ReadonlySet<string>;
}): readonly Problem[] {
  return [...services.values()].flatMap(({ file, code: place, lineOf, columnOf }) => {
    if (place === undefined || code.has(place.connection) || unread.has(place.connection)) return [];
    const known = [...code.keys()];
    return {
      file,
      line: lineOf(['repository']),
      column: columnOf(['repository']),
      key: 'service.repository',
      message: `there is no connection "${place.connection}" of the kind git`,
      hint:
        didYouMean(place.connection, known) ??
        `add connections/${place.connection}.yaml with kind: git and the repository's url`,
    };
  });
}

/** What people provision and nobody will find again. */
function unrecorded({
  runbooks,
  library,
  policy,
}: {
  readonly runbooks: ReadonlyMap<string, Read<Runbook>>;
  readonly library: Library;
  readonly policy: Policy;
}): readonly Problem[] {
  return unrecordedIn(runbooks, library, policy.handlers).map(({ file, document: { name } }) => {
    const { lineOf, columnOf } = runbooks.get(file)!;
    return {
      file,
      line: lineOf(['name']),
      column: columnOf(['name']),
      key: 'resource',
      message: `/provision list, extend and destroy will not know what ${name} makes, because it has no "resource"`,
      hint: 'add resource: { kind: …, name: … }, or move the runbook out of runbooks/provision/',
    };
  });
}

/** Tests are run only of a policy that can be used, but their shape is told with everything else. */
function testProblems(files: ReadonlyMap<string, PolicyFileText>, cache: FileCache): readonly Problem[] {
  const reader = new Reader(files, cache);
  reader.read(testsPlace, policyTestsSchema);
  return reader.problems;
}

/** What files of a place are called. */
function namesOf(files: ReadonlyMap<string, unknown>, place: RegExp): readonly string[] {
  return [...files.keys()].flatMap((file) => (place.test(file) ? [file.replace(/^.*\/|\.ya?ml$/g, '')] : []));
}

type LineOf = (path: readonly (string | number)[]) => number;

interface Read<T> extends Filed<T> {
  readonly lineOf: LineOf;
  readonly columnOf: LineOf;
}

class Reader {
  readonly problems: Problem[] = [];

  constructor(
    private readonly files: ReadonlyMap<string, PolicyFileText>,
    private readonly cache: FileCache,
  ) {}

  /** Every file of a place whose shape is right. */
  read<T>(place: RegExp, schema: z.ZodType<T>): ReadonlyMap<string, Read<T>> {
    const found = new Map<string, Read<T>>();
    for (const [file, { text, blob }] of this.files) {
      if (!place.test(file)) continue;
      const read = this.cache.get(documentBy(schema), { file, text, blob });
      if (!read.ok) {
        this.problems.push(...read.problems);
        continue;
      }
      found.set(file, { document: read.value, file, blob, lineOf: read.lineOf, columnOf: read.columnOf });
    }
    return found;
  }

  /** What they mean, once all that they may name has been read. */
  check<T>(
    files: ReadonlyMap<string, Read<T>>,
    problemsOf: (file: string, lineOf: LineOf, document: T, columnOf: LineOf) => readonly Problem[],
  ): void {
    for (const { file, lineOf, document, columnOf } of files.values())
      this.problems.push(...problemsOf(file, lineOf, document, columnOf));
  }
}

function byName<From, To>(
  filed: ReadonlyMap<string, Filed<From>>,
  inner: (document: From) => To,
  nameOf: (document: To) => string,
): ReadonlyMap<string, Filed<To>> {
  return new Map(
    [...filed.values()].map(({ document, file, blob, lineOf }) => {
      const unwrapped = inner(document);
      return [nameOf(unwrapped), { document: unwrapped, file, blob, ...(lineOf && { lineOf }) }];
    }),
  );
}

function documentsByName<T extends { readonly name: string }>(
  files: ReadonlyMap<string, Filed<T>>,
): ReadonlyMap<string, T> {
  return new Map([...files.values()].map(({ document }) => [document.name, document]));
}

function namesIn({ teams, windows, services, environments }: Policy): NonNullable<Library['policy']> {
  return {
    teams: [...teams.keys()],
    windows: [...windows.keys()],
    services: [...services.keys()],
    environments: [...environments.keys()],
  };
}

function ofKind<From, To extends From>(
  filed: ReadonlyMap<string, Filed<From>>,
  isMeant: (document: From) => document is To,
): ReadonlyMap<string, Filed<To>> {
  return new Map([...filed].filter((entry): entry is [string, Filed<To>] => isMeant(entry[1].document)));
}
