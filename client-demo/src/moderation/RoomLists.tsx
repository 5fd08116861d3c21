import { useQueryClient } from '@tanstack/react-query';
import { Ban, MailOpen, MicOff, ScrollText } from 'lucide-react';
import { call } from '../api/session';
import type { AuditEntry, Barred, Invitation, RoomRecord } from '../api/shapes';
import { keyOf } from '../chat';
import { Avatar } from '../look/Avatar';
import { Button } from '../look/Button';
import { Paged } from '../look/Paged';
import { Empty, Trouble } from '../look/State';
import { useAction } from '../look/useAction';
import { t } from '../texts';
import { ago, moment } from '../texts/formats';
import { AuditRow } from './AuditRow';

/** Who may not write, or not come, and since when. */
export function Barrings({ room, kind }: { room: RoomRecord; kind: 'bans' | 'mutes' }) {
  return (
    <Paged<Barred>
      name={['rooms', room.id, kind]}
      path={`/api/rooms/${room.id}/${kind}`}
      row={(barred) => <BarredRow key={keyOf(barred.user)} {...{ room, kind, barred }} />}
      empty={<Empty icon={kind === 'bans' ? <Ban size={20} /> : <MicOff size={20} />} title={t(kind === 'bans' ? 'bans.none' : 'mutes.none')} />}
    />
  );
}

function BarredRow({ room, kind, barred: { user, by, reason, at, mutedUntil } }: { room: RoomRecord; kind: 'bans' | 'mutes'; barred: Barred }) {
  const queries = useQueryClient();
  const { run, isBusy, refusal } = useAction();
  const lift = () => run(async () => {
    await call('DELETE', `/api/rooms/${room.id}/${kind}/${keyOf(user)}`);
    await queries.invalidateQueries({ queryKey: ['rooms', room.id] });
  });
  const about = [
    mutedUntil && t('mute.until', { until: moment(mutedUntil) }),
    by ? t('by', { name: by.name, when: ago(at) }) : ago(at),
    reason,
  ];
  return (
    <li className="flex flex-wrap items-center gap-3 px-4 py-3">
      <Avatar id={keyOf(user)} name={user.name} url={user.avatarUrl} />
      <div className="min-w-0 flex-1">
        <bdi className="block truncate text-base font-medium">{user.name}</bdi>
        <p className="text-sm text-faint">{about.filter(Boolean).join(' · ')}</p>
      </div>
      <Button size="sm" isBusy={isBusy} onClick={lift}>{t(kind === 'bans' ? 'unban' : 'unmute')}</Button>
      <Trouble error={refusal} className="w-full" />
    </li>
  );
}

export function Invites({ room }: { room: RoomRecord }) {
  return (
    <Paged<Invitation>
      name={['rooms', room.id, 'invites']}
      path={`/api/rooms/${room.id}/invites`}
      row={(invitation) => <InviteRow key={keyOf(invitation.user)} room={room} invitation={invitation} />}
      empty={<Empty icon={<MailOpen size={20} />} title={t('invites.none')} />}
    />
  );
}

function InviteRow({ room, invitation: { user, by, expiresAt } }: { room: RoomRecord; invitation: Invitation }) {
  const queries = useQueryClient();
  const { run, isBusy, refusal } = useAction();
  const withdraw = () => run(async () => {
    await call('DELETE', `/api/rooms/${room.id}/invites/${keyOf(user)}`);
    await queries.invalidateQueries({ queryKey: ['rooms', room.id, 'invites'] });
  });
  return (
    <li className="flex flex-wrap items-center gap-3 px-4 py-3">
      <Avatar id={keyOf(user)} name={user.name} url={user.avatarUrl} />
      <div className="min-w-0 flex-1">
        <bdi className="block truncate text-base font-medium">{user.name}</bdi>
        <p className="text-sm text-faint">{[by && t('invites.by', { name: by.name }), t('invites.until', { when: ago(expiresAt) })].filter(Boolean).join(' · ')}</p>
      </div>
      <Button size="sm" isBusy={isBusy} onClick={withdraw}>{t('invites.withdraw')}</Button>
      <Trouble error={refusal} className="w-full" />
    </li>
  );
}

export const RoomAudit = ({ room }: { room: RoomRecord }) => (
  <Paged<AuditEntry>
    name={['rooms', room.id, 'audit']}
    path={`/api/rooms/${room.id}/audit`}
    row={(entry) => <AuditRow key={entry.id} entry={entry} />}
    empty={<Empty icon={<ScrollText size={20} />} title={t('audit.none')} />}
  />
);
