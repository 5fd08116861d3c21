import { CircleAlert, Clock3 } from 'lucide-react';
import { useEffect, useState } from 'react';
import { asRefusal } from '../api/refusal';
import { type Pending, type RoomFeed, useConnection } from '../chat';
import { Button } from '../look/Button';
import { t } from '../texts';
import { words } from '../texts/refused';

const SOON = 1_500;

/** Where a message of one's own stands that is not stored yet; and what one may do about it. */
export function Unsent({ feed, pending, onRecompose }: { feed: RoomFeed; pending: Pending; onRecompose: (text: string) => void }) {
  const { clientOffset, error, state, text, upload } = pending;
  if (state === 'sending') return <Waiting />;
  return (
    <div role="alert" className="mt-0.5 flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-bad">
      <span className="flex items-center gap-1.5">
        <CircleAlert size={14} aria-hidden="true" className="shrink-0" />
        {t('message.failed')} {error && words(asRefusal(error))}
      </span>
      <Button kind="link" size="sm" onClick={() => feed.retry(clientOffset)}>{t('try-again')}</Button>
      {!upload && (
        <Button
          kind="link"
          size="sm"
          onClick={() => {
            feed.discard(clientOffset);
            onRecompose(text);
          }}
        >
          {t('edit')}
        </Button>
      )}
      <Button kind="link" size="sm" onClick={() => feed.discard(clientOffset)}>{t('discard')}</Button>
    </div>
  );
}

/** Most are stored before this would be read. */
function Waiting() {
  const { status } = useConnection();
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), SOON);
    return () => clearTimeout(timer);
  }, []);
  if (!isLong) return <span className="sr-only">{t('message.sending')}</span>;
  return (
    <p className="mt-0.5 flex items-center gap-1.5 text-xs text-faint">
      <Clock3 size={12} aria-hidden="true" />
      {status === 'online' ? t('message.sending') : t('message.waiting')}
    </p>
  );
}
