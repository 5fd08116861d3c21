// A room by name, where nothing is missed: lines of the standard input are messages.
//   node --experimental-websocket chat.mjs general        (Node 22 needs no flag)
// A token in CHAT_TOKEN speaks for an account; else guests must be allowed (ALLOW_GUESTS=true).
import { createInterface } from 'node:readline';

const { CHAT_URL = 'http://localhost:5000', CHAT_TOKEN } = process.env;
const [room = 'general'] = process.argv.slice(2);
const url = `${CHAT_URL.replace('http', 'ws')}/ws${CHAT_TOKEN ? `?token=${CHAT_TOKEN}` : ''}`;
const unsent = new Map(); // By a key of ours, until the message comes back with it.
let last; // The highest number that was seen.
let socket;
let came = false; // Whether the server was ever there.

const send = (frame) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(frame));
const say = (id, content) => send({ type: 'message', data: { room, content, id } });

function show({ user, content, sequence, clientId }) {
  unsent.delete(clientId);
  if (user === 'system') console.log(`* ${content}`);
  else if (sequence > (last ?? 0)) console.log(`${(last = sequence)} ${user}: ${content}`);
}
const heard = {
  message: show,
  history: ({ messages }) => messages.forEach(show),
  presence: ({ users }) => console.log(`* here: ${users.map(({ user }) => user).join(', ')}`),
  error: ({ message }) => console.error(message),
};
function connect() {
  socket = new WebSocket(url);
  socket.onmessage = ({ data }) => {
    const frame = JSON.parse(data);
    heard[frame.type]?.(frame.data);
  };
  // Whoever has no token becomes a guest by what they do first, or is refused.
  socket.onopen = () => {
    came = true;
    send({ type: 'join', room, since: last });
    unsent.forEach((content, id) => say(id, content));
  };
  // Of a connection that fails, Node 20 tells the error and no end.
  socket.onclose = socket.onerror = ({ code }) => {
    socket.onclose = socket.onerror = undefined;
    if (!came) console.error(`${CHAT_URL} cannot be reached`);
    if (!came || code === 4001) process.exit(1);
    setTimeout(connect, 500);
  };
}
connect();
createInterface({ input: process.stdin }).on('line', (content) => {
  const id = crypto.randomUUID();
  unsent.set(id, content);
  say(id, content);
});
