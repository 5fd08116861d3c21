import { useCallback, useEffect, useRef, useState } from 'react';
import { type RoomFeed, useChat } from '../chat';

const isLooking = () => !document.hidden && document.hasFocus();

/** How far was read: moves the marker while somebody looks at the end, and keeps the line where the new ones began. */
export function useReading(roomId: string, feed: RoomFeed, isAtEnd: boolean) {
  const { roster } = useChat();
  const [readSeq, setReadSeq] = useState(() => {
    const { unread, lastReadSeq } = roster.of(roomId);
    return unread > 0 && lastReadSeq !== null ? lastReadSeq : undefined;
  });
  const seen = useRef<number | undefined>(undefined);
  const last = feed.messages.at(-1)?.seq ?? 0;
  const sent = feed.pending.length;

  const look = useCallback(() => {
    if (feed.state !== 'ready') return;
    const newest = feed.messages.at(-1)?.seq ?? 0;
    if (isAtEnd && isLooking()) {
      seen.current = newest;
      // The newest of all may be deleted, and not among what is held.
      roster.saw(roomId, Math.max(newest, roster.of(roomId).lastSeq));
    } else {
      seen.current ??= newest;
      if (newest > seen.current) setReadSeq((line) => line ?? seen.current);
    }
  }, [feed, isAtEnd, roomId, roster]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each new message may be looked at.
  useEffect(look, [look, last, feed.state]);
  useEffect(() => {
    addEventListener('focus', look);
    document.addEventListener('visibilitychange', look);
    return () => {
      removeEventListener('focus', look);
      document.removeEventListener('visibilitychange', look);
    };
  }, [look]);
  // Who answers has read.
  useEffect(() => {
    if (sent > 0) setReadSeq(undefined);
  }, [sent]);

  const waiting = isAtEnd || seen.current === undefined ? 0 : Math.max(0, last - seen.current);
  return { readSeq, waiting };
}
