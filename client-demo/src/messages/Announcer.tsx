import { useEffect, useRef, useState } from 'react';
import { type RoomFeed, useChat } from '../chat';
import { t } from '../texts';
import { authorOf } from './rows';

const PAUSE = 1_500;

/** Tells a screen reader what came: the list itself is no live region, since it also changes by scrolling. */
export function Announcer({ feed, version, blocked }: { feed: RoomFeed; version: number; blocked: ReadonlySet<string> }) {
  const { isMine } = useChat();
  const [text, setText] = useState('');
  const told = useRef<number | undefined>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each version may bring something new.
  useEffect(() => {
    told.current ??= feed.messages.at(-1)?.seq ?? 0;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      const from = feed.indexOf(told.current! + 1) - feed.firstIndex;
      const fresh = feed.messages.slice(from).filter((message) => !message.is_deleted && !isMine(message) && !blocked.has(authorOf(message)));
      told.current = feed.messages.at(-1)?.seq ?? told.current;
      const [only] = fresh;
      if (fresh.length > 2) setText(t('messages.came', { n: fresh.length }));
      else if (only) setText(fresh.map(({ User, message, character }) => `${character?.name ?? User.name}: ${message}`).join('. '));
    }, PAUSE);
  }, [feed, version, isMine, blocked]);
  useEffect(() => () => {
    clearTimeout(timer.current);
    timer.current = undefined;
  }, []);
  return <div aria-live="polite" className="sr-only">{text}</div>;
}
