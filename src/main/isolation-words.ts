import type { Isolation } from '../../activities/processes/isolation';

/** How programs of steps are kept apart on this machine, in a sentence. */
export function isolationWords({ processes, network }: Isolation): {
  readonly isWhole: boolean;
  readonly sentence: string;
} {
  const isWhole = processes === 'namespace' && network === 'can be cut';
  if (isWhole)
    return {
      isWhole,
      sentence: 'Programs of steps run in a process namespace of their own, and without network if they need none.',
    };
  if (processes === 'namespace')
    return {
      isWhole,
      sentence: 'Programs of steps run in a process namespace of their own, but cannot be kept from the network here.',
    };
  return {
    isWhole,
    sentence:
      'Programs of steps run in process groups only, because "unshare --pid --mount-proc" does not work here: their network cannot be cut, and what they leave behind is looked for instead of ended by the kernel; allow user namespaces for the runner to mend it.',
  };
}
