import { useEffect, useState } from 'react';
import type { RoomRecord } from '../api/shapes';
import { useMe } from '../app/me';
import { rightsIn } from '../moderation/rights';

/** Seconds until one may write again, by the clock of this machine: that of the server may go differently. */
export function useSlowMode(room: RoomRecord) {
  const isFree = rightsIn(room, useMe()).moderate;
  const [end, setEnd] = useState(0);
  const [now, setNow] = useState(0);
  useEffect(() => {
    if (now >= end) return;
    const timer = setTimeout(() => setNow(Date.now()), 250);
    return () => clearTimeout(timer);
  }, [now, end]);
  const wrote = () => {
    if (isFree || room.slowModeSeconds === 0) return;
    setNow(Date.now());
    setEnd(Date.now() + room.slowModeSeconds * 1000);
  };
  return { secondsLeft: Math.max(0, Math.ceil((end - now) / 1000)), wrote };
}
