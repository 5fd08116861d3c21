import assert from 'node:assert/strict';
import test from 'node:test';
import ioV2 from 'socket.io-client-v2';
import { io as ioV3 } from 'socket.io-client-v3';
import {
  CHAT, ask, assertMessage, authOf, connect, connected, eio3, get, hear, send, succeed, told,
  unique, url, users,
} from './client.mjs';

const [ann, ben] = users;
const EVENTS = ['message-received', 'message-edited', 'message-deleted', 'user-joined', 'user-typing'];
const CLIENTS = [
  { name: 'v3', io: ioV3, skip: false },
  { name: 'v2', io: ioV2, skip: !eio3 && 'needs a server with ALLOW_EIO3' },
];

async function connectOld(t, io, transports) {
  const socket = io(url + CHAT, { transports, forceNew: true, reconnection: false });
  socket.heard = [];
  for (const event of EVENTS) socket.on(event, (payload) => socket.heard.push({ event, payload }));
  t.after(() => socket.close());
  await connected(socket);
  return socket;
}

for (const { name, io, skip } of CLIENTS) {
  for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
    test(`a ${name} client talks over ${transports.join(' then ')}`, { skip }, async (t) => {
      const old = await connectOld(t, io, transports);
      const b = await connect(t, ben);
      await hear(old, 'user-joined');
      assert.equal((await ask(old, 'send-message', { message: 'x' })).error, 'User not authenticated');
      const { data } = await succeed(old, 'authenticate-user', authOf(ann));
      assert.equal(data.id, ann.id);

      const sent = await send(old, unique(`${name} 😀 é`));
      assertMessage(sent, ann);
      assert.deepEqual(told(old, 'message-received', ({ id }) => id === sent.id), [sent]);
      assert.deepEqual(await hear(b, 'message-received', ({ id }) => id === sent.id), sent);

      const theirs = await send(b);
      assert.deepEqual(await hear(old, 'message-received', ({ id }) => id === theirs.id), theirs);
      await succeed(old, 'edit-message', { messageId: sent.id, message: unique('edited') });
      await succeed(old, 'delete-message', { messageId: sent.id });
      await hear(old, 'message-deleted', ({ id }) => id === sent.id);
      await succeed(b, 'typing', { isTyping: true });
      await hear(old, 'user-typing', ({ userId }) => userId === ben.id);
      assert((await succeed(old, 'load-messages', { limit: 5 })).data.length > 0);
    });
  }
}

test('a v3 client can say who it is in the handshake', async (t) => {
  const socket = ioV3(url + CHAT, {
    auth: authOf(ann), transports: ['websocket'], forceNew: true, reconnection: false,
  });
  t.after(() => socket.close());
  await connected(socket);
  assert.equal((await send(socket)).user_id, ann.id);
});

test('without ALLOW_EIO3 the old protocol is refused by name', { skip: eio3 && 'ALLOW_EIO3 is on' }, async () => {
  const answer = await get('/socket.io/?EIO=3&transport=polling');
  assert.equal(answer.status, 400);
  assert.deepEqual(await answer.json(), { code: 5, message: 'Unsupported protocol version' });
});
