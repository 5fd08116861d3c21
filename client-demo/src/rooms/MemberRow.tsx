import { useQueryClient } from '@tanstack/react-query';
import { Ban, Crown, DoorOpen, MessageCircle, Mic, MicOff, Shield, ShieldOff, UserRound } from 'lucide-react';
import { useState } from 'react';
import { asRefusal, type Refusal } from '../api/refusal';
import { call } from '../api/session';
import type { Person, RoomRecord, RoomRole } from '../api/shapes';
import { useMe } from '../app/me';
import { keyOf } from '../chat';
import { Avatar } from '../look/Avatar';
import { Item, Line, Menu } from '../look/Menu';
import { Trouble } from '../look/State';
import { BanDialog, KickDialog, MuteDialog } from '../moderation/Sanctions';
import { rightsIn } from '../moderation/rights';
import { Profile } from '../people/Profile';
import { useDirect } from '../people/useDirect';
import { t } from '../texts';

interface Props {
  room: RoomRecord;
  user: Person;
  role: RoomRole;
  mutedUntil: string | null;
}

type Open = 'profile' | 'mute' | 'kick' | 'ban' | undefined;

/** Somebody of a room, and all that one may do about them. */
export function MemberRow({ room, user, role, mutedUntil }: Props) {
  const me = useMe();
  const queries = useQueryClient();
  const [open, setOpen] = useState<Open>();
  const [refusal, setRefusal] = useState<Refusal>();
  const direct = useDirect();
  const rights = rightsIn(room, me);
  const id = keyOf(user);
  const isMe = id === me.id;
  const canAct = rights.moderate && !isMe && rights.outranks(role);
  const close = () => setOpen(undefined);
  const who = { id, name: user.name };
  const run = (method: string, path: string, body?: unknown) => {
    setRefusal(undefined);
    call(method, `/api/rooms/${room.id}/${path}/${id}`, body ? { body } : {}).then(
      () => queries.invalidateQueries({ queryKey: ['rooms', room.id] }),
      (error) => setRefusal(asRefusal(error)),
    );
  };
  const isMuted = mutedUntil !== null && Date.parse(mutedUntil) > Date.now();
  return (
    <li>
      <Menu
        align="start"
        trigger={
          <button type="button" className={`flex h-10 w-full items-center gap-2.5 rounded-lg px-2 text-start transition-colors hover:bg-hover data-[state=open]:bg-hover ${user.status === 'offline' ? 'text-soft' : ''}`}>
            <Avatar id={id} name={user.name} url={user.avatarUrl} presence={user.status} />
            <bdi className="min-w-0 flex-1 truncate text-base">{user.name}</bdi>
            {isMuted && <MicOff size={14} className="shrink-0 text-faint" aria-label={t('member.muted')} />}
            {user.guest && <span className="text-xs text-faint">{t('guest')}</span>}
            {role === 'owner' && <Crown size={14} className="shrink-0 text-away" aria-label={t('role.owner')} />}
            {role === 'moderator' && <Shield size={14} className="shrink-0 text-accent-ink" aria-label={t('role.moderator')} />}
          </button>
        }
      >
        {user.id && <Item icon={<UserRound size={15} />} onSelect={() => setOpen('profile')}>{t('profile')}</Item>}
        {user.id && !isMe && !me.isGuest && <Item icon={<MessageCircle size={15} />} onSelect={() => direct.open(id)}>{t('direct.write')}</Item>}
        {!user.id && !canAct && <Item isDisabled onSelect={() => {}}>{t('guest.about')}</Item>}
        {canAct && <Line />}
        {canAct && rights.giveRoles && user.id && role !== 'owner' && room.kind !== 'direct' && (
          <>
            {role === 'member'
              ? <Item icon={<Shield size={15} />} onSelect={() => run('PUT', 'members', { role: 'moderator' })}>{t('role.make-moderator')}</Item>
              : <Item icon={<ShieldOff size={15} />} onSelect={() => run('PUT', 'members', { role: 'member' })}>{t('role.make-member')}</Item>}
            <Item icon={<Crown size={15} />} onSelect={() => run('PUT', 'members', { role: 'owner' })}>{t('role.make-owner')}</Item>
          </>
        )}
        {canAct && (isMuted
          ? <Item icon={<Mic size={15} />} onSelect={() => run('DELETE', 'mutes')}>{t('unmute')}</Item>
          : <Item icon={<MicOff size={15} />} onSelect={() => setOpen('mute')}>{t('mute')}</Item>)}
        {canAct && rights.kick && <Item isDanger icon={<DoorOpen size={15} />} onSelect={() => setOpen('kick')}>{t('kick')}</Item>}
        {canAct && <Item isDanger icon={<Ban size={15} />} onSelect={() => setOpen('ban')}>{t('ban')}</Item>}
      </Menu>
      <Trouble error={refusal ?? direct.refusal} className="mx-2 my-1" />
      {open === 'profile' && <Profile id={id} onClose={close} />}
      {open === 'mute' && <MuteDialog room={room} who={who} onClose={close} />}
      {open === 'kick' && <KickDialog room={room} who={who} onClose={close} />}
      {open === 'ban' && <BanDialog room={room} who={who} onClose={close} />}
    </li>
  );
}
