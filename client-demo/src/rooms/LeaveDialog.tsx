import { useQueryClient } from '@tanstack/react-query';
import { dropRoom } from '../api/queries';
import { call } from '../api/session';
import type { RoomRecord } from '../api/shapes';
import { go } from '../app/routes';
import { useChat } from '../chat';
import { Confirm } from '../look/Confirm';
import { t } from '../texts';

export function LeaveDialog({ room, onClose }: { room: RoomRecord; onClose: () => void }) {
  const [chat, queries] = [useChat(), useQueryClient()];
  const isDirect = room.kind === 'direct';
  return (
    <Confirm
      title={isDirect ? t('direct.hide') : t('room.leave.title', { room: room.name })}
      about={t(isDirect ? 'direct.hide.about' : room.isPrivate ? 'room.leave.private' : 'room.leave.about')}
      action={t(isDirect ? 'direct.hide.do' : 'room.leave')}
      isDanger={!isDirect}
      onClose={onClose}
      onDone={async () => {
        await call('POST', `/api/rooms/${room.id}/leave`);
        go({ page: 'home' });
        chat.leave(room.id);
        dropRoom(queries, room.id);
      }}
    />
  );
}
