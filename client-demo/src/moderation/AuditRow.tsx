import { useQuery } from '@tanstack/react-query';
import { myRooms, oneRoom } from '../api/queries';
import { asRefusal } from '../api/refusal';
import type { AuditEntry } from '../api/shapes';
import { hashOf } from '../app/routes';
import { t } from '../texts';
import type { Key } from '../texts/en';
import { ago, moment } from '../texts/formats';
import { detailText } from './details';

const ACTIONS = new Set([
  'message-deleted', 'message-edited', 'member-muted', 'member-unmuted', 'member-kicked', 'member-banned', 'member-unbanned',
  'role-changed', 'room-edited', 'room-archived', 'room-reopened', 'room-deleted', 'slow-mode-changed', 'account-locked',
  'account-unlocked', 'account-role-changed', 'sessions-ended', 'report-closed', 'words-changed', 'user-exported', 'user-erased',
]);

/** What was done: a newer server may have words that we do not. */
const actionText = (action: string) => (ACTIONS.has(action) ? t(`audit.${action}` as Key) : action);

interface Props {
  entry: AuditEntry;
  /** Said where more than one room is told of. */
  isRoomNamed?: boolean;
}

export function AuditRow({ entry, isRoomNamed = false }: Props) {
  const { at, by, action, roomId, target, reason } = entry;
  const more = [reason && `“${reason}”`, detailText(entry)].filter(Boolean).join(' · ');
  return (
    <li className="px-4 py-3">
      <p className="text-base wrap-anywhere">
        <span className="font-medium">{actionText(action)}</span>
        {target && <> · <bdi>{target.name}</bdi></>}
        {isRoomNamed && roomId && <> · <RoomName id={roomId} /></>}
      </p>
      <p className="text-sm wrap-anywhere text-faint">
        <bdi>{by?.name ?? t('audit.system')}</bdi> · <time dateTime={at} title={moment(at)}>{ago(at)}</time>
        {more && <> · <bdi>{more}</bdi></>}
      </p>
    </li>
  );
}

function RoomName({ id }: { id: string }) {
  const mine = useQuery(myRooms(false)).data?.find((room) => room.id === id);
  const { data, error } = useQuery({ ...oneRoom(id), enabled: !mine });
  const room = mine ?? data;
  if (!room) return error && asRefusal(error).status === 404 ? t('audit.room-gone') : null;
  return <a href={hashOf({ page: 'room', room: id })} className="text-accent-ink hover:underline"><bdi>{room.name}</bdi></a>;
}
