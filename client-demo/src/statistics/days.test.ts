import { afterEach, describe, expect, it, vi } from 'vitest';
import { dayNames, everyDay, scale, sum } from './days';

const noon = Date.UTC(2026, 10, 21, 12);

describe('days', () => {
  it('are all there, oldest first', () => {
    const days = everyDay([{ date: '2026-11-21', count: 12, authors: 4 }, { date: '2026-11-19', count: 1, authors: 1 }], 4, noon);
    expect(days.map(({ date, count }) => [date, count])).toEqual([['2026-11-18', 0], ['2026-11-19', 1], ['2026-11-20', 0], ['2026-11-21', 12]]);
    expect(sum(days, 'authors')).toBe(5);
  });
});

describe('the names of days', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('are the same wherever they are read', () => {
    for (const zone of ['America/New_York', 'UTC', 'Pacific/Auckland']) {
      vi.stubEnv('TZ', zone);
      expect(dayNames({ month: 'short', day: 'numeric' })('2026-11-21')).toBe('Nov 21');
    }
  });
});

describe('a scale', () => {
  it('ends above the highest, on a round and whole number', () => {
    for (const most of [0, 1, 4, 5, 9, 10, 11, 39, 41, 99, 1234, 98_765]) {
      const { top, lines } = scale(most);
      expect(top).toBeGreaterThanOrEqual(most);
      expect(lines.every(Number.isInteger)).toBe(true);
      expect(top).toBeLessThanOrEqual(Math.max(4, most * 2.6));
    }
  });
});
