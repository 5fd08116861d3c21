import { type Language, language, numberIn, t } from '.';

const DAY = 86_400_000;

/** Making one of these costs more than using it a thousand times. */
const made = new Map<string, unknown>();
function kept<Made>(name: string, make: (of: Language) => Made): Made {
  const key = `${name} ${language()}`;
  if (!made.has(key)) made.set(key, make(language()));
  return made.get(key) as Made;
}

const dates = (name: string, options: Intl.DateTimeFormatOptions) =>
  kept(name, (of) => new Intl.DateTimeFormat(of, options));

export const number = (value: number) => numberIn(language()).format(value);
export const rate = (value: number) =>
  kept('rate', (of) => new Intl.NumberFormat(of, { maximumFractionDigits: value < 10 ? 1 : 0 })).format(value);
export const compact = (value: number) =>
  kept('compact', (of) => new Intl.NumberFormat(of, { notation: 'compact', maximumFractionDigits: 1 })).format(value);

export const clock = (at: string | number) => dates('clock', { hour: 'numeric', minute: '2-digit' }).format(new Date(at));
export const moment = (at: string | number) =>
  dates('moment', { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at));
export const date = (at: string | number) => dates('date', { dateStyle: 'medium' }).format(new Date(at));
export const shortDate = (at: string | number) => dates('short', { month: 'short', day: 'numeric' }).format(new Date(at));

const startOf = (at: Date) => new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
export const dayKey = (at: string | number) => startOf(new Date(at));

/** "Today", "Yesterday", the weekday, or the date. */
export function day(at: string | number, now = Date.now()): string {
  const when = new Date(at);
  const days = Math.round((startOf(new Date(now)) - startOf(when)) / DAY);
  if (days === 0) return t('day.today');
  if (days === 1) return t('day.yesterday');
  if (days > 0 && days < 7) return dates('weekday', { weekday: 'long' }).format(when);
  const isThisYear = when.getFullYear() === new Date(now).getFullYear();
  if (isThisYear) return dates('day', { weekday: 'long', month: 'long', day: 'numeric' }).format(when);
  return dates('far', { year: 'numeric', month: 'long', day: 'numeric' }).format(when);
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * DAY], ['month', 30 * DAY], ['week', 7 * DAY], ['day', DAY], ['hour', 3_600_000], ['minute', 60_000],
];

export function ago(at: string | number, now = Date.now()): string {
  const passed = new Date(at).getTime() - now;
  const [unit, length] = STEPS.find(([, step]) => Math.abs(passed) >= step) ?? ['minute', Number.POSITIVE_INFINITY];
  const format = kept('ago', (of) => new Intl.RelativeTimeFormat(of, { numeric: 'auto' }));
  return length === Number.POSITIVE_INFINITY ? t('time.now') : format.format(Math.round(passed / length), unit);
}

/** How long something goes on, in its largest unit. */
export function span(milliseconds: number): string {
  const [unit, length] = STEPS.find(([, step]) => milliseconds >= step) ?? ['second', 1000];
  const format = kept(`span ${unit}`, (of) => new Intl.NumberFormat(of, { style: 'unit', unit, unitDisplay: 'long' }));
  return format.format(Math.max(1, Math.round(milliseconds / length)));
}

export function bytes(size: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  const power = size > 0 ? Math.min(Math.floor(Math.log(size) / Math.log(1024)), 4) : 0;
  const value = size / 1024 ** power;
  const unit = units[power]!;
  return kept(`bytes ${unit}`, (of) => new Intl.NumberFormat(of, {
    style: 'unit', unit, unitDisplay: power === 0 ? 'long' : 'short', maximumFractionDigits: power > 1 ? 1 : 0,
  })).format(value);
}

export const list = (names: string[]) =>
  kept('list', (of) => new Intl.ListFormat(of, { type: 'conjunction' })).format(names);
