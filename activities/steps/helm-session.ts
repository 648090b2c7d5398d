import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { KubectlCluster } from '../../src/runbooks/kinds/kubectl';
import { ProgramArguments } from '../processes/program-arguments';
import { kubeEnvironment } from './kubectl-session';
import { StepError, StepFailed } from './outcomes';
import type { StepContext } from './step-kind';
import type { RunEnd } from './toolbox';

export type HelmEnd = RunEnd & {
  /** What helm says went wrong, masked. */
  readonly trouble?: string;
};

const revisionSchema = z.object({
  revision: z.int(),
  status: z.string(),
  description: z.string().default(''),
});

export type HelmRevision = z.infer<typeof revisionSchema>;

/** What a step finds of itself in the labels of revisions. */
export interface HelmOwner {
  readonly key: string;
  /** The newest revision that there was when the step made its own; labels are passed on to later ones, and this is not right for them. */
  readonly after: number;
  /** Whether there was no release before the step made one. */
  readonly isFirst: boolean;
}

/** `helm` against the cluster of a step, with settings, plugins and repositories of nobody. */
export interface HelmSession {
  args(...fixed: readonly string[]): ProgramArguments;
  run(args: ProgramArguments, options?: { readonly isPrivate?: boolean }): Promise<HelmEnd>;
  /** Oldest first; none when there is no release. */
  history(release: string): Promise<readonly HelmRevision[]>;
  /** Whether the newest revision of a release has these labels. */
  isNewest(release: string, owner: Partial<HelmOwner>): Promise<boolean>;
  /** Whether a step made a revision, the newest or not. */
  isMadeBy(release: string, made: { readonly revision: number; readonly key: string }): Promise<boolean>;
  /** Revisions with the label of a step that worked and were replaced by later ones; passed on labels are among them. */
  replaced(release: string, key: string): Promise<readonly number[]>;
}

/** Answers that trying again does not change. */
const final =
  /is forbidden|Unauthorized|asked for the client to provide credentials|is invalid|context "[^"]*" does not exist|don't meet the specifications|missing in charts\/|Chart\.yaml file is missing|cannot load|template: |parse error|error converting YAML|execution error|no matches for kind|unable to build kubernetes objects|unknown field|has no deployed releases|exists and cannot be imported|release has no \d+ version|invalid ownership metadata/i;

export async function openHelm(context: StepContext<KubectlCluster>): Promise<HelmSession> {
  const { context: name, namespace } = context.given;
  const env = await kubeEnvironment(context);
  const session: HelmSession = {
    args(...fixed) {
      const args = new ProgramArguments(...fixed);
      if (name !== undefined) args.option('--kube-context', name);
      if (namespace !== undefined) args.option('--namespace', namespace);
      return args;
    },
    async run(args, options) {
      let trouble: string | undefined;
      const onLine = (line: string, from: 'stdout' | 'stderr'): void => {
        if (from !== 'stderr') return;
        if (line.startsWith('Error: ')) trouble ??= line.slice('Error: '.length, 500);
        // A list of them follows, one a line.
        else if (trouble?.endsWith('occurred:') && /^\s+\* /.test(line)) trouble = line.trim().slice(2, 500);
      };
      const more = options?.isPrivate ? { isPrivate: true, keepBytes: 2 ** 25 } : {};
      const end = await context.run({ program: 'helm', args, env, onLine, ...more });
      return { ...end, ...(trouble === undefined ? {} : { trouble }) };
    },
    async history(release) {
      const end = await session.run(session.args('history', '--output=json', '--max=256').value(release), {
        isPrivate: true,
      });
      if (end.code !== 0 && /release: not found/.test(end.trouble ?? '')) return [];
      if (end.code !== 0) throw helmFailure(`The release ${release} could not be looked at`, end);
      return z.array(revisionSchema).parse(JSON.parse(end.stdout));
    },
    isNewest: async (release, owner) => (await listed(session, release, ['--all'], owner)).length > 0,
    isMadeBy: (release, made) => isMadeBy(session, release, made),
    replaced: (release, key) => listed(session, release, ['--superseded'], { key }),
  };
  return session;
}

/** Ties revisions to a step; a label takes no key as it is. */
export function helmKey(idempotencyKey: string): string {
  return createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 40);
}

/** Labels of the revision that a step makes, or a selector of such. */
export function helmLabels({ key, after, isFirst }: Partial<HelmOwner>): string {
  const labels = { 'signalbox.key': key, 'signalbox.after': after, 'signalbox.first': isFirst };
  return Object.entries(labels)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
    .join(',');
}

async function listed(
  session: HelmSession,
  release: string,
  which: readonly string[],
  owner: Partial<HelmOwner>,
): Promise<readonly number[]> {
  const args = session
    .args('list', ...which, '--output=json')
    .option('--filter', `^${release}$`)
    .option('--selector', helmLabels(owner));
  const end = await session.run(args, { isPrivate: true });
  if (end.code !== 0) throw helmFailure(`The release ${release} could not be looked at`, end);
  const rows = z.array(z.object({ revision: z.coerce.number() })).parse(JSON.parse(end.stdout));
  return rows.map(({ revision }) => revision).sort((left, right) => left - right);
}

/** `helm list` hides what is not the newest, so the labels of the revision itself are read. */
async function isMadeBy(
  session: HelmSession,
  release: string,
  { revision, key }: { readonly revision: number; readonly key: string },
): Promise<boolean> {
  const labels = '{{ index .Release.Labels "signalbox.key" }} {{ index .Release.Labels "signalbox.after" }}';
  const args = session.args('get', 'all').option('--revision', String(revision)).option('--template', labels);
  const end = await session.run(args.value(release), { isPrivate: true });
  if (end.code !== 0) throw helmFailure(`The release ${release} could not be looked at`, end);
  return end.stdout.trim() === `${key} ${revision - 1}`;
}

/** What a command that failed means for the step: whether trying again may help, in a sentence. */
export function helmFailure(what: string, end: HelmEnd): StepError | StepFailed {
  const words = (end.trouble ?? end.lastError ?? `helm ended with the code ${end.code}`)
    .replace(/^(?:UPGRADE|INSTALLATION) FAILED: /, '')
    .replace(/[.:]$/, '');
  const sentence = /timed out waiting|context deadline exceeded/.test(words)
    ? `${what}: what it has was not ready in time, and may still get there (${words}); give the step a longer "timeout" if it needs one.`
    : `${what}: ${words}.`;
  return final.test(end.trouble ?? '') ? new StepFailed(sentence) : new StepError(sentence);
}

export function isUnderWay({ status }: HelmRevision): boolean {
  return status.startsWith('pending-') || status === 'uninstalling';
}

/** Where a rollback that made a revision goes, or was to go; undefined when the revision is something else. */
export function rollbackOf({ description }: HelmRevision): { readonly to: number | 'unknown' } | undefined {
  const target = /^Rollback to (\d+)$/.exec(description)?.[1];
  if (target !== undefined) return { to: Number(target) };
  return description.startsWith('Rollback "') ? { to: 'unknown' } : undefined;
}

/** The newest revision that worked, before one; undefined when none did. */
export function workedBefore(history: readonly HelmRevision[], before: number): HelmRevision | undefined {
  return history.findLast(
    ({ revision, status }) => revision < before && (status === 'deployed' || status === 'superseded'),
  );
}

/** Refuses to begin beside what somebody else has under way. */
export function leaveOthersAlone(release: string, newest: HelmRevision): void {
  if (isUnderWay(newest))
    throw new StepError(
      `Somebody else is at work on the release ${release} (revision ${newest.revision} is ${newest.status}), so nothing was done. If nobody is any more, whoever looks after it rolls it back with helm, and then this can be tried again.`,
      { unsent: true },
    );
}
