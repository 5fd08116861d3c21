import type { RoomRecord } from '../api/shapes';
import type { Standing } from '../chat';

/** How far a room was read; nothing where one is not in it. */
export const standingsOf = ({ id, lastSeq, me }: RoomRecord): [string, Standing][] =>
  me && me.state !== 'invited' ? [[id, { unread: me.unread, lastReadSeq: me.lastReadSeq, lastSeq }]] : [];
