import { useSyncExternalStore } from 'react';

export type Theme = 'light' | 'dark' | 'system';
const KEPT = 'chat:theme';
const listeners = new Set<() => void>();
const dark = matchMedia('(prefers-color-scheme: dark)');

export const theme = (): Theme => (localStorage.getItem(KEPT) as Theme | null) ?? 'system';

export function show() {
  const isDark = theme() === 'dark' || (theme() === 'system' && dark.matches);
  document.documentElement.dataset.theme = isDark ? 'dark' : 'light';
  for (const listener of listeners) listener();
}

export function choose(wanted: Theme) {
  localStorage.setItem(KEPT, wanted);
  show();
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, theme);
}

dark.addEventListener('change', show);
