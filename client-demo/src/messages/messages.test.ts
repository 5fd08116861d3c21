import { describe, expect, it } from 'vitest';
import type { Held } from '../chat';
import { dividers, isHead } from './rows';
import { isPictures, parts } from './text';
import { typingText } from './typing';

const held = (more: Partial<Held> = {}): Held => ({
  id: 'a', user_id: 'ann', message: 'hi', edited_at: null, is_deleted: false, created_at: '2026-11-21T10:00:00.000Z',
  updated_at: '', User: { id: 'ann', userid: 'ann', name: 'Ann' }, room_id: 'r', seq: 5, rev: 5, clientOffset: null, ...more,
});

describe('a text', () => {
  const kinds = (text: string) => parts(text).map(({ kind, text: inside }) => [kind, inside]);

  it('has links, without the sentence around them', () => {
    expect(kinds('See (https://example.org/a_(b)), or http://x.test.')).toEqual([
      ['text', 'See ('], ['link', 'https://example.org/a_(b)'], ['text', '), or '], ['link', 'http://x.test'], ['text', '.'],
    ]);
  });

  it('has no link to anything but pages', () => {
    expect(kinds('javascript:alert(1) data:text/html,x file:///etc')).toEqual([['text', 'javascript:alert(1) data:text/html,x file:///etc']]);
    expect(kinds('https://[')).toEqual([['text', 'https://[']]);
  });

  it('has code, in which nothing else is', () => {
    expect(kinds('run `@ann https://x.test` now')).toEqual([['text', 'run '], ['code', '@ann https://x.test'], ['text', ' now']]);
    expect(kinds('```\nlet a;\n```')).toEqual([['block', 'let a;']]);
  });

  it('names people, and no addresses', () => {
    expect(kinds('@ann.b. and a@b.org, @ليلى!')).toEqual([
      ['mention', '@ann.b'], ['text', '. and a@b.org, '], ['mention', '@ليلى'], ['text', '!'],
    ]);
  });

  it('loses nothing', () => {
    for (const text of ['', ' ', '<b>', '``` `` `', '@', 'https://', 'a\n\nb', '😀 `x` https://a.test?b=1&c=(2)']) {
      expect(parts(text).map((part) => (part.kind === 'code' ? `\`${part.text}\`` : part.text)).join('')).toBe(text);
    }
  });

  it('of a few pictures alone is large', () => {
    expect(['😀', '👍🏽', '👨‍👩‍👧 🎉', '7', 'ok 😀', ''].map(isPictures)).toEqual([true, true, true, false, false, false]);
  });
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
