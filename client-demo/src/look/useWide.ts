import { useSyncExternalStore } from 'react';

const wide = matchMedia('(min-width: 48rem)');

const subscribe = (listener: () => void) => {
  wide.addEventListener('change', listener);
  return () => wide.removeEventListener('change', listener);
};

/** Whether the rooms stand beside the conversation; else each has the screen to itself. */
export const useWide = () => useSyncExternalStore(subscribe, () => wide.matches);
