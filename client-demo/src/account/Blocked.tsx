import { useQuery, useQueryClient } from '@tanstack/react-query';
import { UserRoundX } from 'lucide-react';
import { useState } from 'react';
import { call } from '../api/session';
import type { Person } from '../api/shapes';
import { Avatar } from '../look/Avatar';
import { Button } from '../look/Button';
import { Part, Rows } from '../look/Page';
import { Bones, Empty, Trouble } from '../look/State';
import { useAction } from '../look/useAction';
import { blocks } from '../people/useBlocked';
import { t } from '../texts';
import { ago } from '../texts/formats';

export function Blocked() {
  const { data, error, refetch } = useQuery(blocks);
  const [freed, setFreed] = useState<string>();
  return (
    <Part title={t('settings.blocked')} about={t('blocked.about')}>
      <Trouble error={error} onRetry={refetch} />
      <p role="status" className="text-sm text-good not-empty:mb-3">{freed && t('blocked.no-more', { name: freed })}</p>
      {!data && !error && <Bones count={2} />}
      {data?.length === 0 && <Empty icon={<UserRoundX size={22} />} title={t('blocked.none')}>{t('blocked.none.about')}</Empty>}
      {data && data.length > 0 && <Rows>{data.map(({ user, blockedAt }) => <BlockedRow key={user.id} user={user} at={blockedAt} onFreed={() => setFreed(user.name)} />)}</Rows>}
    </Part>
  );
}

function BlockedRow({ user, at, onFreed }: { user: Person; at: string; onFreed: () => void }) {
  const queries = useQueryClient();
  const { run, isBusy, refusal } = useAction();
  const unblock = () => run(async () => {
    await call('DELETE', `/api/me/blocks/${user.id}`);
    onFreed();
    await queries.invalidateQueries({ queryKey: blocks.queryKey });
  });
  return (
    <li className="flex flex-wrap items-center gap-3 px-4 py-3">
      <Avatar id={user.id ?? ''} name={user.name} url={user.avatarUrl} />
      <div className="min-w-0 flex-1">
        <bdi className="block truncate text-base font-medium">{user.name}</bdi>
        <p className="text-sm text-faint"><bdi>@{user.username}</bdi> · {ago(at)}</p>
      </div>
      <Button size="sm" isBusy={isBusy} onClick={unblock}>{t('unblock')}</Button>
      <Trouble error={refusal} className="w-full" />
    </li>
  );
}
