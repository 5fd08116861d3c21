import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { call } from '../api/session';
import type { Listing, Person } from '../api/shapes';
import { useMe } from '../app/me';
import { useDirectory } from './directory';

/** The server finds by two letters or more. */
export const LEAST = 2;
const PAUSE = 200;

/** As names are compared: case, width and accents make no difference. */
export const plain = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();

/** How well somebody answers to it: by username, by the name's beginning, by one of its words; 3 is not at all. */
export function likeness({ name, username }: Pick<Person, 'name' | 'username'>, wanted: string): number {
  const [text, whole] = [plain(wanted), plain(name)];
  if (plain(username).startsWith(text)) return 0;
  if (whole.startsWith(text)) return 1;
  return whole.split(/[\s-]+/).some((word) => word.startsWith(text)) ? 2 : 3;
}

/** What a text is once nobody types any more. */
export function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

/** Other people than oneself, by the beginning of a name. Guests look nobody up. */
export function usePeopleFound(text: string) {
  const me = useMe();
  const directory = useDirectory();
  const wanted = useSettled(text);
  const isOn = text.length >= LEAST && wanted.length >= LEAST && !me.isGuest;
  const query = useQuery({
    queryKey: ['people', 'found', wanted],
    queryFn: async ({ signal }) => {
      const found = await call<Listing<Person>>('GET', '/api/users', { query: { q: wanted, limit: 20 }, signal });
      directory.know(found.data);
      return found;
    },
    enabled: isOn,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
  const people = isOn ? (query.data?.data ?? []).filter((one) => one.id !== me.id && likeness(one, text) < 3) : [];
  return { people, error: isOn ? query.error : null, isSearching: !me.isGuest && text.length >= LEAST && (wanted !== text || query.isFetching) };
}
