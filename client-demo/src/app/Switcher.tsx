import { type KeyboardEvent, useId, useMemo, useRef, useState } from 'react';
import type { RoomRecord } from '../api/shapes';
import { useChat } from '../chat';
import { Place } from '../look/place';
import { useModal } from '../look/useModal';
import { t } from '../texts';
import { useMe } from './me';
import { go } from './routes';
import { referenceOf, RoomIcon } from './Sidebar';

const MOST_SHOWN = 8;
const plain = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();

export function matches(rooms: RoomRecord[], wanted: string, unreadIn: (roomId: string) => number): RoomRecord[] {
  const text = plain(wanted.trim());
  const rank = (room: RoomRecord) => {
    const name = plain(room.name);
    if (!text) return unreadIn(room.id) > 0 ? 0 : 1;
    if (name.startsWith(text)) return 0;
    return name.split(/[\s-]+/).some((word) => word.startsWith(text)) ? 1 : name.includes(text) ? 2 : 3;
  };
  const ranked = rooms.map((room) => ({ room, at: rank(room) })).filter(({ at }) => at < 3);
  return ranked.sort((one, other) => one.at - other.at).slice(0, MOST_SHOWN).map(({ room }) => room);
}

/** To any room by the first letters of its name. */
export function Switcher({ rooms, onClose }: { rooms: RoomRecord[]; onClose: () => void }) {
  const { roster } = useChat();
  const me = useMe();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const inside = useMemo(() => rooms.filter((room) => room.me?.state !== 'invited'), [rooms]);
  const found = matches(inside, text, (roomId) => roster.of(roomId).unread);
  const place = useModal(dialog);
  const enter = (room: RoomRecord | undefined) => {
    if (!room) return;
    go({ page: 'room', room: referenceOf(room) });
    onClose();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setAt((now) => (now + step + found.length) % Math.max(1, found.length));
    } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) enter(found[at]);
  };
  return (
    <dialog
      ref={dialog}
      aria-label={t('switcher')}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => event.target === dialog.current && onClose()}
      className="mx-auto mt-[12vh] w-[calc(100vw-2rem)] max-w-lg animate-rise overflow-hidden rounded-2xl bg-raised p-0 shadow-float backdrop:animate-appear backdrop:bg-scrim"
    >
      <Place value={place}>
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls={id}
          aria-activedescendant={found[at] && `${id}-${found[at].id}`}
          aria-label={t('switcher')}
          placeholder={t('switcher.placeholder')}
          dir="auto"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
          className="h-13 w-full border-b border-line bg-transparent px-5 text-md outline-none"
        />
        <div id={id} role="listbox" aria-label={t('rooms')} className="p-2">
          {found.map((room, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys.
            // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the option.
            <div
              key={room.id}
              id={`${id}-${room.id}`}
              role="option"
              aria-selected={index === at}
              onMouseMove={() => setAt(index)}
              onClick={() => enter(room)}
              className="flex h-10 cursor-pointer items-center gap-2.5 rounded-lg px-3 aria-selected:bg-hover"
            >
              <RoomIcon room={room} />
              <span dir="auto" className="min-w-0 flex-1 truncate ">{room.name}</span>
              {room.peer && room.peer.id !== me.id && <span className="text-sm text-faint"><bdi>@{room.peer.username}</bdi></span>}
            </div>
          ))}
        </div>
        {found.length === 0 && <p className="px-3 pb-6 text-center text-soft">{t('switcher.none')}</p>}
      </Place>
    </dialog>
  );
}
