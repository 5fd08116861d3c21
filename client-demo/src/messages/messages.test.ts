import { describe, expect, it } from 'vitest';
import type { Held } from '../chat';
import { dividers, isHead } from './rows';
import { typingText } from './typing';

const held = (more: Partial<Held> = {}): Held => ({
  id: 'a', user_id: 'ann', message: 'hi', edited_at: null, is_deleted: false, created_at: '2026-11-21T10:00:00.000Z',
  updated_at: '', User: { id: 'ann', userid: 'ann', name: 'Ann' }, room_id: 'r', seq: 5, rev: 5, clientOffset: null, ...more,
});

describe('a group', () => {
  it('goes on while one speaks', () => {
    const before = held();
    expect(isHead(before, held({ created_at: '2026-11-21T10:04:00.000Z' }))).toBe(false);
    expect(isHead(before, held({ created_at: '2026-11-21T10:06:00.000Z' }))).toBe(true);
    expect(isHead(before, held({ user_id: 'ben' }))).toBe(true);
    expect(isHead(before, held({ character: { id: 1, name: 'Ghost' } }))).toBe(true);
    expect(isHead(undefined, held())).toBe(true);
  });

  it('is parted by days, and by the line where the new begin', () => {
    const before = held();
    const next = held({ seq: 6, created_at: '2026-11-23T10:00:00.000Z' });
    expect(dividers(before, next, undefined)).toEqual({ day: next.created_at, isFirstNew: false });
    expect(dividers(before, next, 5).isFirstNew).toBe(true);
    expect(dividers(next, held({ seq: 7 }), 5).isFirstNew).toBe(false);
    // The one that was read last is deleted.
    expect(dividers(held({ seq: 3 }), held({ seq: 9 }), 5).isFirstNew).toBe(true);
  });
});

describe('who types', () => {
  it('is named, or counted', () => {
    expect([[], ['Ann'], ['Ann', 'Ben'], ['Ann', 'Ben', 'Cleo', 'Dora']].map(typingText)).toEqual([
      '', 'Ann is typing…', 'Ann and Ben are typing…', '4 people are typing…',
    ]);
  });
});
