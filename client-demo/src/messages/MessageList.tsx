import { ArrowDown, ArrowUp } from 'lucide-react';
import { type KeyboardEvent, type MouseEvent, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { Virtuoso, type VirtuosoHandle } from 'react-virtuoso';
import { asRefusal } from '../api/refusal';
import type { RoomRecord } from '../api/shapes';
import { type Held, useChat, type useRoom } from '../chat';
import { Spinner } from '../look/Spinner';
import { Bones, Trouble } from '../look/State';
import { t } from '../texts';
import { Announcer } from './Announcer';
import { Asked } from './Asked';
import { Beginning } from './Beginning';
import { Focus } from './focus';
import { MessageRow, PendingRow } from './Row';
import { BREATH, dividers, isHead, lastOwn } from './rows';
import { useReading } from './useReading';
import { useStick } from './useStick';
import { useBlocked } from '../people/useBlocked';

const hovers = matchMedia('(hover: hover)');

type View = ReturnType<typeof useRoom>;

interface Context {
  room: RoomRecord;
  view: View;
  readSeq: number | undefined;
  focus: Focus;
  blocked: ReadonlySet<string>;
  isMine: (message: Held) => boolean;
  onRecompose: (text: string) => void;
}

/** Of any length: only what is in sight is in the page. */
export function MessageList({ room, view, onRecompose }: { room: RoomRecord; view: View; onRecompose: (text: string) => void }) {
  const { feed, version, state } = view;
  const chat = useChat();
  const list = useRef<VirtuosoHandle>(null);
  const focus = useMemo(() => new Focus(), []);
  const blocked = useBlocked();
  const { setScroller, isAtEnd, stick, toEnd, letGo } = useStick();
  const { readSeq, waiting } = useReading(room.id, feed, isAtEnd);
  const context: Context = { room, view, readSeq, focus, blocked, isMine: chat.isMine, onRecompose };

  // Who sends wants to see it.
  const sent = view.pending.length;
  const before = useRef(0);
  useEffect(() => {
    if (sent > before.current) toEnd();
    before.current = sent;
  }, [sent, toEnd]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each version may have made the list longer.
  useLayoutEffect(stick, [stick, version]);

  const older = useCallback(() => void feed.older(), [feed]);
  const [firstNewIsAbove, setFirstNewIsAbove] = useState(false);
  const ranged = useCallback(({ startIndex }: { startIndex: number }) => {
    if (readSeq !== undefined) setFirstNewIsAbove(feed.indexOf(readSeq + 1) < startIndex);
  }, [feed, readSeq]);

  const editLast = useCallback(() => {
    const index = lastOwn(feed, chat.isMine);
    const message = index === undefined ? undefined : feed.at(index);
    if (message) focus.edit(message.id);
  }, [feed, chat, focus]);
  useEffect(() => {
    const onEdit = () => editLast();
    addEventListener('chat:edit-last', onEdit);
    return () => removeEventListener('chat:edit-last', onEdit);
  }, [editLast]);

  function jumpToNew(read: number) {
    letGo();
    list.current?.scrollToIndex({ index: feed.indexOf(read + 1) - feed.firstIndex, align: 'center' });
  }
  /** What lies far below has no height yet: first near it, then to the end. */
  function jumpToEnd() {
    list.current?.scrollToIndex({ index: 'LAST', align: 'end' });
    requestAnimationFrame(toEnd);
  }
  /** A finger hovers over nothing: what a browser makes up for it may lie beside. */
  function onMouseOver(event: MouseEvent) {
    if (!hovers.matches) return;
    const row = (event.target as Element).closest<HTMLElement>('[data-message]');
    if (row) focus.hover(row.dataset.message);
  }
  function onKeyDown(event: KeyboardEvent<HTMLElement>) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const target = event.target as HTMLElement;
    if (event.key === 'Escape') focus.activate(undefined);
    if (!step || target.closest('textarea, input, [role=menu]')) return;
    event.preventDefault();
    const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-message]')];
    const at = rows.findIndex((row) => row.dataset.message === focus.active);
    const next = rows[at === -1 ? rows.length - 1 : at + step];
    if (!next) return;
    focus.hover(undefined);
    focus.activate(next.dataset.message);
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: 'nearest' });
  }

  if (state === 'loading') {
    return (
      <div className="flex min-h-0 flex-1 flex-col justify-end overflow-hidden pb-2">
        <div className="px-5"><Bones count={7} /></div>
        {view.pending.map((pending, at) => <PendingRow key={pending.clientOffset} {...{ feed, pending, onRecompose }} isHead={at === 0} />)}
      </div>
    );
  }
  if (feed.count === 0 && feed.from === 0) {
    return <div role="log" aria-live="off" aria-label={t('messages.in', { room: room.name })} className="flex flex-1 flex-col justify-end"><Beginning room={room} isEmpty /></div>;
  }
  return (
    <div className="relative min-h-0 flex-1">
      <div
        role="log"
        aria-live="off"
        aria-label={t('messages.in', { room: room.name })}
        className="h-full"
        onKeyDown={onKeyDown}
        onMouseOver={onMouseOver}
        onFocus={(event) => {
          const row = event.target.closest<HTMLElement>('[data-message]');
          if (row && event.target.matches(':focus-visible')) focus.activate(row.dataset.message);
        }}
        onMouseLeave={() => focus.hover(undefined)}
      >
        <Virtuoso
          key={feed.generation}
          ref={list}
          className="overscroll-contain"
          totalCount={feed.count}
          firstItemIndex={feed.firstIndex}
          initialTopMostItemIndex={{ index: 'LAST', align: 'end' }}
          alignToBottom
          scrollerRef={(node) => setScroller(node as HTMLElement | null)}
          totalListHeightChanged={stick}
          startReached={older}
          rangeChanged={ranged}
          increaseViewportBy={{ top: 800, bottom: 400 }}
          context={context}
          computeItemKey={(index) => keyAt(view, index)}
          itemContent={renderItem}
          components={COMPONENTS}
          tabIndex={0}
          data-version={version}
        />
      </div>
      {readSeq !== undefined && firstNewIsAbove && (
        <Jump isUp onClick={() => jumpToNew(readSeq)}>
          {t('messages.first-new')}
        </Jump>
      )}
      {!isAtEnd && <Jump onClick={jumpToEnd}>{waiting > 0 ? t('messages.waiting', { n: waiting }) : t('messages.newest')}</Jump>}
      <Asked room={room} focus={focus} />
      <Announcer {...{ feed, version, blocked }} />
    </div>
  );
}

function keyAt({ feed }: View, index: number): string {
  const message = feed.at(index);
  return message ? (message.clientOffset ?? message.id) : (feed.pendingAt(index)?.clientOffset ?? String(index));
}

function renderItem(index: number, _: unknown, { room, view: { feed }, readSeq, focus, blocked, isMine, onRecompose }: Context) {
  const message = feed.at(index);
  const before = feed.at(index - 1);
  if (message) {
    const row = <MessageRow {...{ room, message, focus, blocked }} isHead={isHead(before, message)} {...dividers(before, message, readSeq)} />;
    return before || feed.from > 0 ? row : <><Beginning room={room} isEmpty={false} />{row}</>;
  }
  const pending = feed.pendingAt(index);
  if (!pending) return <div className="h-px" />;
  const isFirst = index === feed.firstIndex + feed.messages.length;
  return <PendingRow {...{ feed, pending, onRecompose }} isHead={isFirst && !goesOn(before, pending.at, isMine)} />;
}

/** Whether what is on its way goes on in the breath of the message above it. */
const goesOn = (before: Held | undefined, at: number, isMine: (message: Held) => boolean) =>
  Boolean(before && isMine(before) && !before.is_deleted && before.type !== 'emote' && !before.character
    && at - Date.parse(before.created_at) < BREATH);

const COMPONENTS = { Header, Footer: () => <div className="h-2" /> };

function Header({ context }: { context?: Context }) {
  if (!context) return null;
  const { feed } = context.view;
  if (feed.from === 0) return null;
  return (
    <div className="flex h-16 items-center justify-center px-5">
      {feed.olderError ? <Trouble error={asRefusal(feed.olderError)} onRetry={() => feed.older()} /> : (
        <span role="status" className="flex items-center gap-2 text-sm text-faint"><Spinner />{t('messages.older')}</span>
      )}
    </div>
  );
}

function Jump({ isUp = false, onClick, children }: { isUp?: boolean; onClick: () => void; children: string }) {
  const Icon = isUp ? ArrowUp : ArrowDown;
  return (
    <div className={`pointer-events-none absolute inset-x-0 z-10 flex justify-center ${isUp ? 'top-3' : 'bottom-3'}`}>
      <button
        type="button"
        onClick={onClick}
        className="pointer-events-auto flex h-8 animate-rise items-center gap-1.5 rounded-full bg-accent px-3.5 text-sm font-medium text-white shadow-float transition-colors hover:bg-accent-strong touch:h-10"
      >
        <Icon size={14} aria-hidden="true" />{children}
      </button>
    </div>
  );
}
