import { useCallback, useEffect, useRef, useState } from 'react';

/** So near the end is at the end. */
const NEAR = 48;

/** Keeps the end in sight, unless somebody has scrolled up: only a hand moves a list upwards. */
export function useStick() {
  const [scroller, setScroller] = useState<HTMLElement | null>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const isStuck = useRef(true);
  const top = useRef(0);

  const settle = useCallback((isNow: boolean) => {
    isStuck.current = isNow;
    setAtEnd(isNow);
  }, []);
  const stick = useCallback(() => {
    if (scroller && isStuck.current) scroller.scrollTop = scroller.scrollHeight;
  }, [scroller]);

  useEffect(() => {
    if (!scroller) return;
    const scrolled = () => {
      const { scrollTop, scrollHeight, clientHeight } = scroller;
      const isNear = scrollHeight - scrollTop - clientHeight < NEAR;
      if (isNear) settle(true);
      else if (scrollTop < top.current) settle(false);
      top.current = scrollTop;
    };
    scroller.addEventListener('scroll', scrolled, { passive: true });
    // The field below grows, the window shrinks.
    const observer = new ResizeObserver(stick);
    observer.observe(scroller);
    return () => {
      scroller.removeEventListener('scroll', scrolled);
      observer.disconnect();
    };
  }, [scroller, settle, stick]);

  const toEnd = useCallback(() => {
    settle(true);
    stick();
  }, [settle, stick]);
  return { setScroller, isAtEnd, stick, toEnd };
}
