import { CircleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { asRefusal } from '../api/refusal';
import { t } from '../texts';
import { words } from '../texts/refused';
import { Button } from './Button';

/** Nothing is there, and what one can do about it. */
export function Empty({ icon, title, children, action }: { icon: ReactNode; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="mx-auto flex max-w-sm animate-appear flex-col items-center px-6 py-12 text-center">
      <span className="mb-4 grid size-12 place-items-center rounded-2xl bg-accent-soft text-accent-ink">{icon}</span>
      <h2 className="max-w-full text-lg font-semibold tracking-tight wrap-anywhere">{title}</h2>
      {children && <p className="mt-1.5 text-base text-balance text-soft">{children}</p>}
      {action && <div className="mt-5">{action}</div>}
    </div>
  );
}

/** What went wrong, next to what it is about. */
export function Trouble({ error, onRetry, className = '' }: { error: unknown; onRetry?: (() => void) | undefined; className?: string }) {
  if (!error) return null;
  return (
    <div role="alert" className={`flex items-start gap-2.5 rounded-lg bg-bad-soft px-3 py-2 text-base text-bad ${className}`}>
      <CircleAlert size={16} className="mt-0.5 shrink-0" aria-hidden="true" />
      <span className="min-w-0 flex-1">{words(asRefusal(error))}</span>
      {onRetry && <Button kind="link" size="sm" onClick={onRetry}>{t('try-again')}</Button>}
    </div>
  );
}

/** The shape of what is about to come. */
export const Bone = ({ className = '' }: { className?: string }) => (
  <span aria-hidden="true" className={`block animate-glow rounded-md bg-pressed ${className}`} />
);

export function Bones({ count = 5 }: { count?: number }) {
  return (
    <div role="status" aria-label={t('loading')} className="flex flex-col gap-3 py-2">
      {Array.from({ length: count }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they never change places.
        <div key={at} className="flex items-center gap-3">
          <Bone className="size-8 rounded-full" />
          <div className="flex flex-1 flex-col gap-2">
            <Bone className={`h-3 ${['w-32', 'w-24', 'w-40'][at % 3]}`} />
            <Bone className={`h-3 ${['w-4/5', 'w-3/5', 'w-2/3'][at % 3]}`} />
          </div>
        </div>
      ))}
    </div>
  );
}

export const Badge = ({ children, isQuiet = false }: { children: ReactNode; isQuiet?: boolean }) => (
  <span
    className={`inline-grid h-4.5 min-w-4.5 shrink-0 place-items-center rounded-full px-1.5 text-2xs font-semibold tabular-nums
      ${isQuiet ? 'bg-pressed text-soft' : 'bg-accent text-white'}`}
  >
    {children}
  </span>
);
