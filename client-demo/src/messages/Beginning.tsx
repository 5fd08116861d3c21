import type { RoomRecord } from '../api/shapes';
import { Avatar } from '../look/Avatar';
import { t } from '../texts';
import { Hash, Lock } from 'lucide-react';

/** Above the first message of all. */
export function Beginning({ room, isEmpty }: { room: RoomRecord; isEmpty: boolean }) {
  const Icon = room.isPrivate ? Lock : Hash;
  return (
    <div className="px-3 pt-16 pb-4 sm:px-5">
      {room.peer ? (
        <Avatar id={room.peer.id ?? room.id} name={room.peer.name} url={room.peer.avatarUrl} size="xl" />
      ) : (
        <span className="grid size-12 place-items-center rounded-2xl bg-accent-soft text-accent-ink"><Icon size={22} aria-hidden="true" /></span>
      )}
      <h2 dir="auto" className="mt-4 text-xl font-semibold tracking-tight wrap-anywhere">{room.name}</h2>
      <p className="mt-1 max-w-prose text-md text-soft wrap-anywhere">
        {room.kind === 'direct' ? t('beginning.direct', { name: room.name }) : t('beginning.room')}
        {isEmpty && ` ${t('beginning.empty')}`}
      </p>
    </div>
  );
}
