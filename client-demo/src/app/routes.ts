import { useSyncExternalStore } from 'react';

/** Behind the `#`: the server knows one page. */
export type Route =
  | { page: 'home' }
  | { page: 'room'; room: string }
  | { page: 'browse' }
  | { page: 'invitations' }
  | { page: 'settings'; part: string }
  | { page: 'statistics'; room: string }
  | { page: 'operator'; part: string };

/** Somebody may have typed anything. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

export function parse(hash: string): Route {
  const [page, part = ''] = hash.replace(/^#\/?/, '').split('/').map(decoded);
  // As a part of a path these two mean something else.
  if (part === '.' || part === '..') return { page: 'home' };
  if (page === 'rooms' && part) return { page: 'room', room: part };
  if (page === 'browse' || page === 'invitations') return { page };
  if (page === 'settings') return { page, part: part || 'profile' };
  if (page === 'statistics') return { page, room: part || 'main-chat' };
  if (page === 'operator') return { page, part: part || 'now' };
  return { page: 'home' };
}

export function hashOf(route: Route): string {
  if (route.page === 'home') return '#/';
  if (route.page === 'room') return `#/rooms/${encodeURIComponent(route.room)}`;
  const part = 'part' in route ? route.part : 'room' in route ? route.room : '';
  return `#/${route.page}${part && `/${encodeURIComponent(part)}`}`;
}

export const go = (route: Route) => {
  location.hash = hashOf(route);
};

const read = () => location.hash;
const subscribe = (listener: () => void) => {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
};

export const useRoute = (): Route => parse(useSyncExternalStore(subscribe, read));
