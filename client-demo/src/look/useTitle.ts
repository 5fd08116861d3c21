import { useEffect } from 'react';
import { t } from '../texts';

/** What the window is called: how much is unread, the page, the place. Two parts of the app know one of them each. */
let [page, unread] = ['', 0];

function write() {
  const name = [page, t('app.name')].filter(Boolean).join(' · ');
  document.title = unread > 0 ? `(${unread}) ${name}` : name;
}

export function useTitle(text: string) {
  useEffect(() => {
    page = text;
    write();
    return () => {
      page = '';
      write();
    };
  }, [text]);
}

export function useUnreadInTitle(count: number) {
  useEffect(() => {
    unread = count;
    write();
    return () => {
      unread = 0;
      write();
    };
  }, [count]);
}
