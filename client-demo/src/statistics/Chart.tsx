import { type KeyboardEvent, type PointerEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import type { Day } from '../api/shapes';
import { direction, t } from '../texts';
import { compact, number } from '../texts/formats';
import { dayNames, scale } from './days';

const [HEIGHT, TOP, BOTTOM] = [220, 12, 26];
/** What half a date may take, and a letter of a number. */
const [HALF_DATE, LETTER] = [28, 7];

interface Props {
  title: string;
  days: Day[];
  value: 'count' | 'authors';
  label: (n: number) => string;
}

/** One bar a day. Arrows walk through the days; a table says the same to who does not see it. */
export function Chart({ title, days, value, label }: Props) {
  const [frame, width] = useWidth();
  const [at, setAt] = useState<number>();
  const id = useId();
  const [date, shortDate] = useMemo(() => [dayNames({ dateStyle: 'medium' }), dayNames({ month: 'short', day: 'numeric' })], []);
  const { top, lines } = scale(Math.max(...days.map((day) => day[value])));
  const side = Math.max(40, 12 + LETTER * Math.max(...lines.map((line) => compact(line).length)));
  const [inner, high] = [Math.max(0, width - side), HEIGHT - TOP - BOTTOM];
  const step = inner / days.length;
  const bar = Math.max(1, Math.min(28, step - Math.max(1, step * 0.25)));
  const isRtl = direction() === 'rtl';
  const xOf = (index: number) => (isRtl ? inner - (index + 0.5) * step : side + (index + 0.5) * step);
  const yOf = (n: number) => TOP + high * (1 - n / top);
  const every = Math.max(1, Math.ceil(days.length / Math.max(2, Math.floor(inner / 72))));
  const shown = at === undefined ? undefined : days[at];

  const point = (event: PointerEvent) => {
    const x = event.clientX - (frame.current?.getBoundingClientRect().left ?? 0);
    const index = Math.floor((isRtl ? inner - x : x - side) / step);
    setAt(index >= 0 && index < days.length ? index : undefined);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === 'Escape') setAt(undefined);
    if (!way) return;
    event.preventDefault();
    setAt((so) => Math.min(days.length - 1, Math.max(0, (so ?? days.length) + (isRtl ? -way : way))));
  };
  return (
    <figure className="rounded-xl border border-line bg-raised p-4 shadow-card sm:p-5">
      <figcaption id={id} className="mb-3 flex items-baseline gap-3 text-base font-medium">
        <span className="flex-1">{title}</span>
        <span aria-live="polite" className="text-sm font-normal text-soft tabular-nums">{shown && `${date(shown.date)}: ${label(shown[value])}`}</span>
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: arrows walk through the days. */}
      <div ref={frame} role="group" tabIndex={0} aria-labelledby={id} onKeyDown={onKeyDown} onPointerMove={point} onPointerLeave={() => setAt(undefined)} className="rounded-md">
        <svg width={width} height={HEIGHT} aria-hidden="true" className="block overflow-visible">
          {lines.map((line) => (
            <g key={line}>
              <line x1={isRtl ? 0 : side} x2={isRtl ? inner : width} y1={yOf(line)} y2={yOf(line)} className="stroke-line" />
              <text x={isRtl ? inner + 8 : side - 8} y={yOf(line) + 4} textAnchor="end" className="fill-faint text-2xs tabular-nums">{compact(line)}</text>
            </g>
          ))}
          {days.map((day, index) => (
            <g key={day.date}>
              {index % every === every - 1 && <text x={Math.min(Math.max(xOf(index), HALF_DATE), width - HALF_DATE)} y={HEIGHT - 6} textAnchor="middle" className="fill-faint text-2xs">{shortDate(day.date)}</text>}
              <rect
                x={xOf(index) - bar / 2}
                y={yOf(day[value])}
                width={bar}
                height={Math.max(0, yOf(0) - yOf(day[value]))}
                rx={Math.min(3, bar / 3)}
                className={at === undefined || at === index ? 'fill-accent' : 'fill-accent/40'}
              />
            </g>
          ))}
        </svg>
      </div>
      <table className="sr-only">
        <caption>{title}</caption>
        <thead><tr><th scope="col">{t('statistics.day')}</th><th scope="col">{title}</th></tr></thead>
        <tbody>{days.filter((day) => day[value] > 0).map((day) => <tr key={day.date}><td>{date(day.date)}</td><td>{number(day[value])}</td></tr>)}</tbody>
      </table>
    </figure>
  );
}

function useWidth() {
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const watched = frame.current;
    if (!watched) return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry!.contentRect.width));
    observer.observe(watched);
    return () => observer.disconnect();
  }, []);
  return [frame, width] as const;
}
