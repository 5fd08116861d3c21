// A room where nothing is missed: lines of the standard input are messages.
//   npm install socket.io-client && CHAT_TOKEN=… node chat.mjs main-chat
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { io } from 'socket.io-client';

const { CHAT_URL = 'http://localhost:5000', CHAT_TOKEN } = process.env;
const [roomId = 'main-chat'] = process.argv.slice(2);
// What is not answered is sent again, by the same clientOffset: it is stored once.
const socket = io(CHAT_URL, { auth: { token: CHAT_TOKEN }, ackTimeout: 5000, retries: 10 });
let known = {}; // How far this has read: `rev` and `epoch`.
let isIn = false;

function show({ message, user }) {
  if (isIn) known.rev = message.rev;
  if (!message.isDeleted) console.log(`${message.seq} ${user.username}: ${message.content}`);
}

async function enter() {
  const { success, data, error, retryIn } = await socket.emitWithAck('join-room', { roomId, ...known });
  if (!success) {
    console.error(error);
    if (retryIn === undefined) process.exit(1); // Nothing that passes.
    return;
  }
  if (!known.rev) console.log(`* in ${data.room.name}: ${data.users.map(({ username }) => username).join(', ')}`);
  data.messages.forEach(show);
  known = { rev: data.rev, epoch: data.epoch };
  isIn = !data.more;
  return data.more && enter();
}

socket.on('connect', enter);
socket.on('disconnect', () => { isIn = false; });
socket.on('message-received', show);
socket.on('message-edited', show);
socket.on('message-deleted', ({ rev }) => { known.rev = rev; });
socket.on('user-joined', ({ user }) => console.log(`* ${user.username} joined`));
for (const event of ['connect_error', 'unauthorized']) {
  socket.on(event, ({ message }) => {
    console.error(message);
    if (message === 'Unauthorized') process.exit(1);
  });
}
createInterface({ input: process.stdin }).on('line', async (content) => {
  const answer = await socket.emitWithAck('send-message', { roomId, content, clientOffset: randomUUID() });
  if (!answer.success) console.error(answer.error);
});
