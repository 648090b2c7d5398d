import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { JsonObject } from '../../src/json';
import { helmUpgrade, type HelmUpgradeWith } from '../../src/runbooks/kinds/helm-upgrade';
import { begunRollback, goBack, takeAway } from './helm-back';
import {
  helmFailure,
  helmKey,
  helmLabels,
  isUnderWay,
  leaveOthersAlone,
  openHelm,
  workedBefore,
  type HelmRevision,
  type HelmSession,
} from './helm-session';
import { ownLimit } from './kubectl-session';
import { StepFailed, type StepAnswer } from './outcomes';
import { stepKind, withGiven, type StepContext } from './step-kind';

const shownObjects = 100;
const maxNotes = 8_000;

export const runHelmUpgrade = stepKind<HelmUpgradeWith>(helmUpgrade, run, (context) =>
  run(withGiven(context, { check: true })),
);

async function run(context: StepContext<HelmUpgradeWith>): Promise<StepAnswer> {
  const { release, check } = context.given;
  const helm = await openHelm(context);
  if (check) {
    const made = await upgrade(context, helm, { after: 0, isFirst: true });
    return { ...made, summary: `${count(made.tells.objects)} would be in ${release}` };
  }
  const key = helmKey(context.idempotencyKey);
  let history = await helm.history(release);
  const newest = history.at(-1);
  const isOurs = newest !== undefined && (await helm.isNewest(release, { key, after: newest.revision - 1 }));
  if (isOurs && newest.status === 'deployed') return found(helm, release);
  const isFirst = isOurs
    ? await helm.isNewest(release, { key, isFirst: true })
    : newest === undefined || newest.status === 'uninstalled';
  if (newest !== undefined && isUnderWay(newest)) {
    await recover(context, helm, { history, isOurs, isFirst });
    history = await helm.history(release);
  }
  const made = await upgrade(context, helm, { after: history.at(-1)?.revision ?? 0, isFirst });
  const { revision } = made.tells;
  return { ...made, summary: `${isFirst ? 'installed' : 'upgraded'} as revision ${String(revision)}` };
}

interface Before {
  readonly history: readonly HelmRevision[];
  readonly isOurs: boolean;
  readonly isFirst: boolean;
}

/** helm does nothing with a release that is under way; one that was lost half-way is put back first. */
async function recover(
  context: StepContext<HelmUpgradeWith>,
  helm: HelmSession,
  { history, isOurs, isFirst }: Before,
): Promise<void> {
  const { release } = context.given;
  const newest = history.at(-1)!;
  const begun = isOurs
    ? undefined
    : await begunRollback(helm, { release, history, key: helmKey(context.idempotencyKey) });
  if (!isOurs && begun === undefined) return leaveOthersAlone(release, newest);
  if (isFirst) return takeAway(context, helm);
  const back = begun ?? workedBefore(history, newest.revision)?.revision;
  if (back === undefined)
    throw new StepFailed(
      `An attempt was lost while it upgraded ${release}, and no revision before it worked, so there is nothing to begin from; whoever looks after the release has to mend it.`,
    );
  await goBack(context, helm, { revision: back, wait: false });
}

const releaseSchema = z.object({
  version: z.int(),
  info: z.object({ status: z.string(), notes: z.string().default('') }),
  manifest: z.string().default(''),
});

async function upgrade(
  context: StepContext<HelmUpgradeWith>,
  helm: HelmSession,
  before: { readonly after: number; readonly isFirst: boolean },
) {
  const { release, chart, values, wait, check } = context.given;
  const workspace = await context.workspace();
  const file = await workspace.write('values.json', JSON.stringify(values));
  const key = helmKey(context.idempotencyKey);
  const args = helm
    .args('upgrade', '--install', '--reset-values', '--output=json')
    .option('--values', file)
    .option('--labels', helmLabels({ key, ...before }))
    .option('--timeout', `${ownLimit(context.step.timeoutMs)}s`);
  if (check) args.switch('--dry-run=server').switch('--hide-secret');
  else if (wait) args.switch('--wait');
  args.value(release).value(workspace.folder(chart));
  const end = await helm.run(args, { isPrivate: true });
  if (end.code !== 0) throw helmFailure(`${release} could not be ${check ? 'checked' : 'upgraded'}`, end);
  return told(end.stdout);
}

/** An attempt before this one got there, and nobody heard of it. */
async function found(helm: HelmSession, release: string) {
  const end = await helm.run(helm.args('status', '--output=json').value(release), { isPrivate: true });
  if (end.code !== 0) throw helmFailure(`The release ${release} could not be looked at`, end);
  const made = told(end.stdout);
  return { ...made, summary: `revision ${made.tells.revision} was already made` };
}

function told(stdout: string) {
  const { version, info, manifest } = releaseSchema.parse(JSON.parse(stdout));
  const objects = objectsIn(manifest);
  return {
    tells: {
      revision: version,
      status: info.status,
      notes: info.notes.slice(0, maxNotes),
      objects: objects.slice(0, shownObjects),
    },
    detail: objects.slice(0, 20),
  };
}

function objectsIn(manifest: string): string[] {
  const documents = parseAllDocuments(manifest, { version: '1.1' });
  if ('empty' in documents) return [];
  return documents.flatMap((document) => {
    const { kind, metadata } = (document.toJS({ maxAliasCount: 100 }) ?? {}) as JsonObject;
    const name = (metadata as JsonObject | undefined)?.name;
    return typeof kind === 'string' && typeof name === 'string' ? [`${kind}/${name}`] : [];
  });
}

function count({ length }: readonly string[]): string {
  return `${length} ${length === 1 ? 'object' : 'objects'}`;
}
