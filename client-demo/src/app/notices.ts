import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { dropRoom, putRoom, renamePeers } from '../api/queries';
import { Refusal } from '../api/refusal';
import { session } from '../api/session';
import type { Mine, Person, RoomRecord } from '../api/shapes';
import { useChat } from '../chat';
import { useDirectory } from '../people/directory';
import { t } from '../texts';
import type { Key } from '../texts/en';
import { moment } from '../texts/formats';
import { useMe } from './me';
import { news } from './news';

interface OfMember {
  roomId: string;
  user: Person;
  version: number;
  role?: 'owner' | 'moderator' | 'member';
  mutedUntil?: string | null;
  reason?: string;
}

const TOKEN_FAULTS = ['invalid_token', 'token_expired', 'session_ended', 'user_not_found'];

/** What is told beside messages, put where it is shown (docs/wire/own.md, "What a client hears"). */
export function useNotices() {
  const [chat, directory, queries, me] = [useChat(), useDirectory(), useQueryClient(), useMe()];
  const { id: myId, isGuest } = me;

  useEffect(() => {
    const refresh = (...queryKey: string[]) => queries.invalidateQueries({ queryKey });
    const membersChanged = (roomId: string) => refresh('rooms', roomId);
    const isMe = ({ user }: OfMember) => (user.id ?? user.guestId) === myId;
    const setMine = (roomId: string, change: Partial<Mine>) =>
      queries.setQueryData<RoomRecord[]>(['rooms', 'mine'], (rooms) =>
        rooms?.map((room) => (room.id === roomId && room.me ? { ...room, me: { ...room.me, ...change } } : room)));
    const come = (room: RoomRecord) => {
      putRoom(queries, room, true);
      chat.roster.know(room.id, { unread: room.me?.unread ?? 0, lastReadSeq: room.me?.lastReadSeq ?? null, lastSeq: room.lastSeq });
      chat.follow(room.id);
    };
    const held = (roomId: string) => queries.getQueryData<RoomRecord[]>(['rooms', 'mine'])?.find(({ id }) => id === roomId);
    /** Of what somebody else has done to us. */
    const tell = (key: Key, { roomId, reason, mutedUntil }: Pick<OfMember, 'roomId' | 'reason' | 'mutedUntil'>) => {
      const room = held(roomId);
      if (!room) return;
      const told = t(key, { room: room.name, until: mutedUntil ? moment(mutedUntil) : '' });
      news.say(reason ? t('news.reason', { told, reason }) : told);
    };
    const gone = (roomId: string) => {
      dropRoom(queries, roomId);
      chat.leave(roomId);
    };
    const load = () => Promise.all([refresh('rooms'), refresh('me')]);

    const offs = [
      chat.on<{ room: RoomRecord }>('room-created', ({ room }) => {
        refresh('rooms', 'found');
        if (room.kind === 'direct') come(room);
        // A guest's list is that of all public rooms.
        else if (room.createdBy === myId || isGuest) refresh('rooms', 'mine');
      }),
      chat.on('rooms-changed', () => refresh('rooms', 'found')),
      chat.on<{ room: RoomRecord }>('room-edited', ({ room }) => putRoom(queries, room)),
      chat.on<{ roomId: string; archivedAt: string | null; version: number }>('room-archived', ({ roomId, ...change }) =>
        putRoom(queries, { id: roomId, ...change })),
      chat.on<{ roomId: string }>('room-deleted', ({ roomId }) => {
        if (!news.ownDoing.delete(roomId)) tell('news.deleted', { roomId });
        gone(roomId);
      }),
      chat.on('invite-received', () => load()),
      chat.on('invite-withdrawn', () => load()),
      chat.on<OfMember>('member-joined', (told) => {
        if (isMe(told)) refresh('rooms', 'mine');
        membersChanged(told.roomId);
      }),
      chat.on<OfMember>('member-left', (told) => (isMe(told) ? gone(told.roomId) : membersChanged(told.roomId))),
      chat.on<OfMember>('member-kicked', (told) => {
        if (!isMe(told)) return membersChanged(told.roomId);
        tell('news.kicked', told);
        gone(told.roomId);
      }),
      chat.on<OfMember>('member-banned', (told) => {
        if (!isMe(told)) return membersChanged(told.roomId);
        tell('news.banned', told);
        if (held(told.roomId)?.kind !== 'main') gone(told.roomId);
      }),
      chat.on<OfMember>('member-unbanned', ({ roomId }) => membersChanged(roomId)),
      chat.on<OfMember>('role-changed', (told) => {
        if (isMe(told)) setMine(told.roomId, { role: told.role ?? 'member' });
        membersChanged(told.roomId);
      }),
      chat.on<OfMember>('member-muted', (told) => {
        if (isMe(told)) {
          setMine(told.roomId, { mutedUntil: told.mutedUntil ?? null });
          tell('news.muted', told);
        }
        membersChanged(told.roomId);
      }),
      chat.on<OfMember>('member-unmuted', (told) => {
        if (isMe(told)) setMine(told.roomId, { mutedUntil: null });
        membersChanged(told.roomId);
      }),
      chat.on<{ roomId: string; memberCount: number; version: number }>('members-changed', ({ roomId, ...change }) => {
        putRoom(queries, { id: roomId, ...change });
        membersChanged(roomId);
      }),
      chat.on<{ users: Person[] }>('users-edited', ({ users }) => {
        directory.know(users);
        renamePeers(queries, users);
        if (users.some(({ id }) => id === myId)) refresh('me');
      }),
      chat.on<{ userId: string }>('user-erased', ({ userId }) => directory.forget(userId)),
      chat.on('user-blocked', () => refresh('blocks')),
      chat.on('user-unblocked', () => refresh('blocks')),
      chat.on('report-received', () => Promise.all([refresh('me'), refresh('reports')])),
      chat.on('report-closed', () => Promise.all([refresh('me'), refresh('reports')])),
      chat.on('account-role-changed', () => refresh('me')),
      chat.on<{ reason?: string }>('account-locked', ({ reason }) => {
        const told = t('session.locked');
        session.end(new Refusal(reason ? t('news.reason', { told, reason }) : told, 'locked'));
      }),
      chat.on<{ reason: string }>('session-ended', ({ reason }) =>
        session.end(reason === 'logged-out' ? undefined : new Refusal('Session ended', 'session_over'))),
    ];
    return () => {
      for (const off of offs) off();
    };
  }, [chat, directory, queries, myId, isGuest]);

  // A token that a handshake refused is renewed, or the session is over.
  useEffect(() => {
    const { connection } = chat;
    let wasAway = false;
    return connection.subscribe(async () => {
      const code = connection.error?.code;
      if (code && TOKEN_FAULTS.includes(code)) session.doubt(await session.token().catch(() => undefined));
      // Between the two it catches up.
      if (connection.status === 'offline' || connection.status === 'connecting') wasAway = true;
      if (connection.status !== 'online' || !wasAway) return;
      wasAway = false;
      for (const name of ['rooms', 'me', 'blocks', 'reports']) queries.invalidateQueries({ queryKey: [name] });
      directory.refresh();
    });
  }, [chat, directory, queries]);
}
