import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from 'react';
import { call } from '../api/session';
import type { Listing, Person, RoomRecord } from '../api/shapes';
import { useChat } from '../chat';
import { Avatar } from '../look/Avatar';
import { Place } from '../look/place';
import { Trouble } from '../look/State';
import { useModal } from '../look/useModal';
import { LEAST, plain, usePeopleFound, useSettled } from '../people/found';
import { useDirect } from '../people/useDirect';
import { t } from '../texts';
import { useMe } from './me';
import { go } from './routes';
import { merged, publicRooms } from '../rooms/found';
import { referenceOf } from '../rooms/references';
import { RoomIcon } from '../rooms/RoomIcon';

const MOST_SHOWN = 8;
const MOST_FOUND = 5;

export function matches(rooms: RoomRecord[], wanted: string, unreadIn: (roomId: string) => number): RoomRecord[] {
  const text = plain(wanted);
  const rank = (room: RoomRecord) => {
    const name = plain(room.name);
    if (!text) return unreadIn(room.id) > 0 ? 0 : 1;
    if (name.startsWith(text) || (room.peer && plain(room.peer.username).startsWith(text))) return 0;
    return name.split(/[\s-]+/).some((word) => word.startsWith(text)) ? 1 : name.includes(text) ? 2 : 3;
  };
  const ranked = rooms.map((room) => ({ room, at: rank(room) })).filter(({ at }) => at < 3);
  return ranked.sort((one, other) => one.at - other.at).slice(0, MOST_SHOWN).map(({ room }) => room);
}

/** Where one can go from here: an option of the list, whatever it is. */
interface Target {
  key: string;
  icon: ReactNode;
  name: string;
  username?: string | undefined;
  enter: () => void;
}
interface Group {
  title: string;
  targets: Target[];
}

/** What a dialog asks is answered first. */
export function Switcher(props: { rooms: RoomRecord[]; onClose: () => void }) {
  const [isFree] = useState(() => !document.querySelector('dialog[open]'));
  const { onClose } = props;
  useEffect(() => {
    if (!isFree) onClose();
  }, [isFree, onClose]);
  return isFree && <Open {...props} />;
}

/** To any room or person by the first letters of a name. */
function Open({ rooms, onClose }: { rooms: RoomRecord[]; onClose: () => void }) {
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<string>();
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const { groups, isSearching, refusal, isBusy } = useGroups(rooms, text.trim().replace(/^[@#]/, ''), onClose);
  const targets = groups.flatMap((group) => group.targets);
  const at = Math.max(0, targets.findIndex(({ key }) => key === chosen));
  const active = targets[at];
  const place = useModal(dialog);
  useEffect(() => {
    if (active) document.getElementById(`${id}-${active.key}`)?.scrollIntoView({ block: 'nearest' });
  }, [id, active]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      setChosen(targets[(at + step + targets.length) % targets.length]?.key);
    } else if (event.key === 'Enter') active?.enter();
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
      className="mx-auto mt-[12vh] w-[calc(100vw-2rem)] max-w-lg animate-rise overflow-hidden rounded-2xl bg-raised p-0 text-ink shadow-float [--around:var(--raised)] backdrop:animate-appear backdrop:bg-scrim"
    >
      <Place value={place}>
        <input
          role="combobox"
          aria-expanded={targets.length > 0}
          aria-autocomplete="list"
          aria-controls={id}
          aria-activedescendant={active && `${id}-${active.key}`}
          aria-label={t('switcher')}
          aria-busy={isBusy}
          placeholder={t('switcher.placeholder')}
          dir="auto"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setChosen(undefined);
          }}
          onKeyDown={onKeyDown}
          className="h-13 w-full border-b border-line bg-transparent px-5 text-md outline-none touch:text-[16px]"
        />
        <div className="max-h-[min(28rem,60dvh)] overflow-y-auto overscroll-contain">
          <Trouble error={refusal} className="mx-3 mt-3" />
          {targets.length > 0 && (
            <div id={id} role="listbox" aria-label={t('switcher')} className="p-2">
              {groups.map((group) => <Group key={group.title} {...group} id={id} active={active?.key} onChoose={setChosen} />)}
            </div>
          )}
          <Said text={text.trim()} isEmpty={targets.length === 0} isSearching={isSearching} isRefused={Boolean(refusal)} />
        </div>
      </Place>
    </dialog>
  );
}

/** That nothing is there is said only when it was looked for everywhere. */
function Said({ text, isEmpty, isSearching, isRefused }: { text: string; isEmpty: boolean; isSearching: boolean; isRefused: boolean }) {
  const { isGuest } = useMe();
  const words = isSearching ? t('switcher.searching')
    : !isEmpty || isRefused ? ''
      : text.length < LEAST ? t('people.hint')
        : t(isGuest ? 'switcher.no-room' : 'switcher.none');
  return <p role="status" className={words ? `px-5 text-soft ${isEmpty ? 'py-6 text-center' : 'pb-3 text-sm'}` : 'sr-only'}>{words}</p>;
}

function Group({ title, targets, id, active, onChoose }: Group & { id: string; active: string | undefined; onChoose: (key: string) => void }) {
  return (
    <div role="group" aria-label={title} className="not-first:mt-2">
      <p aria-hidden="true" className="px-3 py-1 text-xs font-medium text-faint">{title}</p>
      {targets.map(({ key, icon, name, username, enter }) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field above has the keys.
        // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the option.
        <div
          key={key}
          id={`${id}-${key}`}
          role="option"
          aria-selected={key === active}
          onMouseMove={() => onChoose(key)}
          onClick={enter}
          className="flex h-10 cursor-pointer items-center gap-2.5 rounded-lg px-3 aria-selected:bg-hover dark:aria-selected:bg-pressed touch:h-11"
        >
          {icon}
          <span dir="auto" className="min-w-0 flex-1 truncate">{name}</span>
          {username && <span dir="auto" className="max-w-1/2 truncate text-sm text-soft">@{username}</span>}
        </div>
      ))}
    </div>
  );
}

function useGroups(rooms: RoomRecord[], text: string, onClose: () => void) {
  const me = useMe();
  const { roster } = useChat();
  const direct = useDirect(onClose);
  const found = usePeopleFound(text);
  const others = useRoomsFound(rooms, text);
  const inside = useMemo(() => rooms.filter((room) => room.me?.state !== 'invited'), [rooms]);
  const mine = matches(inside, text, (roomId) => roster.of(roomId).unread);
  const shown = new Set(mine.map(({ peer }) => peer?.id));
  const ofRoom = (room: RoomRecord): Target => ({
    key: room.id,
    icon: <RoomIcon room={room} />,
    name: room.name,
    username: room.peer && room.peer.id !== me.id ? room.peer.username : undefined,
    enter: () => {
      go({ page: 'room', room: referenceOf(room) });
      onClose();
    },
  });
  const ofPerson = ({ id, name, username, avatarUrl, status }: Person): Target => ({
    key: id ?? username,
    icon: <Avatar id={id ?? username} name={name} url={avatarUrl} size="sm" presence={status} />,
    name,
    username,
    enter: () => {
      if (id && !direct.isBusy) direct.open(id);
    },
  });
  const groups: Group[] = [
    { title: t('rooms'), targets: mine.map(ofRoom) },
    { title: t('switcher.people'), targets: found.people.filter(({ id }) => !shown.has(id)).slice(0, MOST_FOUND).map(ofPerson) },
    { title: t('switcher.others'), targets: others.rooms.slice(0, MOST_FOUND).map(ofRoom) },
  ].filter(({ targets }) => targets.length > 0);
  return {
    groups,
    isSearching: found.isSearching || others.isSearching,
    refusal: direct.refusal ?? found.error ?? others.error,
    isBusy: direct.isBusy,
  };
}

/** Public rooms that one is not in. */
function useRoomsFound(rooms: RoomRecord[], text: string) {
  const wanted = useSettled(text);
  const isOn = text.length >= LEAST && wanted.length >= LEAST;
  const { data, error, isFetching } = useQuery({
    queryKey: ['rooms', 'found', 'switcher', wanted],
    queryFn: ({ signal }) => call<Listing<RoomRecord>>('GET', '/api/rooms', { query: { q: wanted, kind: 'public', limit: 20 }, signal }),
    enabled: isOn,
    staleTime: 30_000,
  });
  // The server looks at the beginning of a name: a later word is found among the first rooms of all.
  const first = useInfiniteQuery({ ...publicRooms(), enabled: isOn });
  const known = new Set(rooms.filter(({ me }) => me?.state !== 'invited').map(({ id }) => id));
  const begun = (data?.data ?? []).filter(({ name }) => plain(name).startsWith(plain(text)));
  const found = isOn ? merged(begun, first.data?.pages.flatMap((page) => page.data) ?? [], text).filter(({ id }) => !known.has(id)) : [];
  return { rooms: found, error: isOn ? error : null, isSearching: text.length >= LEAST && (wanted !== text || isFetching) };
}
