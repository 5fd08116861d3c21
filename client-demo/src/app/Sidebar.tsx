import { AtSign, BarChart3, Bell, ChevronDown, Compass, Gauge, Hash, LogOut, Mail, MessageSquarePlus, Plus, Search, Settings2, Shield, UserPlus, Users } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { AppearanceItems } from '../account/Appearance';
import { leaveForSignUp } from '../account/joining';
import { Mark } from '../account/Mark';
import { myself } from '../api/queries';
import { session } from '../api/session';
import type { RoomRecord } from '../api/shapes';
import { MOST_UNREAD, useChat, usePresence, useSelected } from '../chat';
import { Avatar } from '../look/Avatar';
import { IconButton } from '../look/Button';
import { Item, Line, Menu } from '../look/Menu';
import { Badge } from '../look/State';
import { useWide } from '../look/useWide';
import { FindPerson } from '../people/FindPerson';
import { CreateRoom } from '../rooms/CreateRoom';
import { referenceOf } from '../rooms/references';
import { RoomIcon } from '../rooms/RoomIcon';
import { t } from '../texts';
import { number } from '../texts/formats';
import { useMe } from './me';
import { useNotificationWish } from './notifications';
import { go, hashOf, type Route } from './routes';

export function Sidebar({ rooms, route, onSearch }: { rooms: RoomRecord[]; route: Route; onSearch: () => void }) {
  const me = useMe();
  const [dialog, setDialog] = useState<'room' | 'person'>();
  const inside = rooms.filter((room) => room.me?.state !== 'invited');
  const byName = inside.toSorted((one, other) => one.name.localeCompare(other.name));
  const directs = byName.filter(({ kind }) => kind === 'direct');
  const others = [...byName.filter(({ kind }) => kind === 'main'), ...byName.filter(({ kind }) => kind !== 'main' && kind !== 'direct')];
  return (
    <nav aria-label={t('nav')} className="flex h-full w-full shrink-0 flex-col border-e border-line bg-side [--around:var(--side)] md:w-68">
      <header className="flex h-14 shrink-0 items-center gap-2.5 px-4">
        <Mark size={26} />
        <Title>{t('app.name')}</Title>
        {!me.isGuest && (
          <Menu align="end" trigger={<IconButton label={t('new')}><MessageSquarePlus size={18} /></IconButton>}>
            <Item icon={<Hash size={15} />} onSelect={() => setDialog('room')}>{t('room.create')}</Item>
            <Item icon={<Users size={15} />} onSelect={() => setDialog('person')}>{t('direct.new')}</Item>
          </Menu>
        )}
      </header>
      <div className="px-3 pb-2">
        <button
          type="button"
          onClick={onSearch}
          className="flex h-8 w-full items-center gap-2 rounded-lg border border-line bg-raised px-2.5 text-sm text-faint shadow-card transition-colors hover:border-edge hover:text-soft touch:h-10"
        >
          <Search size={14} aria-hidden="true" />
          <span className="flex-1 text-start">{t('switcher')}</span>
          <kbd className="hidden rounded bg-hover px-1.5 font-sans text-2xs md:inline">Ctrl K</kbd>
        </button>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-4">
        <ul className="mb-3 flex flex-col gap-px">
          <Waiting route={route} />
          <PageLink to={{ page: 'browse' }} route={route} icon={<Compass size={16} />}>{t('browse')}</PageLink>
        </ul>
        <Section
          title={t('rooms')}
          action={!me.isGuest && <IconButton size="sm" label={t('room.create')} onClick={() => setDialog('room')}><Plus size={15} /></IconButton>}
        >
          <RoomLinks rooms={others} route={route} />
        </Section>
        {!me.isGuest && (
          <Section
            title={t('directs')}
            action={<IconButton size="sm" label={t('direct.new')} onClick={() => setDialog('person')}><Plus size={15} /></IconButton>}
          >
            <RoomLinks rooms={directs} route={route} />
            {directs.length === 0 && <li className="px-2 py-1 text-sm text-faint">{t('directs.none')}</li>}
          </Section>
        )}
      </div>
      <Footer />
      {dialog === 'room' && <CreateRoom onClose={() => setDialog(undefined)} />}
      {dialog === 'person' && <FindPerson onClose={() => setDialog(undefined)} />}
    </nav>
  );
}

/** The page's own where the list has the screen to itself. */
function Title({ children }: { children: string }) {
  const Level = useWide() ? 'p' : 'h1';
  return <Level className="flex-1 truncate text-md font-semibold tracking-tight">{children}</Level>;
}

/** What waits for an answer, when something does. */
function Waiting({ route }: { route: Route }) {
  const me = useMe();
  const { data } = useQuery({ ...myself, enabled: !me.isGuest });
  if (!data || (data.invites === 0 && data.reports === 0)) return null;
  return (
    <>
      {data.invites > 0 && (
        <PageLink to={{ page: 'invitations' }} route={route} icon={<Mail size={16} />} count={data.invites}>{t('invitations')}</PageLink>
      )}
      {data.reports > 0 && (
        <PageLink to={{ page: 'operator', part: 'reports' }} route={route} icon={<Shield size={16} />} count={data.reports}>{t('reports')}</PageLink>
      )}
    </>
  );
}

function Section({ title, action, children }: { title: string; action?: ReactNode; children: ReactNode }) {
  return (
    <section className="mb-4">
      <div className="flex h-8 items-center ps-2 pe-0.5">
        <h2 className="flex-1 text-xs font-medium text-faint">{title}</h2>
        {action}
      </div>
      <ul className="flex flex-col gap-px">{children}</ul>
    </section>
  );
}

const LINK = `group flex h-8 touch:h-11 items-center gap-2.5 rounded-lg px-2 text-base transition-colors duration-75
  aria-[current=page]:bg-pressed aria-[current=page]:font-medium aria-[current=page]:text-ink hover:bg-hover`;

const isRoomOf = (route: Route, room: RoomRecord, isWide: boolean) =>
  route.page === 'room' ? route.room === room.slug || route.room === room.id
    : route.page === 'home' && room.kind === 'main' && isWide;

/** So many at once; beyond them, what is unread and where one is. */
const MOST_LISTED = 15;

function RoomLinks({ rooms, route }: { rooms: RoomRecord[]; route: Route }) {
  const [isWhole, setWhole] = useState(false);
  const isWide = useWide();
  const unread = useSelected(useChat().roster, (roster) => rooms.filter(({ id }) => roster.of(id).unread > 0).map(({ id }) => id).join());
  const kept = (room: RoomRecord, at: number) => at < MOST_LISTED || unread.includes(room.id) || isRoomOf(route, room, isWide);
  const listed = isWhole ? rooms : rooms.filter(kept);
  return (
    <>
      {listed.map((room) => <RoomLink key={room.id} room={room} route={route} />)}
      {rooms.length > MOST_LISTED && (
        <li>
          <button type="button" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)} className={`${LINK} w-full text-faint`}>
            <span className="grid w-6 shrink-0 place-items-center"><ChevronDown size={15} aria-hidden="true" className={isWhole ? 'rotate-180' : ''} /></span>
            {isWhole ? t('rooms.fewer') : t('rooms.all', { n: rooms.length })}
          </button>
        </li>
      )}
    </>
  );
}

function RoomLink({ room, route }: { room: RoomRecord; route: Route }) {
  const { roster } = useChat();
  const unread = useSelected(roster, (so) => so.of(room.id).unread);
  const isCalled = useSelected(roster, (so) => (so.of(room.id).calls ?? 0) > 0);
  const isHere = isRoomOf(route, room, useWide());
  const isNew = unread > 0 && !isHere;
  return (
    <li>
      <a
        href={hashOf({ page: 'room', room: referenceOf(room) })}
        aria-current={isHere ? 'page' : undefined}
        className={`${LINK} ${isNew ? 'font-semibold text-ink' : 'text-soft'} ${room.archivedAt ? 'italic' : ''}`}
      >
        {room.peer ? <LiveIcon room={room} /> : <RoomIcon room={room} />}
        <span dir="auto" className="min-w-0 flex-1 truncate">{room.name}</span>
        {isNew && (
          <>
            <Badge isQuiet={!isCalled && room.kind !== 'direct'}><span aria-hidden="true">{unread >= MOST_UNREAD ? `${number(MOST_UNREAD - 1)}+` : number(unread)}</span></Badge>
            {isCalled && <AtSign size={14} className="-ms-1 shrink-0 text-accent-ink" aria-hidden="true" />}
            <span className="sr-only">{t('room.unread', { n: unread })}{isCalled && `, ${t('room.called')}`}</span>
          </>
        )}
      </a>
    </li>
  );
}

/** One connection may watch 20 rooms: those beyond show how it was when the list was read. */
function LiveIcon({ room }: { room: RoomRecord }) {
  const presence = usePresence(room.id);
  return <RoomIcon room={room} {...(presence.isKnown && { live: presence.statusOf(room.peer?.id ?? '') })} />;
}

function PageLink({ to, route, icon, count, children }: { to: Route; route: Route; icon: ReactNode; count?: number; children: ReactNode }) {
  return (
    <li>
      <a href={hashOf(to)} aria-current={hashOf(route) === hashOf(to) ? 'page' : undefined} className={`${LINK} text-soft`}>
        <span className="grid w-6 shrink-0 place-items-center text-faint">{icon}</span>
        <span className="min-w-0 flex-1 truncate">{children}</span>
        {count && <Badge>{number(count)}</Badge>}
      </a>
    </li>
  );
}

function Footer() {
  const me = useMe();
  const isStaff = me.role !== 'user';
  const notifications = useNotificationWish();
  return (
    <footer className="shrink-0 border-t border-line p-2">
      <Menu
        side="top"
        align="start"
        trigger={
          <button type="button" className="flex w-full items-center gap-2.5 rounded-lg p-2 text-start transition-colors hover:bg-hover data-[state=open]:bg-hover">
            <Avatar id={me.id} name={me.name} url={me.avatarUrl} presence="online" />
            <span className="min-w-0 flex-1">
              <span dir="auto" className="block truncate text-base font-medium">{me.name}</span>
              <span className="block truncate text-xs text-faint">{me.isGuest ? t('guest') : <bdi>@{me.username}</bdi>}</span>
            </span>
            <Settings2 size={16} className="text-faint" aria-hidden="true" />
            <span className="sr-only">{t('account.menu')}</span>
          </button>
        }
      >
        {me.isGuest && <Item icon={<UserPlus size={15} />} onSelect={leaveForSignUp}>{t('entry.sign-up')}</Item>}
        {!me.isGuest && <Item icon={<Settings2 size={15} />} onSelect={() => go({ page: 'settings', part: 'profile' })}>{t('settings')}</Item>}
        <Item icon={<BarChart3 size={15} />} onSelect={() => go({ page: 'statistics', room: 'main-chat' })}>{t('statistics')}</Item>
        {isStaff && <Item icon={<Gauge size={15} />} onSelect={() => go({ page: 'operator', part: me.role === 'admin' ? 'now' : 'reports' })}>{t('operator')}</Item>}
        {notifications.isPossible && (
          <Item icon={<Bell size={15} />} isChecked={notifications.isOn} onSelect={() => void notifications.toggle()}>{t('notifications')}</Item>
        )}
        <Line />
        <AppearanceItems />
        <Line />
        <Item icon={<LogOut size={15} />} onSelect={() => session.signOut().catch(() => session.end())}>{t('sign-out')}</Item>
      </Menu>
    </footer>
  );
}

