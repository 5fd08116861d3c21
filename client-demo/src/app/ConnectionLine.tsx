import { CloudOff } from 'lucide-react';
import { useEffect, useState } from 'react';
import { asRefusal } from '../api/refusal';
import { useConnection } from '../chat';
import { Spinner } from '../look/Spinner';
import { t } from '../texts';
import { words } from '../texts/refused';

/** Shorter breaks are nobody's concern. */
const PATIENCE = 600;

/** Says how the connection is, when it is not as it should be. */
export function ConnectionLine() {
  const { status, error, wasOnline } = useConnection();
  const [isLate, setLate] = useState(false);
  const isWell = status === 'online';
  useEffect(() => {
    if (isWell) return setLate(false);
    const timer = setTimeout(() => setLate(true), PATIENCE);
    return () => clearTimeout(timer);
  }, [isWell]);
  const text = isWell || !isLate ? '' : lineOf(status, wasOnline);
  return (
    <div role="status" aria-live="polite" data-status={status} className="shrink-0">
      {text && (
        <p className="flex animate-appear items-center justify-center gap-2 bg-warn-soft px-4 py-1.5 text-sm font-medium text-warn">
          {status === 'offline' ? <CloudOff size={14} aria-hidden="true" /> : <Spinner size={13} />}
          <span>{text}</span>
          {error && status !== 'catching-up' && error.message !== 'xhr poll error' && error.message !== 'websocket error'
            && <span className="hidden font-normal sm:inline">{words(asRefusal(error))}</span>}
        </p>
      )}
    </div>
  );
}

function lineOf(status: 'connecting' | 'catching-up' | 'online' | 'offline', wasOnline: boolean): string {
  if (status === 'catching-up') return t('connection.catching-up');
  if (status === 'offline' || !navigator.onLine) return t('connection.offline');
  return wasOnline ? t('connection.again') : t('connection.connecting');
}
