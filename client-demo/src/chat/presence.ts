import { Observable } from './observable';

export interface Attendee {
  id: string | null;
  name: string;
  username: string;
  avatarUrl: string | null;
  status: 'online' | 'away' | 'offline';
  guest?: true;
  guestId?: string;
}

export interface PresencePage {
  online: number;
  users: Attendee[];
  next: string | null;
}

export interface PresenceChange {
  roomId: string;
  online: number;
  changes: Attendee[];
  complete: boolean;
}

export const keyOf = ({ id, guestId }: { id: string | null; guestId?: string | undefined }) => id ?? guestId ?? '';

/** Who of a room is here: 100 at most by name, and how many in all. Watched while somebody looks. */
export class RoomPresence extends Observable {
  online = 0;
  people = new Map<string, Attendee>();
  isKnown = false;
  #watchers = 0;

  constructor(
    private readonly watchRoom: () => Promise<PresencePage>,
    private readonly unwatchRoom: () => void,
  ) {
    super();
  }

  statusOf = (id: string) => this.people.get(id)?.status ?? 'offline';

  watch(): () => void {
    this.#watchers += 1;
    if (this.#watchers === 1) this.ask();
    return () => {
      this.#watchers -= 1;
      if (this.#watchers === 0) this.unwatchRoom();
    };
  }

  /** Forgotten by the server with each connection. */
  ask() {
    if (this.#watchers === 0) return;
    this.watchRoom().then(({ online, users }) => {
      Object.assign(this, { online, isKnown: true, people: new Map(users.map((one) => [keyOf(one), one])) });
      this.changed();
    }, () => {});
  }

  hear({ online, changes, complete }: PresenceChange) {
    if (!complete) return this.ask();
    const people = new Map(this.people);
    for (const one of changes) {
      if (one.status === 'offline') people.delete(keyOf(one));
      else people.set(keyOf(one), one);
    }
    Object.assign(this, { online, people });
    this.changed();
  }
}
