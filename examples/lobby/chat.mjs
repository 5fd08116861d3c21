// Pick a name, pick a room, talk: lines of the standard input are messages.
//   node --experimental-websocket chat.mjs Zoe 1        (Node 22 needs no flag)
// A token in CHAT_TOKEN speaks for an account; else guests must be allowed (ALLOW_GUESTS=true).
import { createInterface } from 'node:readline';

const { CHAT_URL = 'http://localhost:5000', CHAT_TOKEN } = process.env;
const [username = '', room = '1'] = process.argv.slice(2);
const socket = new WebSocket(`${CHAT_URL.replace('http', 'ws')}/ws/chat/${room}`);

const say = {
  connected: ({ username }) => console.log(`you are ${username}`),
  message: ({ username, content }) => console.log(`${username}: ${content}`),
  system: ({ content }) => console.log(`* ${content}`),
  users_list: ({ users, count }) => console.log(`* ${count} here: ${users.join(', ')}`),
  room_deleted: ({ message }) => console.log(`* ${message}`),
  error: ({ content }) => console.error(content),
};
socket.onopen = () => socket.send(JSON.stringify(CHAT_TOKEN ? { token: CHAT_TOKEN } : { username }));
socket.onmessage = ({ data }) => {
  const frame = JSON.parse(data);
  say[frame.type]?.(frame);
};
socket.onclose = ({ code, reason }) => {
  console.error(`closed: ${code} ${reason}`);
  process.exit(1);
};
socket.onerror = () => {
  console.error(`${CHAT_URL} cannot be reached`);
  process.exit(1);
};
createInterface({ input: process.stdin }).on('line', (content) => socket.send(JSON.stringify({ content })));
