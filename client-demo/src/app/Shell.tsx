import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useState } from 'react';
import { myRooms } from '../api/queries';
import type { RoomRecord } from '../api/shapes';
import { useChat, useSelected } from '../chat';
import { Boundary } from '../look/Boundary';
import { Bones } from '../look/State';
import { useUnreadInTitle } from '../look/useTitle';
import { useWide } from '../look/useWide';
import { useBlocked } from '../people/useBlocked';
import { Room } from '../rooms/Room';
import { t } from '../texts';
import { ConnectionLine } from './ConnectionLine';
import { useMe } from './me';
import { NewsLine } from './NewsLine';
import { standingsOf } from './standings';
import { useNotifications } from './notifications';
import { type Route, useRoute } from './routes';
import { Sidebar } from './Sidebar';
import { Switcher } from './Switcher';

const Browse = lazy(() => import('../rooms/Browse'));
const Invitations = lazy(() => import('../rooms/Invitations'));
const Settings = lazy(() => import('../account/Settings'));
const Statistics = lazy(() => import('../statistics/Statistics'));
const Operator = lazy(() => import('../operator/Operator'));

const NO_ROOMS: RoomRecord[] = [];

export function Shell() {
  const [route, me] = [useRoute(), useMe()];
  const { data: rooms = NO_ROOMS } = useQuery(myRooms(me.isGuest));
  const [isSwitching, setSwitching] = useState(false);
  useFollowed(rooms);
  useUncounted();
  useNotifications(rooms);
  useAway();
  const isWide = useWide();
  const isList = !isWide && route.page === 'home';
  useUnreadInTitle(useSelected(useChat().roster, (roster) => roster.unread));
  useEffect(() => {
    const open = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k' && !event.shiftKey && !event.altKey) {
        event.preventDefault();
        setSwitching((is) => !is);
      }
    };
    addEventListener('keydown', open);
    return () => removeEventListener('keydown', open);
  }, []);
  return (
    <div className="flex h-full flex-col bg-canvas">
      <button
        type="button"
        onClick={() => document.getElementById('main')?.focus()}
        className="absolute start-2 top-2 z-50 -translate-y-20 rounded-lg bg-accent px-3 py-2 text-white focus:translate-y-0"
      >
        {t('skip')}
      </button>
      <ConnectionLine />
      <NewsLine />
      <div className="flex min-h-0 flex-1">
        {isWide && <Sidebar rooms={rooms} route={route} onSearch={() => setSwitching(true)} />}
        <main id="main" tabIndex={-1} className="flex min-w-0 flex-1 flex-col outline-none">
          {isList ? <Sidebar rooms={rooms} route={route} onSearch={() => setSwitching(true)} />
            : (
              <Boundary key={route.page === 'room' ? route.room : route.page}>
                <Suspense fallback={<div className="p-6"><Bones /></div>}><Page route={route} rooms={rooms} /></Suspense>
              </Boundary>
            )}
        </main>
      </div>
      {isSwitching && <Switcher rooms={rooms} onClose={() => setSwitching(false)} />}
    </div>
  );
}

function Page({ route, rooms }: { route: Route; rooms: RoomRecord[] }) {
  switch (route.page) {
    case 'room':
      return <Room key={route.room} reference={route.room} rooms={rooms} />;
    case 'home': {
      const first = rooms.find(({ kind }) => kind === 'main') ?? rooms[0];
      return <Room key={first?.slug ?? 'main-chat'} reference={first?.slug ?? 'main-chat'} rooms={rooms} />;
    }
    case 'browse':
      return <Browse />;
    case 'invitations':
      return <Invitations />;
    case 'settings':
      return <Settings part={route.part} />;
    case 'statistics':
      return <Statistics room={route.room} rooms={rooms} />;
    case 'operator':
      return <Operator part={route.part} />;
  }
}

/** Each room that one is in is heard, for what is unread. */
function useFollowed(rooms: RoomRecord[]) {
  const chat = useChat();
  useEffect(() => {
    for (const [id, standing] of rooms.flatMap(standingsOf)) {
      chat.roster.know(id, standing);
      chat.follow(id);
    }
  }, [chat, rooms]);
}

/** What somebody whom one has blocked writes is not counted. */
function useUncounted() {
  const { roster } = useChat();
  const blocked = useBlocked();
  useEffect(() => {
    roster.blocked = blocked;
  }, [roster, blocked]);
}

const IDLE = 5 * 60_000;

/** Away is who looks elsewhere for a while. */
function useAway() {
  const chat = useChat();
  useEffect(() => {
    let [timer, isAway]: [ReturnType<typeof setTimeout> | undefined, boolean] = [undefined, false];
    const set = (wanted: boolean) => {
      if (wanted !== isAway) chat.setAway(wanted);
      isAway = wanted;
    };
    const changed = () => {
      clearTimeout(timer);
      if (document.hidden) timer = setTimeout(() => set(true), IDLE);
      else set(false);
    };
    document.addEventListener('visibilitychange', changed);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', changed);
    };
  }, [chat]);
}
