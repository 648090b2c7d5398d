import { canonical } from '../../src/canonical';
import { Refusal } from '../../src/errors';
import type { Json } from '../../src/json';
import { childOperationRequest } from '../../src/operation/child-request';
import type { WorkerActivities } from '../../src/operation/ports';
import type { SliceRecord } from '../../src/operation/runner-ports';
import { isRelayed, relay } from '../../src/operation/relay';
import { windowAt } from '../../src/policy/calendar';
import type { Target } from '../../src/runbooks/targets';
import { finalIfRefused } from './final-if-refused';
import type { PolicySource } from './policy-source';

export interface RunPartsDeps {
  readonly policy: Pick<PolicySource, 'current'>;
  readonly blobs: { put(text: string): Promise<string>; get(digest: string): Promise<Buffer> };
  readonly relayKey: string;
  readonly now: () => Date;
}

type RunParts = Pick<WorkerActivities, 'keepSlice' | 'recallSlice' | 'windowOpening' | 'childRequest'>;

/** What a run needs of the worker for the steps that it carries out itself. */
export function createRunParts({ policy, blobs, relayKey, now }: RunPartsDeps): RunParts {
  const read = async <T>(digest: string): Promise<T> => JSON.parse((await blobs.get(digest)).toString('utf8')) as T;
  return {
    async keepSlice({ slice }) {
      const targets = await read<readonly Target[]>(slice.list);
      const keys = slice.targets.map(({ index }) => targets[index]?.key ?? `target ${index + 1}`);
      return { digest: await blobs.put(canonical(slice as unknown as Json)), keys };
    },

    recallSlice: ({ digest }) => read<SliceRecord>(digest),

    windowOpening: ({ window }) =>
      finalIfRefused(async () => {
        const { repository } = await policy.current();
        const { windows, timezone } = repository.policy;
        const found = windows.get(window);
        if (!found)
          throw new Refusal(
            'policy_invalid',
            `The policy has no window "${window}" any more, so nobody knows when it opens; the owner of the policy repository can add it.`,
          );
        const { open, opensAt } = windowAt({ windows: [found], now: now(), defaultZone: timezone });
        if (open) return { atMs: now().getTime() };
        return opensAt === undefined ? {} : { atMs: opensAt.getTime() };
      }),

    childRequest: ({ parent, kind, given, key }) =>
      finalIfRefused(async () => {
        if (!isRelayed('request', parent, relayKey))
          throw new Refusal('not_relayed', 'The operation whose step this is did not come through Signalbox.');
        const request = childOperationRequest({ parent: parent.body, kind, given, key, now: now() });
        return relay('request', request, relayKey);
      }),
  };
}
