import { ChevronLeft } from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import { go, hashOf, type Route } from '../app/routes';
import { t } from '../texts';
import { IconButton } from './Button';
import { useTitle } from './useTitle';

/** A page that is no conversation: a title, and what there is to read and do. */
export function Page({ title, about, action, tabs, isWide = false, children }: {
  title: string;
  about?: string;
  action?: ReactNode;
  tabs?: ReactNode;
  isWide?: boolean;
  children: ReactNode;
}) {
  useTitle(title);
  return (
    <div className="h-full overflow-y-auto">
      <div className={`mx-auto px-4 pt-4 pb-16 sm:px-8 sm:pt-10 ${isWide ? 'max-w-6xl' : 'max-w-2xl'}`}>
        <header className="mb-6 flex flex-wrap items-start gap-3">
          <IconButton label={t('back')} onClick={() => go({ page: 'home' })} className="-ms-2 -mt-0.5 touch:-mt-1.5 md:hidden"><ChevronLeft size={20} className="rtl:-scale-x-100" /></IconButton>
          <div className="min-w-0 flex-1">
            <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
            {about && <p className="mt-1 text-md text-soft">{about}</p>}
          </div>
          {action && <div className="grid w-full sm:w-auto">{action}</div>}
        </header>
        {tabs}
        {children}
      </div>
    </div>
  );
}

/** What does not fit fades out at the edge. */
export function Tabs({ label, tabs }: { label: string; tabs: { to: Route; text: string; isHere: boolean }[] }) {
  const here = useRef<HTMLAnchorElement>(null);
  const current = tabs.find(({ isHere }) => isHere)?.text;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each tab, and never while one reads below.
  useEffect(() => {
    // Newer browsers give a promise, and an effect must give nothing.
    here.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [current]);
  return (
    <nav aria-label={label} className="mask-x-from-[calc(100%-1rem)] -mx-4 mb-8 scroll-px-6 overflow-x-auto border-b border-line px-4 md:mx-0 md:mask-none md:px-0">
      <ul className="flex gap-5">
        {tabs.map(({ to, text, isHere }) => (
          <li key={text}>
            <a
              ref={isHere ? here : undefined}
              href={hashOf(to)}
              aria-current={isHere ? 'page' : undefined}
              className="block border-b-2 border-transparent py-2.5 text-base whitespace-nowrap text-soft transition-colors hover:text-ink aria-[current=page]:border-accent aria-[current=page]:font-medium aria-[current=page]:text-ink"
            >
              {text}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** A part of a page, set off by space and a line. */
export function Part({ title, about, action, children }: { title: string; about?: string; action?: ReactNode; children: ReactNode }) {
  return (
    <section className="mb-10">
      <div className="mb-4 flex flex-wrap items-end gap-3">
        <div className="min-w-48 flex-1">
          <h2 className="text-lg font-semibold tracking-tight">{title}</h2>
          {about && <p className="mt-0.5 text-base text-soft">{about}</p>}
        </div>
        {action}
      </div>
      {children}
    </section>
  );
}

export const Rows = ({ children }: { children: ReactNode }) => (
  <ul className="divide-y divide-line overflow-hidden rounded-xl border border-line bg-raised shadow-card [--around:var(--raised)]">{children}</ul>
);
