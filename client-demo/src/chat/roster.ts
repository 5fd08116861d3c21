import type { Change, Message } from 'chat-client';
import { mentions } from './mentions';
import { Observable, type Schedule } from './observable';

export interface Standing {
  unread: number;
  /** Null: no marker yet. */
  lastReadSeq: number | null;
  lastSeq: number;
  /** Of the unread ones, how many call oneself by name: of those that came while one was here. */
  calls?: number;
}

const NONE: Standing = { unread: 0, lastReadSeq: null, lastSeq: 0 };
/** The server counts no further. */
export const MOST_UNREAD = 100;
const PAUSE = 1_000;

/** How far each room has been read. */
export class Roster extends Observable {
  #rooms = new Map<string, Standing>();
  #due = new Map<string, ReturnType<typeof setTimeout>>();

  /** Whose messages are not counted, beside one's own. */
  blocked: ReadonlySet<string> = new Set();
  /** Who is called by `@username`. */
  username = '';

  constructor(
    private readonly isMine: (message: Message) => boolean,
    private readonly move: (roomId: string, seq: number) => Promise<unknown>,
    schedule?: Schedule,
  ) {
    super(schedule);
  }

  of = (roomId: string): Standing => this.#rooms.get(roomId) ?? NONE;

  get unread() {
    return [...this.#rooms.values()].reduce((sum, { unread }) => sum + unread, 0);
  }

  /** From a record of the room, which may be older than what was heard since. */
  know(roomId: string, standing: Standing) {
    const { lastReadSeq, lastSeq } = this.of(roomId);
    if (standing.lastSeq < lastSeq) return;
    // What was read a moment ago may not be stored yet.
    const isOlder = (lastReadSeq ?? 0) > (standing.lastReadSeq ?? 0);
    this.#set(roomId, isOlder ? { lastSeq: standing.lastSeq } : standing);
  }
  forget(roomId: string) {
    this.#rooms.delete(roomId);
    this.changed();
  }

  hear(roomId: string, changes: readonly Change[]) {
    if (!this.#rooms.has(roomId)) return;
    const { lastSeq, unread, lastReadSeq, calls = 0 } = this.of(roomId);
    const fresh = changes.filter((one): one is Message => !one.is_deleted && one.seq > lastSeq);
    if (fresh.length === 0) return;
    const others = fresh.filter((one) => !this.isMine(one) && !this.blocked.has(one.user_id ?? '') && one.seq > (lastReadSeq ?? 0));
    this.#set(roomId, {
      lastSeq: Math.max(...fresh.map(({ seq }) => seq)),
      unread: Math.min(unread + others.length, MOST_UNREAD),
      calls: calls + others.filter(({ message }) => mentions(message, this.username)).length,
    });
  }

  moved(roomId: string, seq: number, unread: number) {
    const { lastReadSeq, lastSeq } = this.of(roomId);
    if (seq < (lastReadSeq ?? 0)) return;
    this.#set(roomId, { lastReadSeq: seq, unread: seq >= lastSeq ? 0 : unread });
  }

  /** Up to here it was seen. The server is told once a second, of the newest. */
  saw(roomId: string, seq: number) {
    const { lastReadSeq, lastSeq } = this.of(roomId);
    if (seq <= (lastReadSeq ?? 0)) return;
    this.#set(roomId, { lastReadSeq: seq, ...(seq >= lastSeq ? { unread: 0 } : {}) });
    if (this.#due.has(roomId)) return;
    const tell = () => {
      this.#due.delete(roomId);
      this.move(roomId, this.of(roomId).lastReadSeq ?? 0).catch(() => {});
    };
    this.#due.set(roomId, setTimeout(tell, PAUSE));
  }

  #set(roomId: string, change: Partial<Standing>) {
    const standing = { ...this.of(roomId), ...change };
    if (standing.unread === 0) standing.calls = 0;
    this.#rooms.set(roomId, standing);
    this.changed();
  }
}
