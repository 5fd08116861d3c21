import { type ReactNode, useState } from 'react';
import { t } from '../texts';
import { Place } from './place';

/** Where menus and tips land that no dialog holds: a place with a name, as all that is on a page should have. */
export function Landing({ children }: { children: ReactNode }) {
  const [place, setPlace] = useState<HTMLElement | null>(null);
  return (
    <Place value={place}>
      {children}
      <section ref={setPlace} aria-label={t('menus')} />
    </Place>
  );
}
