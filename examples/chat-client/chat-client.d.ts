import type { ManagerOptions, Socket, SocketOptions } from 'socket.io-client';

/** `io` of socket.io-client 4.8 or newer, or a function of yours that calls it with more options. */
export type Connect = (url: string, options: Partial<ManagerOptions & SocketOptions>) => Socket;

export interface Message {
  id: string;
  /** Null of a guest. */
  user_id: string | null;
  message: string;
  edited_at: string | null;
  is_deleted: false;
  created_at: string;
  updated_at: string;
  User: { id: string | null; userid: string; name: string; guest?: true; guestId?: string };
  room_id: string;
  /** Only where it is not plain text. */
  type?: 'image' | 'file' | 'emote';
  attachment?: Attachment;
  /** Spoken as one of the author's characters. */
  character?: { id: number; name: string };
  /** The place in the room, which never changes. */
  seq: number;
  /** The room's count of creates, edits and deletes at the last change of this message. */
  rev: number;
  clientOffset: string | null;
}

export interface Attachment {
  id: string;
  name: string;
  mediaType: string;
  bytes: number;
  width: number | null;
  height: number | null;
  thumbnail: boolean | null;
}

export interface Deleted {
  id: string;
  is_deleted: true;
  room_id: string;
  rev: number;
}

export type Change = Message | Deleted;

/** `catching-up` is connected, and reading what was missed; `offline` tries again later, or was closed. */
export type Status = 'connecting' | 'catching-up' | 'online' | 'offline';

/** `code` as the contract lists them, or `closed`. */
export type ChatError = Error & { code?: string; retryIn?: number };

/** Stays up to date by itself. */
export interface Room {
  readonly roomId: string;
  readonly name: string;
  /** The newest ones in order of `seq`, without deleted ones. A new array after each change. */
  readonly messages: readonly Message[];
  /** Messages below this `seq` are not held; 0: all are. */
  readonly from?: number;
  /** How far this is; undefined while it is loaded. */
  readonly rev?: number;
  /** Why the server lets us follow this room no more. `join` tries again. */
  readonly error?: ChatError;
}

/** As `GET /api/me/rooms` and `GET /api/me` say it: followed from `rev` on by the first handshake, without a request. */
export interface KnownRoom {
  roomId: string;
  name: string;
  rev: number;
  epoch: string;
  /** What is older is not held: the room's `lastSeq`, and one more. */
  from: number;
}

export interface Options {
  /** Asked at each connect, and when the server says that the token has ended. Without it one only reads. */
  getToken?: () => string | undefined | Promise<string | undefined>;
  /** Rooms to follow from the start, by id, number or slug, or by what is known of them. `['main-chat']` unless given. */
  rooms?: (string | KnownRoom)[];
  /** A room holds at least so many of its newest messages, and at most twice as many. 100 unless given. */
  history?: number;
  /** Milliseconds until an answer counts as lost. 10000 unless given. */
  patience?: number;
  /** What came, was edited or was deleted, in order of `rev`; all of `room.messages` when it was loaded; nothing when
   * `room.error` came. */
  onChange?: (room: Room, changed: readonly Change[]) => void;
  /** At each change of status, and whenever something goes wrong that is not the answer to a call of yours. */
  onStatus?: (status: Status, error?: ChatError) => void;
}

export interface Chat {
  readonly status: Status;
  /** A room that is followed. */
  room(roomId: string): Room | undefined;
  /** Follows a room; gives it when it is up to date. With a larger `history` than before it looks further back. */
  join(room: string, history?: number): Promise<Room>;
  /** Writes go out one after another, over as many connections as it takes. To main-chat unless `roomId` is given. */
  send(text: string, to?: { roomId?: string; clientOffset?: string; characterId?: number }): Promise<Message>;
  edit(messageId: string, text: string): Promise<Message>;
  remove(messageId: string, reason?: string): Promise<void>;
  /** Stops following a room; the membership stays. */
  leave(roomId: string): void;
  /** Any other event of the contract, over as many connections as it takes. Rejects with the server's refusal. */
  request<Answer = { data: unknown }>(event: string, payload?: unknown): Promise<Answer>;
  /** Whatever is still under way rejects with the code `closed`; whether it was stored is not known. */
  close(): void;
}

/** `url` is where the server is, without a path. */
export function connectChat(io: Connect, url: string, options?: Options): Chat;
