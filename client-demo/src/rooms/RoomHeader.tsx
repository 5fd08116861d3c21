import { BarChart3, ChevronLeft, Ellipsis, LogOut, Settings2, UserPlus, UserRound, UsersRound } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import type { RoomRecord } from '../api/shapes';
import { useMe } from '../app/me';
import { go } from '../app/routes';
import { RoomIcon } from './RoomIcon';
import { useChat, useSelected } from '../chat';
import { IconButton } from '../look/Button';
import { Item, Line, Menu } from '../look/Menu';
import { rightsIn } from '../moderation/rights';
import { Profile } from '../people/Profile';
import { t } from '../texts';
import { number, span } from '../texts/formats';
import { InviteDialog } from './InviteDialog';
import { LeaveDialog } from './LeaveDialog';

const RoomSettings = lazy(() => import('./RoomSettings'));

type Open = 'settings' | 'invite' | 'leave' | 'profile' | undefined;

interface Props {
  room: RoomRecord;
  isInside: boolean;
  isPanelOpen: boolean;
  onPanel: () => void;
}

export function RoomHeader({ room, isInside, isPanelOpen, onPanel }: Props) {
  const me = useMe();
  const [open, setOpen] = useState<Open>();
  const rights = rightsIn(room, me);
  const close = () => setOpen(undefined);
  return (
    <header className="flex h-14 shrink-0 items-center gap-2 border-b border-line px-2 sm:px-4">
      <IconButton label={t('back')} onClick={() => go({ page: 'home' })} className="md:hidden"><ChevronLeft size={20} className="rtl:-scale-x-100" /></IconButton>
      <RoomIcon room={room} size={18} />
      <div className="flex min-w-0 flex-1 flex-col justify-center">
        <h1 dir="auto" className="truncate text-md leading-5 font-semibold tracking-tight">{room.name}</h1>
        <Below room={room} />
      </div>
      {isInside && room.kind !== 'direct' && <PanelButton {...{ room, isPanelOpen, onPanel }} />}
      {isInside && (
        <Menu trigger={<IconButton label={t('room.menu')}><Ellipsis size={18} /></IconButton>}>
          {room.peer && <Item icon={<UserRound size={15} />} onSelect={() => setOpen('profile')}>{t('profile.of', { name: room.peer.name })}</Item>}
          {rights.invite && <Item icon={<UserPlus size={15} />} onSelect={() => setOpen('invite')}>{t('invite')}</Item>}
          {room.kind !== 'direct' && <Item icon={<BarChart3 size={15} />} onSelect={() => go({ page: 'statistics', room: room.id })}>{t('statistics')}</Item>}
          {rights.moderate && <Item icon={<Settings2 size={15} />} onSelect={() => setOpen('settings')}>{t('room.settings')}</Item>}
          {rights.leave && <Line />}
          {rights.leave && <Item icon={<LogOut size={15} />} isDanger onSelect={() => setOpen('leave')}>{t(room.kind === 'direct' ? 'direct.hide' : 'room.leave')}</Item>}
        </Menu>
      )}
      {open === 'settings' && <Suspense><RoomSettings room={room} onClose={close} /></Suspense>}
      {open === 'invite' && <InviteDialog room={room} onClose={close} />}
      {open === 'leave' && <LeaveDialog room={room} onClose={close} />}
      {open === 'profile' && room.peer?.id && <Profile id={room.peer.id} onClose={close} />}
    </header>
  );
}

/** One line: what the room is about, or what goes on in it. */
function Below({ room }: { room: RoomRecord }) {
  const parts = [
    room.peer ? `@${room.peer.username}` : '',
    room.archivedAt ? t('room.is-archived') : '',
    room.slowModeSeconds > 0 ? t('room.slow', { span: span(room.slowModeSeconds * 1000) }) : '',
    room.description,
  ].filter(Boolean);
  if (parts.length === 0) return null;
  return <p dir="auto" className="truncate text-xs text-faint">{parts.join(' · ')}</p>;
}

/** Where nobody counts members (in the main room is everybody), it counts who is here. */
function PanelButton({ room, isPanelOpen, onPanel }: Omit<Props, 'isInside'>) {
  const online = useSelected(useChat().presence(room.id), (presence) => (presence.isKnown ? presence.online : null));
  const [count, key] = room.memberCount === null ? [online, 'members.online'] as const : [room.memberCount, 'members.count'] as const;
  return (
    <IconButton label={count === null ? t('members') : t(key, { n: count })} isOn={isPanelOpen} aria-pressed={isPanelOpen} onClick={onPanel} className="w-auto! px-2">
      <span className="flex items-center gap-1.5 text-sm font-medium tabular-nums">
        <UsersRound size={17} />
        {count !== null && number(count)}
      </span>
    </IconButton>
  );
}
