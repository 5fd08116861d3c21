import { createContext, useContext, useEffect, useMemo, useSyncExternalStore } from 'react';
import { Chat, type ChatOptions, type Connection } from './chat';
import type { Pending, RoomFeed } from './feed';
import type { Observable } from './observable';

export const ChatContext = createContext<Chat | undefined>(undefined);

/** The chat of the provider above. */
export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (!chat) throw new Error('useChat needs a <ChatContext value={chat}> above it');
  return chat;
}

/** Reads it anew whenever it changes. */
export function useObserved<Store extends Observable>(store: Store): Store {
  useSyncExternalStore(store.subscribe, store.read);
  return store;
}

/** One value of it: renders only when that differs. */
export function useSelected<Store extends Observable, Value>(store: Store, select: (store: Store) => Value): Value {
  return useSyncExternalStore(store.subscribe, () => select(store));
}

/** A chat for as long as the component is there. Another `key` begins another one. */
export function useNewChat(key: string, options: () => ChatOptions): Chat | undefined {
  const store = useMemo(() => new Holder(key), [key]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the options are read once for each key.
  useEffect(() => store.open(options()), [store]);
  return useSyncExternalStore(store.subscribe, store.read);
}

class Holder {
  #chat: Chat | undefined;
  #listener: (() => void) | undefined;
  constructor(readonly key: string) {}

  subscribe = (listener: () => void) => {
    this.#listener = listener;
    return () => {
      this.#listener = undefined;
    };
  };
  read = () => this.#chat;
  open(options: ChatOptions) {
    const chat = new Chat(options);
    this.#chat = chat;
    this.#listener?.();
    return () => {
      chat.close();
      this.#chat = undefined;
      this.#listener?.();
    };
  }
}

/** How the connection is: `connecting`, `catching-up`, `online` or `offline`. */
export function useConnection(): Connection {
  return useObserved(useChat().connection);
}

export interface RoomView {
  /** Changes with each change: the messages are the same array while nothing was put in above. */
  version: number;
  feed: RoomFeed;
  messages: RoomFeed['messages'];
  pending: RoomFeed['pending'];
  state: RoomFeed['state'];
  hasOlder: boolean;
  send(text: string, more?: Pick<Pending, 'character' | 'upload'>): void;
}

/** A room, followed: its messages, what is on its way, and words to send, edit, remove, look back. */
export function useRoom(roomId: string): RoomView {
  const chat = useChat();
  useEffect(() => void chat.open(roomId), [chat, roomId]);
  const feed = useObserved(chat.feed(roomId));
  const { messages, pending, state, version, from } = feed;
  const send = useMemo(() => (text: string, more: Pick<Pending, 'character' | 'upload'> = {}) => {
    chat.typing(roomId).stopped();
    const clientOffset = crypto.getRandomValues(new Uint32Array(4)).join('-');
    feed.send({ ...more, clientOffset, text, at: Date.now(), state: 'sending' });
  }, [chat, feed, roomId]);
  return { version, feed, messages, pending, state, hasOlder: from > 0, send };
}

/** Who of a room is here; watched while a component asks. */
export function usePresence(roomId: string) {
  const presence = useChat().presence(roomId);
  useEffect(() => presence.watch(), [presence]);
  return useObserved(presence);
}

/** Who else types, and the word to call at each key. */
export function useTyping(roomId: string) {
  return useObserved(useChat().typing(roomId));
}
