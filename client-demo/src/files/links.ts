import { useEffect } from 'react';
import { call } from '../api/session';
import type { FileLink } from '../api/shapes';
import { Observable, useSelected } from '../chat';

const MOST_AT_ONCE = 100;
/** A link that ends within this is asked for anew. */
const EARLY = 60_000;
const AGAIN = 4_000;

/** An `<img>` carries no token: so each file has a link that ends soon, asked for many at a time. */
class Links extends Observable {
  #links = new Map<string, FileLink>();
  #asked = new Set<string>();
  #came = new Map<string, number>();
  #wanted = new Set<string>();

  of = (id: string): FileLink | undefined => this.#links.get(id);

  want(id: string) {
    const link = this.#links.get(id);
    if (this.#asked.has(id) || (link && Date.parse(link.expiresAt) - Date.now() > EARLY)) return;
    // The clocks may differ, and links may be made to end at once.
    if (Date.now() - (this.#came.get(id) ?? 0) < EARLY) return;
    if (this.#wanted.size === 0) setTimeout(() => this.#ask(), 20);
    this.#wanted.add(id);
    this.#asked.add(id);
  }
  renew(id: string) {
    this.#links.delete(id);
    this.#came.delete(id);
    this.want(id);
  }

  /** Nobody was there to answer; what has been looked at meanwhile is asked for already. */
  #askAgain(ids: string[]) {
    if (!this.isWatched) return;
    for (const id of ids) this.want(id);
  }

  async #ask() {
    const wanted = [...this.#wanted];
    this.#wanted.clear();
    for (let from = 0; from < wanted.length; from += MOST_AT_ONCE) {
      const ids = wanted.slice(from, from + MOST_AT_ONCE);
      const answer = await call<{ data: FileLink[] }>('GET', '/api/files/urls', { query: { ids: ids.join(',') } }).catch(() => undefined);
      for (const link of answer?.data ?? []) {
        this.#links.set(link.id, link);
        this.#came.set(link.id, Date.now());
      }
      for (const id of ids) this.#asked.delete(id);
      if (!answer) setTimeout(() => this.#askAgain(ids), AGAIN);
    }
    this.changed();
  }
}

export const links = new Links();

export function useLink(id: string | undefined): FileLink | undefined {
  const link = useSelected(links, (known) => (id ? known.of(id) : undefined));
  useEffect(() => {
    if (!id) return;
    links.want(id);
    if (!link) return;
    const timer = setTimeout(() => links.want(id), Math.max(Date.parse(link.expiresAt) - Date.now() - EARLY, EARLY));
    return () => clearTimeout(timer);
  }, [id, link]);
  return link;
}
