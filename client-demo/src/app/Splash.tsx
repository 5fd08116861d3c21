import { useEffect, useState } from 'react';
import { Spinner } from '../look/Spinner';
import { t } from '../texts';

/** Nothing at first: most waits are over before anybody has read a word. */
export function Splash({ children }: { children?: React.ReactNode }) {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), 700);
    return () => clearTimeout(timer);
  }, []);
  return (
    <main className="grid h-full place-items-center bg-canvas text-soft">
      {children ?? (isLong && (
        <p role="status" className="flex animate-appear items-center gap-2.5 text-base"><Spinner size={16} />{t('connecting')}</p>
      ))}
    </main>
  );
}
