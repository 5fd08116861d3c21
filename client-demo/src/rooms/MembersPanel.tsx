import { useInfiniteQuery } from '@tanstack/react-query';
import { UserPlus, X } from 'lucide-react';
import { useState } from 'react';
import { call } from '../api/session';
import type { Listing, Member, Person, RoomRecord } from '../api/shapes';
import { useMe } from '../app/me';
import { type Attendee, keyOf, usePresence } from '../chat';
import { Button, IconButton } from '../look/Button';
import { Bones, Trouble } from '../look/State';
import { rightsIn } from '../moderation/rights';
import { t } from '../texts';
import { number } from '../texts/formats';
import { InviteDialog } from './InviteDialog';
import { MemberRow } from './MemberRow';
import { hasRoomBeside } from './beside';

/** Beside the conversation where there is room, else above it. */
export function MembersPanel({ room, onClose }: { room: RoomRecord; onClose: () => void }) {
  const [isInviting, setInviting] = useState(false);
  const canInvite = rightsIn(room, useMe()).invite;
  return (
    <>
      <button type="button" aria-label={t('close')} tabIndex={-1} onClick={onClose} className="fixed inset-0 z-20 animate-appear bg-scrim lg:hidden" />
      <aside
        aria-label={t('members')}
        onKeyDown={(event) => event.key === 'Escape' && !hasRoomBeside.matches && onClose()}
        className="fixed inset-y-0 end-0 z-30 flex w-72 max-w-[85vw] animate-slide flex-col border-s border-line bg-canvas shadow-float lg:static lg:z-auto lg:w-66 lg:animate-none lg:shadow-none"
      >
        <header className="flex h-14 shrink-0 items-center gap-2 border-b border-line ps-4 pe-2">
          <h2 className="flex-1 text-base font-semibold">{t('members')}</h2>
          {canInvite && <IconButton label={t('invite')} onClick={() => setInviting(true)}><UserPlus size={17} /></IconButton>}
          <IconButton label={t('close')} onClick={onClose} className="lg:hidden"><X size={18} /></IconButton>
        </header>
        <div className="min-h-0 flex-1 overflow-y-auto px-2 py-3">
          {room.kind === 'main' ? <Everybody room={room} /> : <Members room={room} />}
        </div>
      </aside>
      {isInviting && <InviteDialog room={room} onClose={() => setInviting(false)} />}
    </>
  );
}

const RANKS = { owner: 0, moderator: 1, member: 2 } as const;

function useMembers(room: RoomRecord) {
  const query = useInfiniteQuery({
    queryKey: ['rooms', room.id, 'members'],
    queryFn: ({ pageParam }) => call<Listing<Member>>('GET', `/api/rooms/${room.id}/members`, { query: { limit: 100, after: pageParam } }),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  });
  return { ...query, members: query.data?.pages.flatMap(({ data }) => data) ?? [] };
}

function Members({ room }: { room: RoomRecord }) {
  const { members, error, refetch, isPending, hasNextPage, fetchNextPage, isFetchingNextPage } = useMembers(room);
  const presence = usePresence(room.id);
  if (isPending) return <div className="px-2"><Bones count={6} /></div>;
  if (error && members.length === 0) return <Trouble error={error} onRetry={refetch} className="mx-2" />;
  const statusOf = ({ user }: Member) => presence.people.get(keyOf(user))?.status ?? (presence.isKnown ? 'offline' : user.status);
  const sorted = members.toSorted((one, other) => RANKS[one.role] - RANKS[other.role] || one.user.name.localeCompare(other.user.name));
  const here = sorted.filter((member) => statusOf(member) !== 'offline');
  const away = sorted.filter((member) => statusOf(member) === 'offline');
  const known = new Set(members.map(({ user }) => keyOf(user)));
  const guests = [...presence.people.values()].filter((one) => !known.has(keyOf(one)));
  const row = (member: Member) => (
    <MemberRow key={keyOf(member.user)} room={room} user={{ ...member.user, status: statusOf(member) }} role={member.role} mutedUntil={member.mutedUntil} />
  );
  return (
    <>
      <Group title={t('presence.online')} count={here.length + guests.length}>
        {here.map(row)}
        {guests.map((one) => <Visitor key={keyOf(one)} room={room} one={one} />)}
      </Group>
      <Group title={t('presence.offline')} count={Math.max(away.length, (room.memberCount ?? 0) - here.length)}>{away.map(row)}</Group>
      {hasNextPage && <Button kind="ghost" size="sm" isBusy={isFetchingNextPage} onClick={() => fetchNextPage()} className="mx-auto my-2 flex">{t('show-more')}</Button>}
    </>
  );
}

/** Everybody is in the main room: who runs it, and who is here. */
function Everybody({ room }: { room: RoomRecord }) {
  const { members } = useMembers(room);
  const presence = usePresence(room.id);
  const leading = members.filter(({ role }) => role !== 'member');
  const roles = new Map(leading.map(({ user, role }) => [keyOf(user), role]));
  if (!presence.isKnown) return <div className="px-2"><Bones count={5} /></div>;
  const people = [...presence.people.values()].toSorted((one, other) => one.name.localeCompare(other.name));
  const gone = leading.filter(({ user }) => !presence.people.has(keyOf(user)));
  return (
    <>
      <Group title={t('presence.online')} count={presence.online}>
        {people.map((one) => <Visitor key={keyOf(one)} room={room} one={one} role={roles.get(keyOf(one)) ?? 'member'} />)}
        {presence.online > people.length && <li className="px-2 py-1.5 text-sm text-faint">{t('members.others', { n: presence.online - people.length })}</li>}
      </Group>
      <Group title={t('members.leading')} count={gone.length}>
        {gone.map(({ user, role }) => <MemberRow key={keyOf(user)} room={room} user={user} role={role} mutedUntil={null} />)}
      </Group>
    </>
  );
}

const Visitor = ({ room, one, role = 'member' }: { room: RoomRecord; one: Attendee; role?: 'owner' | 'moderator' | 'member' }) => (
  <MemberRow room={room} user={{ isOnline: true, lastSeen: null, ...one } as Person} role={role} mutedUntil={null} />
);

function Group({ title, count, children }: { title: string; count: number; children: React.ReactNode }) {
  if (count === 0) return null;
  return (
    <section className="mb-4">
      <h3 className="flex h-7 items-center gap-1.5 px-2 text-xs font-medium text-faint">{title}<span className="tabular-nums">{number(count)}</span></h3>
      <ul className="flex flex-col gap-px">{children}</ul>
    </section>
  );
}
