import type { Message } from 'chat-client';
import { describe, expect, it, vi } from 'vitest';
import { FIRST, RoomFeed, type Transport } from './feed';

const message = (seq: number, more: Partial<Message> = {}): Message => ({
  id: `m${seq}`, user_id: 'ann', message: `text ${seq}`, edited_at: null, is_deleted: false, created_at: '2026-11-21T10:00:00.000Z',
  updated_at: '2026-11-21T10:00:00.000Z', User: { id: 'ann', userid: 'ann', name: 'Ann' }, room_id: 'r', seq, rev: seq, clientOffset: null, ...more,
});
const gone = (seq: number, rev: number) => ({ id: `m${seq}`, is_deleted: true as const, room_id: 'r', rev });
const now = (work: () => void) => work();

function feedWith(transport: Partial<Transport> = {}) {
  const nothing: Transport = {
    send: () => new Promise(() => {}), edit: async () => {}, remove: async () => {}, older: async () => ({ data: [], next: null }),
  };
  return new RoomFeed('r', { ...nothing, ...transport }, now);
}
const loaded = (transport?: Partial<Transport>, from = 11) => {
  const feed = feedWith(transport);
  feed.load([11, 12, 13].map((seq) => message(seq)), from);
  return feed;
};
const texts = (feed: RoomFeed) => feed.messages.map((one) => one.message);

describe('what comes', () => {
  it('stands in the order of seq, each once, as it is newest', () => {
    const feed = loaded();
    feed.take([message(15), message(14), message(15), message(12, { rev: 20, message: 'changed' }), message(12, { rev: 19, message: 'old' })]);
    expect(texts(feed)).toEqual(['text 11', 'changed', 'text 13', 'text 14', 'text 15']);
  });

  it('deleted, keeps its place without its words; not held, stays away', () => {
    const feed = loaded();
    feed.take([gone(12, 20), gone(3, 21)]);
    expect(feed.messages.map(({ seq, is_deleted, message: text }) => [seq, is_deleted, text])).toEqual([
      [11, false, 'text 11'], [12, true, ''], [13, false, 'text 13'],
    ]);
    feed.take([message(12, { rev: 15, message: 'late' })]);
    expect(feed.messages[1]?.is_deleted).toBe(true);
  });

  it('of what is above the beginning is passed over', () => {
    const feed = loaded();
    feed.take([message(5, { rev: 30 })]);
    expect(texts(feed)).toHaveLength(3);
  });
});

describe('looking back', () => {
  it('puts a page above, and leaves the indexes of the rest', async () => {
    const feed = loaded({ older: async () => ({ data: [message(9), message(10)], next: 9 }) });
    const before = feed.indexOf(12);
    await feed.older();
    expect(feed.indexOf(12)).toBe(before);
    expect(feed.at(FIRST - 2)?.seq).toBe(9);
    expect([feed.from, feed.firstIndex]).toEqual([9, FIRST - 2]);
  });

  it('takes what changed while the page was on its way', async () => {
    let answer: (page: { data: Message[]; next: null }) => void = () => {};
    const feed = loaded({ older: () => new Promise((resolve) => { answer = resolve; }) });
    const done = feed.older();
    feed.take([gone(9, 40), message(10, { rev: 41, message: 'edited' })]);
    answer({ data: [message(9), message(10)], next: null });
    await done;
    expect(feed.messages[0]?.is_deleted).toBe(true);
    expect(feed.messages[1]?.message).toBe('edited');
    expect(feed.from).toBe(0);
  });

  it('asks once at a time, not beyond the first, and again after a refusal', async () => {
    const older = vi.fn().mockRejectedValueOnce(new Error('away')).mockResolvedValue({ data: [message(10)], next: null });
    const feed = loaded({ older });
    await Promise.all([feed.older(), feed.older()]);
    expect(older).toHaveBeenCalledTimes(1);
    expect(feed.olderError?.message).toBe('away');
    await feed.older();
    await feed.older();
    expect(older).toHaveBeenCalledTimes(2);
  });

  it('holds no more than it should', () => {
    const feed = loaded();
    feed.take(Array.from({ length: 130_000 }, (_, at) => message(at + 14)));
    expect(feed.messages).toHaveLength(100_000);
    expect(feed.at(feed.firstIndex)?.seq).toBe(feed.from);
    expect(feed.indexOf(130_013) - feed.firstIndex).toBe(99_999);
  });
});

describe('what is sent', () => {
  const sent = { text: 'hi', at: 0, state: 'sending' as const };

  it('is there at once, and gives way to the message', () => {
    const feed = loaded();
    feed.send({ ...sent, clientOffset: 'a' });
    expect(feed.pendingAt(FIRST + 3)?.text).toBe('hi');
    const { count } = feed;
    feed.take([message(14, { clientOffset: 'a' })]);
    expect([feed.pending.length, feed.count]).toEqual([0, count]);
  });

  it('comes once, whether the answer or the news is first', async () => {
    const stored = message(14, { clientOffset: 'a' });
    const feed = loaded({ send: async () => stored });
    feed.send({ ...sent, clientOffset: 'a' });
    feed.take([stored]);
    await Promise.resolve();
    feed.take([stored]);
    expect(texts(feed)).toEqual(['text 11', 'text 12', 'text 13', 'text 14']);
  });

  it('says why it failed, and is tried again under its name', async () => {
    const send = vi.fn().mockRejectedValueOnce(Object.assign(new Error('Too long'), { code: 'too_long' })).mockReturnValue(new Promise(() => {}));
    const feed = loaded({ send });
    feed.send({ ...sent, clientOffset: 'a' });
    await vi.waitFor(() => expect(feed.pending[0]?.state).toBe('failed'));
    expect(feed.pending[0]?.error?.message).toBe('Too long');
    feed.retry('a');
    expect(feed.pending[0]?.state).toBe('sending');
    expect(send.mock.calls.map(([pending]) => pending.clientOffset)).toEqual(['a', 'a']);
    feed.retry('a');
    expect(send).toHaveBeenCalledTimes(2);
    feed.discard('a');
    expect(feed.pending).toEqual([]);
  });

  it('is stopped when it is thrown away, and then fails no more', async () => {
    let stopped: AbortSignal | undefined;
    const feed = loaded({ send: (_, __, signal) => {
      stopped = signal;
      return new Promise((_, failed) => signal.addEventListener('abort', () => failed(Object.assign(new Error(), { code: 'closed' }))));
    } });
    feed.send({ ...sent, clientOffset: 'a' });
    feed.discard('a');
    expect(stopped?.aborted).toBe(true);
    await Promise.resolve();
    expect(feed.pending).toEqual([]);
  });

  it('that was on its way when the page went is tried; what failed waits', () => {
    const send = vi.fn(() => new Promise<never>(() => {}));
    const feed = loaded({ send });
    feed.restore([{ ...sent, clientOffset: 'a' }, { ...sent, clientOffset: 'b', state: 'failed' }]);
    expect(send).toHaveBeenCalledTimes(1);
    expect(feed.pending).toHaveLength(2);
  });
});
