import { useQuery } from '@tanstack/react-query';
import { DoorOpen } from 'lucide-react';
import { useEffect, useState } from 'react';
import { oneRoom } from '../api/queries';
import { asRefusal } from '../api/refusal';
import type { RoomRecord } from '../api/shapes';
import { go } from '../app/routes';
import { Button } from '../look/Button';
import { Bones, Empty } from '../look/State';
import { useTitle } from '../look/useTitle';
import { t } from '../texts';
import { words } from '../texts/refused';
import { Conversation } from './Conversation';
import { Preview } from './Preview';
import { RoomHeader } from './RoomHeader';
import { MembersPanel } from './MembersPanel';
import { hasRoomBeside } from './beside';

/** A room by its id or slug: the conversation where one is in it, else what there is to see from outside. */
export function Room({ reference, rooms }: { reference: string; rooms: RoomRecord[] }) {
  const mine = rooms.find(({ id, slug }) => id === reference || slug === reference);
  const { data, error } = useQuery({ ...oneRoom(reference), enabled: !mine });
  const [isPanelOpen, setPanelOpen] = useState(hasRoomBeside.matches && localStorage.getItem(PANEL) !== 'closed');
  // Where there is no room beside the conversation it would cover it.
  useEffect(() => {
    const changed = () => !hasRoomBeside.matches && setPanelOpen(false);
    hasRoomBeside.addEventListener('change', changed);
    return () => hasRoomBeside.removeEventListener('change', changed);
  }, []);
  const room = mine ?? data;
  useTitle(room?.name ?? '');
  if (!room) return error ? <Missing error={error} /> : <div className="flex h-full flex-col justify-end p-6"><Bones /></div>;
  const isInside = room.me !== null && room.me.state !== 'invited';
  const showPanel = (isOpen: boolean) => {
    if (hasRoomBeside.matches) localStorage.setItem(PANEL, isOpen ? 'open' : 'closed');
    setPanelOpen(isOpen);
  };
  return (
    <div className="flex h-full min-h-0">
      <section aria-label={room.name} className="flex min-w-0 flex-1 flex-col">
        <RoomHeader room={room} isInside={isInside} isPanelOpen={isPanelOpen} onPanel={() => showPanel(!isPanelOpen)} />
        {isInside ? <Conversation key={room.id} room={room} /> : <Preview room={room} />}
      </section>
      {isInside && isPanelOpen && room.kind !== 'direct' && <MembersPanel room={room} onClose={() => showPanel(false)} />}
    </div>
  );
}

const PANEL = 'chat:members';

function Missing({ error }: { error: unknown }) {
  const refusal = asRefusal(error);
  const isGone = refusal.status === 404;
  return (
    <div className="grid h-full place-items-center">
      <Empty
        icon={<DoorOpen size={22} />}
        title={isGone ? t('room.missing') : words(refusal)}
        action={<Button onClick={() => go({ page: 'home' })}>{t('home')}</Button>}
      >
        {isGone ? t('room.missing.about') : ''}
      </Empty>
    </div>
  );
}
