import { type InfiniteData, useQueryClient } from '@tanstack/react-query';
import { type KeyboardEvent, type RefObject, type SyntheticEvent, useEffect, useId, useState } from 'react';
import type { Listing, Member, RoomRecord } from '../api/shapes';
import { useMe } from '../app/me';
import { useChat, useSelected } from '../chat';
import { useDirectory } from '../people/directory';
import { usePeopleFound } from '../people/found';
import { MentionList, type Mentionable, optionId } from './MentionList';
import { type Asked, candidates, isWhole, wordAt } from './completion';

const MOST_SHOWN = 6;
const MOST_MESSAGES = 200;

/** "@mi" in a field: who may be meant, by keys and by hand. The field keeps the focus. */
export function useMentions(room: RoomRecord, area: RefObject<HTMLTextAreaElement | null>, text: string) {
  const id = useId();
  const [caret, setCaret] = useState<number>();
  const [closedAt, setClosedAt] = useState<number>();
  const [chosen, setChosen] = useState<string>();
  const word = caret === undefined ? undefined : wordAt(text, caret);
  const asked = word && word.from !== closedAt ? word : undefined;
  const options = useOptions(room, asked);
  const at = Math.max(0, options.findIndex(({ username }) => username === chosen));

  function look({ currentTarget: { value, selectionStart, selectionEnd } }: SyntheticEvent<HTMLTextAreaElement>) {
    const now = selectionStart === selectionEnd ? wordAt(value, selectionEnd) : undefined;
    setCaret(now && selectionEnd);
    if (now?.from !== closedAt) setClosedAt(undefined);
    if (!now) setChosen(undefined);
  }
  function take({ username }: Mentionable) {
    const field = area.current;
    if (!asked || !field) return;
    field.focus();
    field.setSelectionRange(asked.from, asked.to + (text[asked.to] === ' ' ? 1 : 0));
    // Nothing else lets the field's own undo take it back.
    document.execCommand('insertText', false, `@${username} `);
  }
  /** Whether a key was meant for the list, and no more for the field. */
  function takesKey(event: KeyboardEvent): boolean {
    // Safari tells the end of an input method's word before the Enter that ended it.
    if (event.keyCode === 229) return true;
    if (options.length === 0 || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setChosen(options[(at + step + options.length) % options.length]!.username);
    else if (event.key === 'Enter' || event.key === 'Tab') take(options[at]!);
    else if (event.key === 'Escape') setClosedAt(asked?.from);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  const isShown = options.length > 0;
  return {
    takesKey,
    field: {
      'aria-autocomplete': 'list' as const,
      'aria-controls': isShown ? id : undefined,
      'aria-activedescendant': isShown ? optionId(id, options[at]!) : undefined,
      onInput: look,
      onSelect: look,
      onBlurCapture: () => setCaret(undefined),
    },
    list: <MentionList id={id} area={area} options={options} at={at} onChoose={({ username }) => setChosen(username)} onTake={take} />,
  };
}

function useOptions(room: RoomRecord, asked: Asked | undefined): Mentionable[] {
  const me = useMe();
  const here = useHere(room, asked !== undefined);
  const { people } = usePeopleFound(asked?.word ?? '');
  if (!asked) return [];
  const options = candidates<Mentionable>(here, people, asked, me.username, MOST_SHOWN);
  const [first] = options;
  // Nothing is left to complete.
  return first && isWhole(first, asked.word) ? [] : options;
}

/** Who spoke last comes first, then who else is here, then the members that have been looked at. */
function useHere(room: RoomRecord, isOn: boolean): Mentionable[] {
  const chat = useChat();
  const directory = useDirectory();
  const queries = useQueryClient();
  const presence = chat.presence(room.id);
  useEffect(() => (isOn ? presence.watch() : undefined), [presence, isOn]);
  useSelected(presence, ({ version }) => (isOn ? version : 0));
  if (!isOn) return [];
  const authors = chat.feed(room.id).messages.slice(-MOST_MESSAGES).reverse().map(({ user_id, User }) => ({
    id: user_id, username: User.userid, name: User.name, avatarUrl: null, ...(user_id && (presence.people.get(user_id) ?? directory.of(user_id))),
  }));
  const members = queries.getQueryData<InfiniteData<Listing<Member>>>(['rooms', room.id, 'members'])?.pages.flatMap(({ data }) => data) ?? [];
  return [...authors, ...presence.people.values(), ...(room.peer ? [room.peer] : []), ...members.map(({ user }) => user)];
}
