import { describe, expect, it } from 'vitest';
import type { RoomRecord } from '../api/shapes';
import { isCalled, merged } from './found';

const room = (id: string, name: string) => ({ id, name }) as RoomRecord;

describe('a room', () => {
  it('is found by the beginning of any of its words', () => {
    for (const wanted of ['day', 'Tri', 'day tr', ' TRIPS ', 'day-trips']) expect(isCalled('Day trips', wanted)).toBe(true);
    for (const wanted of ['rips', 'trips day', 'x', '']) expect(isCalled('Day trips', wanted)).toBe(false);
    expect(isCalled('Café (Élan)', 'éla')).toBe(true);
    expect(isCalled('غرفة الحديقة', 'الحد')).toBe(true);
  });

  it('is shown once, whether the server found it or it was known', () => {
    const [begins, holds, other] = [room('1', 'Garden'), room('2', 'The garden'), room('3', 'Kitchen')];
    expect(merged([begins], [other, begins, holds], 'ga').map(({ id }) => id)).toEqual(['1', '2']);
  });
});
