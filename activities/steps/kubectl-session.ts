import { join } from 'node:path';
import { parse } from 'yaml';
import type { KubectlCluster } from '../../src/runbooks/kinds/kubectl';
import { ProgramArguments } from '../processes/program-arguments';
import { StepError, StepFailed } from './outcomes';
import type { StepContext } from './step-kind';
import type { RunEnd } from './toolbox';

export type KubectlEnd = RunEnd & {
  /** The words of the first line that says what went wrong, masked. */
  readonly trouble?: string;
};

/** `kubectl` against the cluster of a step; its arguments begin with which cluster that is. */
export interface KubectlSession {
  args(...fixed: readonly string[]): ProgramArguments;
  run(args: ProgramArguments, options?: { readonly isPrivate?: boolean }): Promise<KubectlEnd>;
}

/** Answers of an API server that trying again does not change. */
const final =
  /\((?:Forbidden|Unauthorized|Invalid|BadRequest|NotFound|MethodNotAllowed|AlreadyExists|Conflict)\)|^error: (?:the namespace from|resource mapping not found|no matches for|the server doesn't have|context|You must be logged in)|Apply failed with|conflict with/;

export async function openKubectl(context: StepContext<KubectlCluster>): Promise<KubectlSession> {
  const { context: name, namespace } = context.given;
  const env = await kubeEnvironment(context);
  return {
    args(...fixed) {
      const args = new ProgramArguments(...fixed);
      if (name !== undefined) args.option('--context', name);
      if (namespace !== undefined) args.option('--namespace', namespace);
      return args;
    },
    async run(args, options) {
      let trouble: string | undefined;
      const onLine = (line: string, from: 'stdout' | 'stderr'): void => {
        if (from === 'stderr' && /^(?:error:|Error from server|Unable to connect|The .* is invalid)/.test(line))
          trouble ??= line.slice(0, 400);
      };
      const end = await context.run({
        program: 'kubectl',
        args,
        env,
        onLine,
        ...(options?.isPrivate ? { isPrivate: true, keepBytes: 2 ** 24 } : {}),
      });
      return { ...end, ...(trouble === undefined ? {} : { trouble }) };
    },
  };
}

/** What tells a program which cluster, and as whom; what lets it in is masked from here on. */
export async function kubeEnvironment(
  context: StepContext<KubectlCluster>,
): Promise<{ readonly [name: string]: string }> {
  const workspace = await context.workspace();
  const config = await context.secret(context.given.kubeconfig);
  for (const secret of secretsIn(config)) context.mask(secret);
  return {
    KUBECONFIG: await workspace.write('kubeconfig', config),
    KUBECACHEDIR: join(workspace.temporary, 'kube'),
  };
}

/** Seconds after which a tool has to say itself that time is up, before it is ended as any program would be. */
export function ownLimit(timeoutMs: number): number {
  const restMs = timeoutMs - Math.min(30_000, timeoutMs * 0.2);
  return Math.max(1, Math.floor((restMs * 0.9) / 1_000));
}

/** What a command that failed means for the step: whether trying again may help, in a sentence. */
export function kubectlFailure(what: string, end: KubectlEnd): StepError | StepFailed {
  const words = (end.trouble ?? end.lastError ?? `kubectl ended with the code ${end.code}`)
    .replace(/^error: /, '')
    .replace(/[.:]$/, '');
  const sentence = `${what}: ${words}.`;
  return final.test(end.trouble ?? '') ? new StepFailed(sentence) : new StepError(sentence);
}

/** Values of a kubeconfig that let somebody in. */
function secretsIn(config: string): readonly string[] {
  const found: string[] = [];
  const walk = (at: unknown): void => {
    if (typeof at !== 'object' || at === null) return;
    for (const [key, value] of Object.entries(at)) {
      if (
        /^(?:token|password|client-key-data|id-token|refresh-token|client-secret)$/.test(key) &&
        typeof value === 'string' &&
        value.length >= 8
      )
        found.push(value);
      else walk(value);
    }
  };
  try {
    walk(parse(config));
  } catch {
    throw new StepFailed('The kubeconfig of this step cannot be read; whoever looks after the secret corrects it.');
  }
  return found;
}
