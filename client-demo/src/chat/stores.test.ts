import type { Message } from 'chat-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mentions } from './mentions';
import { Observable } from './observable';
import { RoomPresence } from './presence';
import { Roster } from './roster';
import { RoomTyping } from './typing';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const message = (seq: number, user_id = 'ben', text = '') => ({ id: `m${seq}`, seq, user_id, message: text, is_deleted: false }) as Message;
const now = (work: () => void) => work();

describe('an observable', () => {
  it('tells of many changes once, and of later ones again', () => {
    const due: (() => void)[] = [];
    class Counted extends Observable {
      change = () => this.changed();
    }
    const counted = new Counted((work) => due.push(work));
    const listener = vi.fn();
    const stop = counted.subscribe(listener);
    for (let at = 0; at < 100; at += 1) counted.change();
    expect(due).toHaveLength(1);
    due.shift()!();
    counted.change();
    due.shift()!();
    expect(listener).toHaveBeenCalledTimes(2);
    stop();
    counted.change();
    due.shift()!();
    expect(listener).toHaveBeenCalledTimes(2);
  });
});

describe('who types', () => {
  it('is told now and then, and once when it ends', () => {
    const say = vi.fn();
    const typing = new RoomTyping(say);
    typing.typed(10_000);
    typing.typed(10_100);
    expect(say.mock.calls).toEqual([[true]]);
    typing.typed(14_000);
    expect(say).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(4_000);
    typing.stopped();
    expect(say.mock.calls.map(([is]) => is)).toEqual([true, true, false]);
  });

  it('is forgotten when nothing more is heard', () => {
    const typing = new RoomTyping(() => {});
    typing.hear({ id: 'ann', name: 'Ann' }, true);
    typing.hear({ id: 'ben', name: 'Ben' }, true);
    vi.advanceTimersByTime(8_000);
    typing.hear({ id: 'ben', name: 'Ben' }, true);
    vi.advanceTimersByTime(5_000);
    expect(typing.typists.map(({ name }) => name)).toEqual(['Ben']);
    typing.hear({ id: 'ben', name: 'Ben' }, false);
    expect(typing.typists).toEqual([]);
  });
});

describe('what is unread', () => {
  const roster = (move = vi.fn(async () => {})) => {
    const made = new Roster(({ user_id }) => user_id === 'me', move, now);
    made.know('r', { unread: 2, lastReadSeq: 8, lastSeq: 10 });
    return { made, move };
  };

  it('counts what others write, once, and no further than a hundred', () => {
    const { made } = roster();
    made.hear('r', [message(10), message(11), message(12, 'me'), { id: 'x', is_deleted: true, room_id: 'r', rev: 1 }]);
    made.hear('r', [message(11)]);
    expect(made.of('r').unread).toBe(3);
    made.hear('r', Array.from({ length: 500 }, (_, at) => message(20 + at)));
    expect(made.of('r').unread).toBe(100);
    made.hear('unknown', [message(1)]);
    expect(made.unread).toBe(100);
  });

  it('ends where somebody has read; the server is told of the newest, once', () => {
    const { made, move } = roster();
    made.saw('r', 9);
    made.saw('r', 10);
    made.saw('r', 4);
    expect(made.of('r')).toMatchObject({ unread: 0, lastReadSeq: 10, lastSeq: 10 });
    vi.advanceTimersByTime(1_000);
    expect(move.mock.calls).toEqual([['r', 10]]);
    made.know('r', { unread: 2, lastReadSeq: 8, lastSeq: 10 });
    expect(made.of('r').unread).toBe(0);
    made.moved('r', 5, 9);
    expect(made.of('r').lastReadSeq).toBe(10);
  });

  it('is not forgotten for a record that is older than what was heard', () => {
    const { made } = roster();
    made.hear('r', [message(11)]);
    made.know('r', { unread: 2, lastReadSeq: 8, lastSeq: 10 });
    expect(made.of('r').unread).toBe(3);
    made.know('r', { unread: 1, lastReadSeq: 10, lastSeq: 11 });
    expect(made.of('r').unread).toBe(1);
  });

  it('does not count whom one has blocked, and says when one is called by name', () => {
    const { made } = roster();
    Object.assign(made, { blocked: new Set(['joe']), username: 'ann.b' });
    made.hear('r', [message(11, 'joe', '@ann.b look'), message(12, 'ben', 'hello @Ann.B!'), message(13, 'ben', '@ann.bc, x@ann.b, @annxb')]);
    expect(made.of('r')).toMatchObject({ unread: 4, calls: 1 });
    made.saw('r', 13);
    expect(made.of('r').calls).toBe(0);
  });

  it('takes a name as it is written', () => {
    const named = (text: string, username: string) => mentions(text, username);
    for (const name of ['ann-b', 'a.b', 'ann_', '(odd)', 'x+y$']) expect(named(`hello @${name}!`, name)).toBe(true);
    expect(['@ann', '@ann.', '(@ann)', '@Ann, you', '@ann-'].filter((text) => !named(text, 'ann'))).toEqual([]);
    expect(['@ann.b', '@ann-marie', '@anna', 'x@ann', '@@ann', 'ann', '@ann_'].filter((text) => named(text, 'ann'))).toEqual([]);
    expect(named('@', '')).toBe(false);
  });
});

describe('who is here', () => {
  const ann = { id: 'ann', name: 'Ann', username: 'ann', avatarUrl: null, status: 'online' as const };

  it('is asked while somebody looks, changed by what is told, and asked anew when that is not all', async () => {
    const ask = vi.fn(async () => ({ online: 1, users: [ann], next: null }));
    const stop = vi.fn();
    const presence = new RoomPresence(ask, stop);
    presence.ask();
    expect(ask).not.toHaveBeenCalled();
    const [first, second] = [presence.watch(), presence.watch()];
    await vi.waitFor(() => expect(presence.isKnown).toBe(true));
    presence.hear({ roomId: 'r', online: 1, complete: true, changes: [{ ...ann, id: 'ben', status: 'away' }, { ...ann, status: 'offline' }] });
    expect([...presence.people.keys()]).toEqual(['ben']);
    expect([presence.statusOf('ben'), presence.statusOf('ann')]).toEqual(['away', 'offline']);
    presence.hear({ roomId: 'r', online: 500, complete: false, changes: [] });
    expect(ask).toHaveBeenCalledTimes(2);
    first();
    expect(stop).not.toHaveBeenCalled();
    second();
    expect(stop).toHaveBeenCalledTimes(1);
  });
});
