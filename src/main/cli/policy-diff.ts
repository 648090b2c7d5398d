import { openLedger } from '../../../activities/adapters/ledger';
import { decisionsIn, type RecordedDecision } from '../../ledger/decisions';
import { placeOf } from '../../policy/context';
import { replay, type Replay } from '../../policy/replay';
import { linkTemplateOf } from '../../policy/source-link';
import { parseDuration } from '../../runbooks/duration';
import { BadInput, printJson, settingsOf, type AddCommand, type ExitCode } from './command';
import { diffLines, diffMarkdown } from './diff-words';
import type { Io } from './io';
import { bindingOf, readPolicy, type PolicyRead } from './policy-files';
import { withFolder } from './with-folder';

interface Options {
  readonly repo?: string;
  readonly dir?: string;
  readonly ledger?: string;
  readonly ledgerRef?: string;
  readonly since: string;
  readonly limit: string;
  readonly failOnFlip?: boolean;
  readonly markdown?: boolean;
  readonly json?: boolean;
}

export const addPolicyDiff: AddCommand = (program, { io, ends }) => {
  program
    .command('diff')
    .description('Put recorded decisions to two policies, and say which would come out otherwise')
    .argument('<A>', 'branch, tag or whole commit id of the policy as it is')
    .argument('[B]', 'the same of the policy as it would be; or give --dir')
    .option('--repo <path or URL>', 'Git repository of the policy; POLICY_REPO when absent')
    .option('--dir <folder>', 'a folder as it lies there, instead of B')
    .option('--ledger <path or URL>', 'the ledger; LEDGER_REPO when absent')
    .option('--ledger-ref <ref>', 'its ref; LEDGER_REF when absent')
    .option('--since <duration>', 'how far back decisions are taken', '90d')
    .option('--limit <number>', 'how many records of the ledger are read at most, newest first', '50000')
    .option('--fail-on-flip', 'exit 1 when a decision would come out otherwise')
    .option('--markdown', 'print a comment for a pull request')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit 0 when judged, 1 with --fail-on-flip when one differs, 2 bad input.')
    .action(ends((a: string, b: string | undefined, options: Options) => diff(io, [a, b], options)));
};

async function diff(io: Io, [a, b]: readonly [string, string | undefined], options: Options): Promise<ExitCode> {
  if ((b === undefined) === (options.dir === undefined))
    throw new BadInput('Say what A is compared with: either a second commit B, or --dir <folder>.');
  if (options.json && options.markdown) throw new BadInput('Give either --json or --markdown.');
  const repo = options.repo === undefined ? {} : { repo: options.repo };
  const before = await readPolicy(io, { ...repo, ref: a });
  const after = await readPolicy(io, b === undefined ? { dir: options.dir! } : { ...repo, ref: b });
  const [{ policy: old }, { policy: now }] = [bindingOf(before), bindingOf(after)];
  const found = replay({ decisions: await recorded(io, options), before: old, after: now });
  say(io, { found, before, after }, options);
  return options.failOnFlip && found.flips.length > 0 ? 1 : 0;
}

async function recorded(io: Io, options: Options): Promise<readonly RecordedDecision[]> {
  const config = settingsOf(io, options.ledger === undefined ? ['LEDGER_REPO'] : []);
  const sinceMs = parseDuration(options.since);
  if (sinceMs === undefined) throw new BadInput('--since has to be a length of time such as 30d or 12h.');
  const limit = Number(options.limit);
  if (!Number.isSafeInteger(limit) || limit < 1) throw new BadInput('--limit has to be a whole number, at least 1.');
  return withFolder(async (dataDir) => {
    const ledger = await openLedger({
      url: options.ledger ?? config.LEDGER_REPO,
      ref: options.ledgerRef ?? config.LEDGER_REF,
      dataDir,
      now: () => io.now(),
    });
    const records = await ledger
      .fetch()
      .then(() => ledger.recent({ sinceMs: io.now().getTime() - sinceMs, limit }))
      .finally(() => ledger.close());
    return decisionsIn(records);
  });
}

function say(
  io: Io,
  { found, before, after }: { readonly found: Replay; readonly before: PolicyRead; readonly after: PolicyRead },
  options: Options,
): void {
  const config = settingsOf(io);
  const repository = options.repo ?? config.POLICY_REPO;
  const template = config.POLICY_WEB_URL ?? (repository === undefined ? undefined : linkTemplateOf(repository));
  const names = { before: before.commit.slice(0, 10), after: options.dir ?? after.commit.slice(0, 10) };
  if (options.json)
    return printJson(io, {
      before: before.commit,
      after: after.commit,
      judged: found.judged,
      flips: found.flips.map(({ differences, ...flip }) => ({
        ...flip,
        differences: differences.map(({ source, ...each }) => ({
          ...each,
          ...(source ? { source: placeOf(source) } : {}),
        })),
      })),
      missing: found.missing,
      unfaithful: found.unfaithful,
    });
  // A folder has no commit that a Git host could show.
  const linked = template && options.dir === undefined ? { template } : {};
  const compared = { ...names, afterCommit: after.commit, ...linked };
  if (options.markdown) io.out(diffMarkdown(found, compared));
  else for (const line of diffLines(found, compared)) io.out(line);
}
