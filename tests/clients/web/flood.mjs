// Many messages: before a page looks, and while it does.
import { io } from 'socket.io-client';
import { CHAT_URL } from './page.mjs';

const WINDOW = 400;
const TEXTS = [
  'Yes.', 'The train is late again, I will be there by nine.', 'Who has the key?',
  'I read it twice and still do not know what the second paragraph wants from us. Could somebody who was there say what was meant by it?',
  'Thank you!', 'See https://example.org/minutes for the rest', 'Two lines\nare better than one',
];
export const textOf = (number) => `${number} ${TEXTS[number % TEXTS.length]}`;

export async function connect(token) {
  const socket = io(`${CHAT_URL}/api/community/chat`, { auth: { token }, transports: ['websocket'], forceNew: true });
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

async function send(socket, roomId, message) {
  const answer = await socket.emitWithAck('send-message', { roomId, message });
  if (!answer.success) throw new Error(answer.error);
}

/** `people` in turns, in order. */
export async function fill(people, roomId, count) {
  const sockets = await Promise.all(people.map(({ token }) => connect(token)));
  for (let from = 1; from <= count; from += WINDOW) {
    const numbers = Array.from({ length: Math.min(WINDOW, count - from + 1) }, (_, at) => from + at);
    // Who speaks goes on for a while.
    const socket = sockets[Math.floor(from / WINDOW) % sockets.length];
    await Promise.all(numbers.map((number) => send(socket, roomId, textOf(number))));
  }
  for (const socket of sockets) socket.close();
}

/** So many a second, for so long. */
export async function pour(people, roomId, perSecond, seconds) {
  const sockets = await Promise.all(people.map(({ token }) => connect(token)));
  const [began, all] = [Date.now(), perSecond * seconds];
  const answers = [];
  for (let sent = 0; sent < all;) {
    const due = Math.min(all, Math.floor(((Date.now() - began) / 1000) * perSecond));
    for (; sent < due; sent += 1) answers.push(send(sockets[sent % sockets.length], roomId, textOf(sent)));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await Promise.all(answers);
  for (const socket of sockets) socket.close();
}
