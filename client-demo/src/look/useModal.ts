import { type RefObject, useLayoutEffect, useState } from 'react';

const FIRST = 'input:not([type=radio], [type=hidden]), textarea, select, [type=submit]';

/** Opens a dialog over all else, and gives where its menus land. What had the focus gets it back, or else the field to write in. */
export function useModal(dialog: RefObject<HTMLDialogElement | null>): HTMLElement | null {
  const [place, setPlace] = useState<HTMLElement | null>(null);
  // Before the dialog leaves the page: afterwards its focus is nobody's.
  useLayoutEffect(() => {
    const shown = dialog.current;
    if (!shown) return;
    if (!shown.open) shown.showModal();
    // The browser would choose the cross in the corner.
    shown.querySelector<HTMLElement>(FIRST)?.focus();
    setPlace(shown);
    return () => {
      shown.close();
      if (document.activeElement === document.body) document.querySelector<HTMLElement>('[data-composer]')?.focus();
    };
  }, [dialog]);
  return place;
}
