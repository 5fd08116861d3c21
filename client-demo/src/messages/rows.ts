import type { Held, RoomFeed } from '../chat';
import { dayKey } from '../texts/formats';

/** Who goes on within this speaks in one breath. */
export const BREATH = 5 * 60_000;

export const authorOf = ({ user_id, User }: Pick<Held, 'user_id' | 'User'>) => user_id ?? User.guestId ?? '';

/** Whether a message begins a group: another author, a pause, another day, or what stands alone. */
export function isHead(before: Held | undefined, message: Held): boolean {
  if (!before || before.is_deleted || before.type === 'emote' || message.type === 'emote') return true;
  if (authorOf(before) !== authorOf(message) || before.character?.id !== message.character?.id) return true;
  if (Date.parse(message.created_at) - Date.parse(before.created_at) > BREATH) return true;
  return dayKey(before.created_at) !== dayKey(message.created_at);
}

/** What stands above a message: the day where it begins, and the line where the unread ones begin. */
export function dividers(before: Held | undefined, message: Held, readSeq: number | undefined) {
  const isNewDay = !before || dayKey(before.created_at) !== dayKey(message.created_at);
  const isFirstNew = readSeq !== undefined && message.seq > readSeq && (!before || before.seq <= readSeq);
  return { day: isNewDay ? message.created_at : undefined, isFirstNew };
}

/** The newest message of one's own that can still be edited. */
export function lastOwn(feed: RoomFeed, isMine: (message: Held) => boolean): number | undefined {
  for (let at = feed.messages.length - 1; at >= Math.max(0, feed.messages.length - 200); at -= 1) {
    const message = feed.messages[at]!;
    if (isMine(message) && !message.is_deleted && !message.attachment) return feed.firstIndex + at;
  }
  return undefined;
}
