import { useCallback, useEffect, useRef, useState } from 'react';

/** So near the end is at the end. */
const NEAR = 48;

/** A hand that was on the list within this moves it. */
const RECENT = 400;
const HANDS = ['wheel', 'touchmove', 'keydown', 'pointerdown'] as const;

/** Keeps the end in sight, unless somebody has scrolled up. A list also moves by itself, when its rows turn out to be
 * higher or lower than was thought: then its height changes as well. */
export function useStick() {
  const [scroller, setScroller] = useState<HTMLElement | null>(null);
  const [isAtEnd, setAtEnd] = useState(true);
  const isStuck = useRef(true);
  const seen = useRef({ top: 0, height: 0 });

  const settle = useCallback((isNow: boolean) => {
    isStuck.current = isNow;
    setAtEnd(isNow);
  }, []);
  const stick = useCallback(() => {
    if (scroller && isStuck.current) scroller.scrollTop = scroller.scrollHeight;
  }, [scroller]);

  useEffect(() => {
    if (!scroller) return;
    let touchedAt = 0;
    const touched = () => {
      touchedAt = performance.now();
    };
    const scrolled = () => {
      const { scrollTop, scrollHeight, clientHeight } = scroller;
      const { top, height } = seen.current;
      const isByHand = scrollHeight === height || performance.now() - touchedAt < RECENT;
      seen.current = { top: scrollTop, height: scrollHeight };
      if (scrollHeight - scrollTop - clientHeight < NEAR) settle(true);
      else if (scrollTop < top && isByHand) settle(false);
      else stick();
    };
    scroller.addEventListener('scroll', scrolled, { passive: true });
    for (const hand of HANDS) scroller.addEventListener(hand, touched, { passive: true });
    // The field below grows, the window shrinks; and the list is told to grow before its rows are in the page.
    const observer = new ResizeObserver(stick);
    for (const part of [scroller, ...(scroller.firstElementChild?.children ?? [])]) observer.observe(part);
    return () => {
      scroller.removeEventListener('scroll', scrolled);
      for (const hand of HANDS) scroller.removeEventListener(hand, touched);
      observer.disconnect();
    };
  }, [scroller, settle, stick]);

  const toEnd = useCallback(() => {
    settle(true);
    stick();
  }, [settle, stick]);
  const letGo = useCallback(() => settle(false), [settle]);
  return { setScroller, isAtEnd, stick, toEnd, letGo };
}
