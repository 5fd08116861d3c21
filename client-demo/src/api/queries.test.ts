import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { expect, test, vi } from 'vitest';
import { dropRoom } from './queries';
import type { RoomRecord } from './shapes';

test('a list that was read before a room was deleted does not bring it back', async () => {
  const queries = new QueryClient();
  const rooms = ['garden', 'attic'].map((id) => ({ id }) as RoomRecord);
  const answers: ((rooms: RoomRecord[]) => void)[] = [];
  const queryFn = () => new Promise<RoomRecord[]>((resolve) => answers.push(resolve));
  const observer = new QueryObserver(queries, { queryKey: ['rooms', 'mine'], queryFn, initialData: rooms });
  const stop = observer.subscribe(() => {});
  await vi.waitFor(() => expect(answers).toHaveLength(1));
  dropRoom(queries, 'garden');
  answers[0]?.(rooms);
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  answers[1]?.(rooms.slice(1));
  await vi.waitFor(() => expect(queries.isFetching()).toBe(0));
  expect(queries.getQueryData<RoomRecord[]>(['rooms', 'mine'])).toEqual([{ id: 'attic' }]);
  stop();
});
