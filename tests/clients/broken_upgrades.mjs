// Something on the way lets a WebSocket begin and then breaks it: the client must get by with polling.
import assert from 'node:assert/strict';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';

const { CHAT_URL, CHAT_TOKEN } = process.env;
const { hostname, port } = new URL(CHAT_URL);

const middlebox = net.createServer((client) => {
  const server = net.connect(port, hostname);
  let upgrading = false;
  client.on('data', (bytes) => {
    upgrading ||= /upgrade: websocket/i.test(bytes.toString('latin1'));
    server.write(bytes);
  });
  server.on('data', (bytes) => {
    client.write(bytes);
    if (upgrading) [client, server].forEach((end) => end.destroy());
  });
  for (const [one, other] of [[client, server], [server, client]]) {
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroy());
  }
});
await new Promise((resolve) => middlebox.listen(0, '127.0.0.1', resolve));

const at = `http://127.0.0.1:${middlebox.address().port}/api/community/chat`;
const socket = io(at, { auth: { token: CHAT_TOKEN }, reconnectionDelay: 100, reconnectionDelayMax: 200 });
let answered = 0;
for (const end = Date.now() + 20_000; answered < 20; await sleep(100)) {
  assert(Date.now() < end, `only ${answered} sends were answered`);
  const answer = socket.connected &&
    (await socket.timeout(1000).emitWithAck('send-message', { message: 'by polling' }).catch(() => false));
  answered = answer?.success ? answered + 1 : 0;
}
assert.equal(socket.io.engine.transport.name, 'polling');
socket.disconnect();
middlebox.close();
console.log('ok');
