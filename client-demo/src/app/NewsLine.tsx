import { Info, X } from 'lucide-react';
import { useEffect } from 'react';
import { useObserved } from '../chat';
import { IconButton } from '../look/Button';
import { t } from '../texts';
import { news } from './news';

export function NewsLine() {
  const { items } = useObserved(news);
  // What befell one account is not for the next.
  useEffect(() => () => news.forget(), []);
  return (
    <div role="status" aria-live="polite" className="shrink-0">
      {items.map(({ key, text }) => (
        <p key={key} className="flex animate-appear items-center gap-2.5 border-b border-line bg-accent-soft ps-4 pe-2 text-base text-ink">
          <Info size={15} className="shrink-0 text-accent-ink" aria-hidden="true" />
          <span dir="auto" className="min-w-0 flex-1 py-2 wrap-anywhere">{text}</span>
          <IconButton label={t('close')} size="sm" onClick={() => news.dismiss(key)}><X size={15} /></IconButton>
        </p>
      ))}
    </div>
  );
}
