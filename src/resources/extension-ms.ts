import type { ResourceState } from './resource';

/** What one press of Extend adds, ms; 0 where there is no lease, or where it reaches as far as it may. */
export function extensionMs({
  lease,
  createdAt,
  expiresAt,
}: Pick<ResourceState, 'lease' | 'createdAt' | 'expiresAt'>): number {
  if (!lease || createdAt === undefined || expiresAt === undefined) return 0;
  return Math.max(0, Math.min(lease.extendMs, Date.parse(createdAt) + lease.maxMs - Date.parse(expiresAt)));
}
