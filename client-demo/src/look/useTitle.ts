import { useEffect } from 'react';
import { t } from '../texts';

/** The window is called after the page. How much is unread stands before it: whoever counts that writes the whole title, which is put right then. */
export function useTitle(text: string) {
  useEffect(() => {
    const call = (name: string) => {
      const [count] = /^\(\d+\) /.exec(document.title) ?? [''];
      if (document.title !== count + name) document.title = count + name;
    };
    const put = () => call(`${text} · ${t('app.name')}`);
    const observer = new MutationObserver(put);
    observer.observe(document.querySelector('title')!, { childList: true });
    put();
    return () => {
      observer.disconnect();
      call(t('app.name'));
    };
  }, [text]);
}
