import { useQueryClient } from '@tanstack/react-query';
import { DoorOpen } from 'lucide-react';
import { useState } from 'react';
import { dropRoom, putRoom } from '../api/queries';
import { asRefusal, type Refusal } from '../api/refusal';
import { call } from '../api/session';
import type { RoomRecord } from '../api/shapes';
import { go } from '../app/routes';
import { useMe } from '../app/me';
import { Button } from '../look/Button';
import { Empty, Trouble } from '../look/State';
import { t } from '../texts';

/** A room from outside: its name, what it is about, and the door. */
export function Preview({ room }: { room: RoomRecord }) {
  const queries = useQueryClient();
  const me = useMe();
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>();
  const isInvited = room.me?.state === 'invited';
  const run = (work: () => Promise<unknown>) => {
    setBusy(true);
    setRefusal(undefined);
    work().catch((error) => setRefusal(asRefusal(error))).finally(() => setBusy(false));
  };
  const join = () => run(async () => {
    putRoom(queries, await call<RoomRecord>('POST', `/api/rooms/${room.id}/join`), true);
    if (isInvited) queries.invalidateQueries({ queryKey: ['me'] });
  });
  const decline = () => run(async () => {
    await call('DELETE', `/api/rooms/${room.id}/invites/${me.id}`);
    dropRoom(queries, room.id);
    queries.invalidateQueries({ queryKey: ['me'] });
    go({ page: 'home' });
  });
  return (
    <div className="grid flex-1 place-items-center overflow-y-auto">
      <Empty
        icon={<DoorOpen size={22} />}
        title={isInvited ? t('invited.title', { room: room.name }) : t('preview.title', { room: room.name })}
        action={
          <div className="flex flex-col items-center gap-4">
            <Trouble error={refusal} />
            <div className="flex gap-2">
              <Button kind="primary" isBusy={isBusy} onClick={join} disabled={room.archivedAt !== null}>{t(isInvited ? 'invited.accept' : 'room.join')}</Button>
              {isInvited && <Button onClick={decline}>{t('invited.decline')}</Button>}
            </div>
          </div>
        }
      >
        {room.description || (room.memberCount === null ? '' : t('room.members', { n: room.memberCount }))}
      </Empty>
    </div>
  );
}
