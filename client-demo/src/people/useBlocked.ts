import { useQuery } from '@tanstack/react-query';
import { all } from '../api/queries';
import type { Person } from '../api/shapes';
import { useMe } from '../app/me';

const NOBODY: ReadonlySet<string> = new Set();
const ids = (blocks: { user: Person }[]): ReadonlySet<string> => new Set(blocks.map(({ user }) => user.id ?? ''));

export const blocks = {
  queryKey: ['blocks'],
  queryFn: () => all<{ user: Person; blockedAt: string }>('/api/me/blocks'),
};

/** Whom one does not want to read. The server tells everybody the same: hiding is ours. */
export function useBlocked(): ReadonlySet<string> {
  const { isGuest } = useMe();
  return useQuery({ ...blocks, select: ids, enabled: !isGuest }).data ?? NOBODY;
}
