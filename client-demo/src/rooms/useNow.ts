import { useEffect, useState } from 'react';

const LONGEST = 2 ** 31 - 1;

/** The time, read again when `end` has come. */
export function useNow(end?: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (end === undefined || end <= now) return;
    const timer = setTimeout(() => setNow(Date.now()), Math.min(end - Date.now() + 50, LONGEST));
    return () => clearTimeout(timer);
  }, [end, now]);
  return now;
}
