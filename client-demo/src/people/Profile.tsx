import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Ban, MessageCircle } from 'lucide-react';
import { useState } from 'react';
import { person } from '../api/queries';
import { asRefusal, type Refusal } from '../api/refusal';
import { call } from '../api/session';
import { useMe } from '../app/me';
import { Avatar } from '../look/Avatar';
import { Button } from '../look/Button';
import { Dialog } from '../look/Dialog';
import { Bones, Trouble } from '../look/State';
import { t } from '../texts';
import { ago } from '../texts/formats';
import { useBlocked } from './useBlocked';
import { useDirect } from './useDirect';

/** Somebody, as others see them. */
export function Profile({ id, onClose }: { id: string; onClose: () => void }) {
  const me = useMe();
  const queries = useQueryClient();
  const { data, error } = useQuery(person(id));
  const isBlocked = useBlocked().has(id);
  const direct = useDirect(onClose);
  const [refusal, setRefusal] = useState<Refusal>();
  const block = () =>
    call(isBlocked ? 'DELETE' : 'PUT', `/api/me/blocks/${id}`).then(
      () => queries.invalidateQueries({ queryKey: ['blocks'] }),
      (failed) => setRefusal(asRefusal(failed)),
    );
  return (
    <Dialog title={data?.name ?? t('profile')} onClose={onClose}>
      {error && <Trouble error={error} />}
      {!data && !error && <Bones count={2} />}
      {data && (
        <div className="flex flex-col gap-5 [--around:var(--raised)]">
          <div className="flex items-center gap-4">
            <Avatar id={id} name={data.name} url={data.avatarUrl} size="xl" />
            <div className="min-w-0">
              <p className="truncate text-md text-soft"><bdi>@{data.username}</bdi></p>
              <p className="mt-1 text-base text-faint">
                {data.isOnline ? t(data.status === 'away' ? 'presence.away' : 'presence.online') : data.lastSeen && t('presence.seen', { when: ago(data.lastSeen) })}
              </p>
            </div>
          </div>
          {data.bio && <p dir="auto" className="text-md wrap-anywhere whitespace-pre-wrap text-soft">{data.bio}</p>}
          <Trouble error={direct.refusal ?? refusal} />
          {id !== me.id && !me.isGuest && (
            <div className="flex flex-wrap gap-2">
              {!isBlocked && <Button kind="primary" icon={<MessageCircle size={16} />} isBusy={direct.isBusy} onClick={() => direct.open(id)}>{t('direct.write')}</Button>}
              <Button icon={<Ban size={16} />} onClick={block}>{t(isBlocked ? 'unblock' : 'block')}</Button>
            </div>
          )}
        </div>
      )}
    </Dialog>
  );
}
