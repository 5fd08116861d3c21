import { type Chat as Client, type ChatError, connectChat, type KnownRoom, type Message, type Status } from 'chat-client';
import { io, type Socket } from 'socket.io-client';
import { type Pending, RoomFeed, type Transport } from './feed';
import { Observable } from './observable';
import { keyOf, type PresenceChange, type PresencePage, RoomPresence } from './presence';
import { Roster, type Standing } from './roster';
import { RoomTyping } from './typing';
import { inOrder, type UploadFile } from './uploads';

export interface ChatOptions {
  /** Where the server is; the page's own origin unless given. */
  url?: string;
  /** SOCKET_PATH of the server. */
  path?: string;
  getToken?: () => Promise<string | undefined>;
  /** Whose messages are one's own: an account's id, or a guest's. */
  me?: string | undefined;
  /** Followed from the start. */
  rooms?: (string | KnownRoom)[];
  /** How far each room was read. */
  standings?: [roomId: string, standing: Standing][];
  /** How a file is sent; without it there are none. */
  upload?: (roomId: string, ...file: Parameters<UploadFile>) => Promise<unknown>;
}

export interface Connection {
  status: Status;
  error: ChatError | undefined;
  /** Whether it has ever been online. */
  wasOnline: boolean;
}

const HISTORY = 100;

class ConnectionState extends Observable implements Connection {
  status: Status = 'connecting';
  error: ChatError | undefined;
  wasOnline = false;

  settle(status: Status, error?: ChatError) {
    this.wasOnline ||= status === 'online';
    Object.assign(this, { status, error });
    this.changed();
  }
}

/** One connection, and all that is known by it. Knows nothing of React. */
export class Chat {
  readonly connection = new ConnectionState();
  readonly roster: Roster;
  readonly me: string | undefined;
  #client: Client;
  #socket!: Socket;
  #feeds = new Map<string, RoomFeed>();
  #presence = new Map<string, RoomPresence>();
  #typing = new Map<string, RoomTyping>();
  #opened = new Map<string, Promise<unknown>>();

  constructor(private readonly options: ChatOptions = {}) {
    const { url = location.origin, path = '/socket.io', getToken, me, rooms } = options;
    this.me = me;
    this.roster = new Roster(
      (message) => this.isMine(message),
      (roomId, seq) => this.request('move-read-marker', { roomId, seq }),
    );
    for (const [roomId, standing] of options.standings ?? []) this.roster.know(roomId, standing);
    const connect = (address: string, given: object) => {
      this.#socket = io(address, { ...given, path: `${path}/`, transports: ['websocket', 'polling'], tryAllTransports: true });
      return this.#socket;
    };
    this.#client = connectChat(connect, url, {
      ...(getToken && { getToken }),
      ...(rooms && { rooms }),
      onChange: (room, changes) => this.#hear(room, changes),
      onStatus: (status, error) => this.connection.settle(status, error),
    });
    this.on('connect', () => {
      for (const presence of this.#presence.values()) presence.ask();
    });
    this.on('disconnect', () => {
      for (const typing of this.#typing.values()) typing.forget();
    });
    this.on<PresenceChange>('presence-changed', (change) => this.presence(change.roomId).hear(change));
    this.on<Typed>('user-typing', ({ userId, isTyping, user, roomId }) => {
      const id = userId ?? keyOf(user ?? { id: null });
      if (id && id !== this.me) this.typing(roomId).hear({ id, name: user?.name ?? '' }, isTyping);
    });
    this.on<Moved>('read-marker-moved', ({ roomId, seq, unread }) => this.roster.moved(roomId, seq, unread));
  }

  isMine = ({ User, user_id }: Pick<Message, 'User' | 'user_id'>) => (user_id ?? User.guestId ?? '') === this.me;

  /** What the server tells beside messages; gives what ends the listening. */
  on<Payload>(event: string, listener: (payload: Payload) => void): () => void {
    this.#socket.on(event, listener);
    return () => this.#socket.off(event, listener);
  }
  request<Data = unknown>(event: string, payload?: unknown): Promise<Data> {
    return this.#client.request<{ data: Data }>(event, payload).then(({ data }) => data);
  }

  feed(roomId: string): RoomFeed {
    return entry(this.#feeds, roomId, () => new RoomFeed(roomId, this.#transport(roomId)));
  }
  presence(roomId: string): RoomPresence {
    const watch = () => this.request<PresencePage>('watch-presence', { roomId });
    const unwatch = () => this.#socket.connected && this.#socket.emit('unwatch-presence', { roomId });
    return entry(this.#presence, roomId, () => new RoomPresence(watch, unwatch));
  }
  typing(roomId: string): RoomTyping {
    const say = (isTyping: boolean) => this.#socket.volatile.emit('typing', { roomId, isTyping });
    return entry(this.#typing, roomId, () => new RoomTyping(say));
  }

  /** Loads a room's newest messages, and follows it. */
  open(roomId: string): RoomFeed {
    const feed = this.feed(roomId);
    if (feed.state === 'failed' || !this.#opened.has(roomId)) {
      if (feed.state === 'failed') feed.unload();
      const opening = this.#client.join(roomId, HISTORY);
      this.#opened.set(roomId, opening);
      opening.then(
        // What was loaded before it was opened is not told of again.
        ({ messages, from }) => feed.state === 'loading' && feed.load(messages, from ?? 0),
        (error: ChatError) => error.code !== 'closed' && feed.fail(error),
      );
    }
    return feed;
  }
  /** Hears a room without its history: for what is unread. */
  follow(roomId: string) {
    if (!this.#client.room(roomId)) this.#client.join(roomId, 1).catch(() => {});
  }
  leave(roomId: string) {
    this.#client.leave(roomId);
    this.#opened.delete(roomId);
    this.#feeds.get(roomId)?.unload();
    this.roster.forget(roomId);
  }
  setAway(isAway: boolean) {
    if (this.#socket.connected) this.#socket.emit('set-presence', { status: isAway ? 'away' : 'online' });
  }
  /** What was not stored when the page went. */
  unsent(): [string, Pending[]][] {
    const texts = [...this.#feeds].map(([id, { pending }]): [string, Pending[]] => [id, pending.filter((one) => !one.upload).map(lasting)]);
    return texts.filter(([, pending]) => pending.length > 0);
  }
  close() {
    this.#client.close();
    // What still waits would go under the name of who comes next.
    for (const feed of this.#feeds.values()) feed.stopUploads();
    for (const typing of this.#typing.values()) typing.forget();
  }

  #hear(room: ReturnType<Client['join']> extends Promise<infer Room> ? Room : never, changes: Parameters<RoomFeed['take']>[0]) {
    const feed = this.feed(room.roomId);
    if (room.error && changes.length === 0) return feed.fail(room.error);
    if (changes === room.messages) {
      if (this.#opened.has(room.roomId)) feed.load(room.messages, room.from ?? 0);
    } else if (feed.state === 'ready') feed.take(changes);
    this.roster.hear(room.roomId, changes);
  }

  #transport(roomId: string): Transport {
    const { upload } = this.options;
    const sendFile = upload && inOrder((...file) => upload(roomId, ...file), this.connection);
    return {
      send: async (pending, tell, stopped) => {
        if (pending.upload) return void (await sendFile?.(pending, tell, stopped));
        const { text, clientOffset, character } = pending;
        return this.#client.send(text, { roomId, clientOffset, ...(character && { characterId: character.id }) });
      },
      edit: (messageId, text) => this.#client.edit(messageId, text),
      remove: (messageId, reason) => this.#client.remove(messageId, reason),
      older: (before, limit) => this.#client.request('load-messages', { roomId, before, limit }),
    };
  }
}

/** As JSON can hold it: an error's words are not among what it lists of itself. */
const lasting = ({ error, ...rest }: Pending): Pending =>
  error ? { ...rest, error: { name: error.name, message: error.message, code: error.code, retryIn: error.retryIn } as ChatError } : rest;

interface Typed {
  userId: string | null;
  isTyping: boolean;
  user?: { id: string | null; name: string; guestId?: string };
  roomId: string;
}
interface Moved {
  roomId: string;
  seq: number;
  unread: number;
}

function entry<Value>(of: Map<string, Value>, key: string, make: () => Value): Value {
  const found = of.get(key);
  if (found !== undefined) return found;
  const made = make();
  of.set(key, made);
  return made;
}
