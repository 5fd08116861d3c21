import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { myRooms, myself } from '../api/queries';
import { asRefusal } from '../api/refusal';
import { session } from '../api/session';
import type { Myself, RoomRecord } from '../api/shapes';
import { ChatContext, useNewChat } from '../chat';
import { upload } from '../files/upload';
import { Button } from '../look/Button';
import { Trouble } from '../look/State';
import { Directory, DirectoryContext } from '../people/directory';
import type { Language } from '../texts';
import { t } from '../texts';
import { type Me, MeContext } from './me';
import { useNotices } from './notices';
import { SOCKET_PATH } from './settings';
import { Shell } from './Shell';
import { Skeleton } from './Skeleton';
import { Splash } from './Splash';
import { standingsOf } from './standings';
import { keep, restore } from './unsent';

interface Props {
  userId: string;
  isGuest: boolean;
  language: Language;
}

/** Who is signed in reads who they are and what rooms they are in; then the chat begins there. */
export function Inside({ userId, isGuest, language }: Props) {
  const mine = useQuery({ ...myself, enabled: !isGuest });
  const rooms = useQuery(myRooms(isGuest));
  // What is known already is better than nothing, when it could not be read anew.
  const failed = [mine, rooms].filter(({ error, data }) => error && !data);
  if (failed.length > 0) {
    const retry = () => failed.forEach(({ refetch }) => void refetch());
    return (
      <Splash>
        <div className="flex max-w-sm flex-col gap-4 p-6">
          <Trouble error={asRefusal(failed[0]?.error)} onRetry={retry} />
          <Button onClick={() => session.signOut().catch(() => session.end())}>{t('sign-out')}</Button>
        </div>
      </Splash>
    );
  }
  if (!rooms.data || !(mine.data || isGuest)) return <Skeleton />;
  return <Chatting {...{ userId, isGuest, language }} mine={mine.data} rooms={rooms.data} />;
}

function known(rooms: RoomRecord[], epoch: string) {
  const heard = rooms.filter(({ me }) => me?.state === 'member');
  return heard.map(({ id, name, rev, lastSeq }) => ({ roomId: id, name, rev, epoch, from: lastSeq + 1 }));
}

function Chatting({ userId, isGuest, language, mine, rooms }: Props & { mine: Myself | undefined; rooms: RoomRecord[] }) {
  const chat = useNewChat(userId, () => ({
    path: SOCKET_PATH,
    getToken: session.token,
    me: userId,
    rooms: mine ? known(rooms, mine.epoch) : ['main-chat'],
    standings: rooms.flatMap(standingsOf),
    upload,
  }));
  const directory = useMemo(() => new Directory(isGuest), [isGuest]);
  const me = useMemo<Me>(() => {
    if (!mine) return { id: userId, name: session.guestName, username: '', avatarUrl: null, role: 'user', isGuest };
    const { user, role, email, bio, directFrom } = mine;
    return { id: userId, name: user.name, username: user.username, avatarUrl: user.avatarUrl, role, isGuest, email, bio, directFrom };
  }, [mine, userId, isGuest]);
  useEffect(() => (chat ? restore(chat) : undefined), [chat]);
  useEffect(() => (chat ? keep(chat) : undefined), [chat]);
  useEffect(() => {
    if (chat) chat.roster.username = me.username;
  }, [chat, me.username]);
  if (!chat) return <Skeleton />;
  return (
    <ChatContext value={chat}>
      <MeContext value={me}>
        <DirectoryContext value={directory}>
          <Notices />
          <Shell key={language} />
        </DirectoryContext>
      </MeContext>
    </ChatContext>
  );
}

function Notices() {
  useNotices();
  return null;
}
