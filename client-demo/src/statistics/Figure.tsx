import { number, rate } from '../texts/formats';

/** One number, and what it counts. */
export function Figure({ name, value, text, isRate = false, isBad = false }: { name: string; value?: number; text?: string; isRate?: boolean; isBad?: boolean }) {
  return (
    <div className="flex flex-col-reverse justify-end rounded-xl border border-line bg-raised p-4 shadow-card">
      <dt className="mt-0.5 text-sm text-soft">{name}</dt>
      <dd className={`text-xl font-semibold tracking-tight tabular-nums ${isBad ? 'text-bad' : ''}`}>{text ?? (isRate ? rate(value ?? 0) : number(value ?? 0))}</dd>
    </div>
  );
}
