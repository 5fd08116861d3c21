import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { dropRoom, putRoom } from '../api/queries';
import { call } from '../api/session';
import type { RoomRecord } from '../api/shapes';
import { news } from '../app/news';
import { go } from '../app/routes';
import { useChat } from '../chat';
import { Button } from '../look/Button';
import { Confirm } from '../look/Confirm';
import { Field } from '../look/Field';
import { Trouble } from '../look/State';
import { useAction } from '../look/useAction';
import { t } from '../texts';

/** Archive, reopen, delete. */
export function CloseRoom({ room, onClosed }: { room: RoomRecord; onClosed: () => void }) {
  const [queries, chat] = [useQueryClient(), useChat()];
  const { run, isBusy, refusal } = useAction();
  const [isDeleting, setDeleting] = useState(false);
  const isArchived = room.archivedAt !== null;
  const archive = () =>
    run(async () => putRoom(queries, await call<RoomRecord>(isArchived ? 'DELETE' : 'PUT', `/api/rooms/${room.id}/archive`)));
  return (
    <section className="flex flex-col gap-3 border-t border-line pt-5">
      <h3 className="text-md font-semibold">{t('room.end')}</h3>
      <p className="text-base text-soft">{t('room.end.about')}</p>
      <div className="flex flex-wrap gap-2">
        <Button isBusy={isBusy} onClick={archive}>{t(isArchived ? 'room.reopen' : 'room.archive')}</Button>
        <Button kind="danger" onClick={() => setDeleting(true)}>{t('room.delete')}</Button>
      </div>
      <Trouble error={refusal} />
      {isDeleting && (
        <Confirm
          title={t('room.delete.title', { room: room.name })}
          about={t('room.delete.about')}
          action={t('room.delete')}
          isDanger
          onClose={() => setDeleting(false)}
          onDone={async ({ reason }) => {
            news.ownDoing.add(room.id);
            await call('DELETE', `/api/rooms/${room.id}`, { query: { reason } }).catch((error) => {
              news.ownDoing.delete(room.id);
              throw error;
            });
            onClosed();
            go({ page: 'home' });
            chat.leave(room.id);
            dropRoom(queries, room.id);
          }}
        >
          <Field label={t('reason')} name="reason" maxLength={500} />
        </Confirm>
      )}
    </section>
  );
}
