// One channel, where nothing is missed for long: lines of the standard input are messages.
//   CHAT_TOKEN=… node --experimental-websocket chat.mjs main-chat        (Node 22 needs no flag)
import { createInterface } from 'node:readline';

const { CHAT_URL = 'http://localhost:5000', CHAT_TOKEN = '' } = process.env;
const [name = 'main-chat'] = process.argv.slice(2);

function fail(message) {
  console.error(`${CHAT_URL}: ${message}`);
  process.exit(1);
}

async function ask(path, body) {
  const headers = { authorization: `Bearer ${CHAT_TOKEN}`, 'content-type': 'application/json' };
  const post = body && { method: 'POST', body: JSON.stringify(body) };
  const answer = await fetch(`${CHAT_URL}/api/chat/${path}`, { headers, ...post });
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.detail);
  return data;
}

const channels = await ask('channels').catch(({ message }) => fail(message));
const channel = channels.find((one) => one.name === name);
if (!channel) fail(`no channel ${name}, there are: ${channels.map((one) => one.name).join(', ')}`);
const messages = `channels/${channel.id}/messages`;

// What is said between connecting and loading comes by both ways: each number is shown once.
let last = 0;
let early; // While the history is loading.
function show({ message_id, username, character_name, content }) {
  if (message_id <= last) return;
  last = message_id;
  console.log(`${character_name ?? username}: ${content}`);
}

function connect() {
  const socket = new WebSocket(`${CHAT_URL.replace('http', 'ws')}/api/chat/ws/${channel.id}?token=${CHAT_TOKEN}`);
  const pings = setInterval(() => socket.readyState === WebSocket.OPEN && socket.send('{"type":"ping"}'), 30_000);
  socket.onopen = async () => {
    early = [];
    try {
      [...await ask(`${messages}?limit=200`), ...early].forEach(show);
      early = undefined;
    } catch {
      socket.close();
    }
  };
  socket.onmessage = ({ data }) => {
    const { type, data: message, detail } = JSON.parse(data);
    if (type === 'new_message') early ? early.push(message) : show(message);
    if (type === 'error') console.log(`* ${detail}`);
  };
  // Of a connection that fails, Node 20 tells the error and no end.
  socket.onclose = socket.onerror = ({ code, reason }) => {
    socket.onclose = socket.onerror = undefined;
    clearInterval(pings);
    if (code === 4001) fail(reason);
    setTimeout(connect, 500);
  };
}
connect();
createInterface({ input: process.stdin }).on('line', (content) => {
  ask(messages, { content }).catch(({ message }) => console.log(`* ${message}`));
});
