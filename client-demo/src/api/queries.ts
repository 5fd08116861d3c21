import { type QueryClient, queryOptions } from '@tanstack/react-query';
import { call } from './session';
import type { Listing, Myself, Person, RoomRecord } from './shapes';

/** Pages that are read at once; what lies beyond is fetched when it is looked at. */
const MOST_PAGES = 20;

export async function all<Row>(path: string, query: Record<string, string | number> = {}): Promise<Row[]> {
  const rows: Row[] = [];
  let after: string | null | undefined;
  for (let page = 0; page < MOST_PAGES && after !== null; page += 1) {
    const listing: Listing<Row> = await call('GET', path, { query: { limit: 100, ...query, after } });
    rows.push(...listing.data);
    after = listing.next;
  }
  return rows;
}

export const myself = queryOptions({ queryKey: ['me'], queryFn: () => call<Myself>('GET', '/api/me') });

/** Guests are members of nothing: they see what is public. */
export const myRooms = (isGuest: boolean) =>
  queryOptions({
    queryKey: ['rooms', 'mine'],
    queryFn: () => all<RoomRecord>(isGuest ? '/api/rooms' : '/api/me/rooms'),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const oneRoom = (room: string) =>
  queryOptions({ queryKey: ['rooms', 'one', room], queryFn: () => call<RoomRecord>('GET', `/api/rooms/${encodeURIComponent(room)}`) });

export const person = (id: string) =>
  queryOptions({ queryKey: ['people', id], queryFn: () => call<Person>('GET', `/api/users/${id}`) });

/** Changes a room wherever it is held; one that is new to us is put in. */
export function putRoom(queries: QueryClient, room: Partial<RoomRecord> & { id: string }, mayAdd = false) {
  const change = (held: RoomRecord): RoomRecord => {
    const isOlder = (room.version ?? held.version) < held.version;
    return held.id === room.id && !isOlder ? { ...held, ...room } : held;
  };
  queries.setQueryData<RoomRecord[]>(['rooms', 'mine'], (rooms) => {
    if (!rooms) return rooms;
    if (rooms.some(({ id }) => id === room.id)) return rooms.map(change);
    return mayAdd ? [...rooms, room as RoomRecord] : rooms;
  });
  queries.setQueriesData<RoomRecord>({ queryKey: ['rooms', 'one'] }, (held) => held && change(held));
}

/** A room of two is called as the other one is. */
export function renamePeers(queries: QueryClient, people: Person[]) {
  const byId = new Map(people.map((one) => [one.id, one]));
  queries.setQueryData<RoomRecord[]>(['rooms', 'mine'], (rooms) => rooms?.map((room) => {
    const peer = room.peer && byId.get(room.peer.id);
    return peer ? { ...room, name: peer.name, peer: { ...room.peer, ...peer } } : room;
  }));
}

export function dropRoom(queries: QueryClient, roomId: string) {
  // What was seen of it from outside is asked for anew: it may be there no more.
  queries.removeQueries({ queryKey: ['rooms', 'one'], predicate: ({ state }) => (state.data as RoomRecord | undefined)?.id === roomId });
  queries.setQueryData<RoomRecord[]>(['rooms', 'mine'], (rooms) => rooms?.filter(({ id }) => id !== roomId));
  // A list that is on its way may have been read before.
  if (queries.isFetching({ queryKey: ['rooms', 'mine'] })) queries.invalidateQueries({ queryKey: ['rooms', 'mine'] });
}
