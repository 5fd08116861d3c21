import { infiniteQueryOptions } from '@tanstack/react-query';
import { call } from '../api/session';
import type { Listing, RoomRecord } from '../api/shapes';

/** Public rooms, page after page: all of them, or those whose names begin so. */
export const publicRooms = (q = '') =>
  infiniteQueryOptions({
    queryKey: ['rooms', 'found', q],
    queryFn: ({ pageParam }) => call<Listing<RoomRecord>>('GET', '/api/rooms', { query: { kind: 'public', limit: 30, q, after: pageParam } }),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  });

const words = (text: string) => text.toLocaleLowerCase().split(/[^\p{L}\p{M}\p{N}]+/u).filter(Boolean).join(' ');

/** Whether a word of its name begins so: the server looks at the first only. */
export function isCalled(name: string, wanted: string): boolean {
  const sought = words(wanted);
  return sought !== '' && ` ${words(name)}`.includes(` ${sought}`);
}

/** Those that the server found, then those that are known already and fit too. */
export function merged(found: RoomRecord[], known: RoomRecord[], wanted: string): RoomRecord[] {
  const has = new Set(found.map(({ id }) => id));
  return [...found, ...known.filter(({ id, name }) => !has.has(id) && isCalled(name, wanted))];
}
