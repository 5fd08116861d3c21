import type { Day } from '../api/shapes';
import { language } from '../texts';

const DAY = 86_400_000;

/** The server tells days on which something was said (UTC); the others are there too, with nothing. Oldest first. */
export function everyDay(told: Day[], count: number, now = Date.now()): Day[] {
  const known = new Map(told.map((day) => [day.date, day]));
  const today = Math.floor(now / DAY) * DAY;
  return Array.from({ length: count }, (_, at) => {
    const date = new Date(today - (count - 1 - at) * DAY).toISOString().slice(0, 10);
    return known.get(date) ?? { date, count: 0, authors: 0 };
  });
}

export const sum = (days: Day[], value: 'count' | 'authors') => days.reduce((so, day) => so + day[value], 0);

/** A round number above, and the lines below it. */
export function scale(most: number): { top: number; lines: number[] } {
  if (most <= 4) return { top: 4, lines: [0, 1, 2, 3, 4] };
  const power = 10 ** Math.floor(Math.log10(most / 4));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => Number.isInteger(one) && one * 4 >= most) ?? 10 * power;
  return { top: step * 4, lines: [0, 1, 2, 3, 4].map((one) => one * step) };
}

/** Days are those of UTC: in the zone of who reads they would be the days before, west of Greenwich. */
export function dayNames(options: Intl.DateTimeFormatOptions): (date: string) => string {
  const format = new Intl.DateTimeFormat(language(), { ...options, timeZone: 'UTC' });
  return (date) => format.format(new Date(date));
}
