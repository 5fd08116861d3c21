// Never run: `make check` holds the declarations of examples/chat-client against how one uses them.
import { io } from 'socket.io-client';
import {
  connectChat, type Change, type Chat, type ChatError, type Message, type Room, type Status,
} from '../../examples/chat-client/chat-client.js';

const texts: string[] = [];
const show = (change: Change) => texts.push(change.is_deleted ? change.id : `${change.User.name}: ${change.message}`);

const chat: Chat = connectChat(io, 'http://localhost:5000', {
  getToken: async () => undefined,
  rooms: ['main-chat', 'garden'],
  history: 50,
  patience: 5000,
  onChange: (room: Room, changed) => changed.forEach(show),
  onStatus(status: Status, error?: ChatError) {
    if (status === 'offline') texts.push(error?.code ?? status);
  },
});
connectChat(io, 'http://localhost:5000').close();
connectChat((url, options) => io(url, { ...options, transports: ['websocket'] }), 'http://localhost:5000', {
  getToken: () => 'a token',
});

const room: Room = await chat.join('garden', 200);
const sent: Message = await chat.send('Hello', { roomId: room.roomId, clientOffset: 'mine' });
const edited: Message = await chat.edit(sent.id, 'Hello!');
const removed: Promise<void> = chat.remove(edited.id);
const followed: Room | undefined = chat.room(room.roomId);

// @ts-expect-error It may be a deleted one, without a text.
const text = (change: Change) => change.message;
// @ts-expect-error The module alone keeps the list.
room.messages.push(sent);
// @ts-expect-error Nor is the status anybody else's.
chat.status = 'online';
// @ts-expect-error There is no such state.
const away = chat.status === 'away';
// @ts-expect-error A message is a text.
chat.send({ message: 'Hello' });
// @ts-expect-error A room may be one that is not followed.
chat.room('garden').messages;
// @ts-expect-error Misspelt options do nothing.
connectChat(io, 'http://localhost:5000', { token: 'a token' });
// @ts-expect-error It needs `io`.
connectChat('http://localhost:5000');
