/** The hooks, and what they stand on: no part of it knows what this client looks like. */
export { Chat, type ChatOptions, type Connection } from './chat';
export { FIRST, type Held, type Pending, RoomFeed, type Upload } from './feed';
export { ChatContext, useChat, useConnection, useNewChat, useObserved, usePresence, useRoom, useSelected, useTyping } from './hooks';
export { mentions } from './mentions';
export { Observable } from './observable';
export { type Attendee, keyOf } from './presence';
export { MOST_UNREAD, type Standing } from './roster';
export type { Typist } from './typing';
