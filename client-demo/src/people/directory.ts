import { createContext, useContext, useEffect } from 'react';
import { call } from '../api/session';
import type { Listing, Person } from '../api/shapes';
import { Observable, useSelected } from '../chat';

const MOST_AT_ONCE = 100;
const FRESH = 50 * 60_000;
const MOST_REFRESHED = 300;

/** Faces and names of those whose messages are on the screen, asked for many at a time. */
export class Directory extends Observable {
  #people = new Map<string, { person: Person | undefined; at: number }>();
  #usernames = new Set<string>();
  #wanted = new Set<string>();

  constructor(private readonly isGuest: boolean) {
    super();
  }

  of = (id: string): Person | undefined => this.#people.get(id)?.person;
  /** Whether somebody is known by this username. */
  knows = (username: string) => this.#usernames.has(username.toLowerCase());

  know(people: Person[]) {
    const at = Date.now();
    for (const person of people) {
      if (!person.id) continue;
      this.#people.set(person.id, { person, at });
      this.#usernames.add(person.username.toLowerCase());
    }
    if (people.length > 0) this.changed();
  }

  want(id: string) {
    const held = this.#people.get(id);
    if (this.isGuest || (held && Date.now() - held.at < FRESH)) return;
    this.#people.set(id, { person: held?.person, at: Date.now() });
    if (this.#wanted.size === 0) setTimeout(() => this.#ask(), 30);
    this.#wanted.add(id);
  }
  /** The link to a face has ended. */
  renew(id: string) {
    this.#people.delete(id);
    this.want(id);
  }
  /** Names and faces may have changed while nobody told us. */
  refresh() {
    const known = [...this.#people.keys()].slice(-MOST_REFRESHED);
    for (const held of this.#people.values()) held.at = 0;
    for (const id of known) this.want(id);
  }
  forget(id: string) {
    this.#people.delete(id);
    this.changed();
  }

  /** It could not be asked: what was known stays, and is asked for when it is next looked at. */
  #forgive(id: string) {
    const held = this.#people.get(id);
    if (held?.person) held.at = 0;
    else this.#people.delete(id);
  }

  async #ask() {
    const wanted = [...this.#wanted];
    this.#wanted.clear();
    for (let from = 0; from < wanted.length; from += MOST_AT_ONCE) {
      const ids = wanted.slice(from, from + MOST_AT_ONCE);
      await call<Listing<Person>>('GET', '/api/users', { query: { ids: ids.join(','), limit: 100 } }).then(
        ({ data }) => this.know(data),
        () => {
          for (const id of ids) this.#forgive(id);
        },
      );
    }
  }
}

export const DirectoryContext = createContext<Directory | undefined>(undefined);

export function useDirectory(): Directory {
  const directory = useContext(DirectoryContext);
  if (!directory) throw new Error('there is no directory here');
  return directory;
}

/** What is known of somebody, and more of it soon. */
export function usePerson(id: string | null): Person | undefined {
  const directory = useDirectory();
  useEffect(() => {
    if (id) directory.want(id);
  }, [directory, id]);
  return useSelected(directory, (known) => (id ? known.of(id) : undefined));
}
