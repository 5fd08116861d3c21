import assert from 'node:assert/strict';
import test from 'node:test';
import {
  CHAT, connect, connected, get, hear, open, ours, refusedConnection, send, succeed, total, unique,
  url, users,
} from './client.mjs';

const [ann, ben] = users;
const ENGINE = '/socket.io/?EIO=4';

for (const transports of [['websocket'], ['polling'], ['polling', 'websocket'], ['websocket', 'polling']]) {
  test(`a conversation over ${transports.join(' then ')}`, async (t) => {
    const a = await connect(t, ann, { transports });
    if (transports[0] === 'polling' && transports.length === 2) {
      const { engine } = a.io;
      if (engine.transport.name !== 'websocket') {
        await new Promise((resolve) => engine.once('upgrade', resolve));
      }
      assert.equal(engine.transport.name, 'websocket');
    } else assert.equal(a.io.engine.transport.name, transports[0]);
    const b = await connect(t, ben, { transports });
    const sent = await send(a);
    assert.deepEqual(await hear(b, 'message-received', ({ id }) => id === sent.id), sent);
    const big = await send(b, '😀'.repeat(2500));
    await hear(a, 'message-received', ({ id }) => id === big.id);
    await succeed(a, 'load-messages', { limit: 100 });
  });
}

test('nothing is lost while a client upgrades', async (t) => {
  const b = await connect(t, ben);
  const a = await connect(t, ann, { transports: ['polling', 'websocket'] });
  const texts = Array.from({ length: 30 }, (_, i) => unique(`upgrade ${i}`));
  await Promise.all(texts.map((text) => send(b, text)));
  for (const text of texts) await hear(a, 'message-received', ({ message }) => message === text);
});

test('an unknown namespace is refused by name', async (t) => {
  for (const namespace of ['/no-such-namespace', '/api/community', `${CHAT}/`]) {
    const error = await refusedConnection(open(t, { namespace }));
    assert.equal(error.message, 'Invalid namespace');
  }
});

test('the namespace / accepts connections, beside the chat on one transport', async (t) => {
  const root = await connect(t, null, { namespace: '/' });
  assert(root.connected);
  const chat = root.io.socket(CHAT, { auth: {} });
  t.after(() => chat.disconnect());
  await connected(chat);
  assert(await total(chat) >= 0);
});

test('the open packet and the CONNECT answer are as Node sends them', async () => {
  const opened = await get(`${ENGINE}&transport=polling`);
  assert.equal(opened.status, 200);
  const packet = await opened.text();
  assert.equal(packet[0], '0');
  const { sid, ...rest } = JSON.parse(packet.slice(1));
  assert.deepEqual(rest, {
    upgrades: ['websocket'], pingInterval: 25000, pingTimeout: 20000, maxPayload: 1000000,
  });
  const session = `${url}${ENGINE}&transport=polling&sid=${sid}`;
  const post = async (body) => {
    const answer = await fetch(session, { method: 'POST', body, headers: { 'content-type': 'text/plain' } });
    assert.equal(await answer.text(), 'ok');
  };
  // Pings of the Engine.IO layer come when they come.
  const poll = async () => {
    for (;;) {
      const packets = (await (await fetch(session)).text()).split('\x1e').filter((packet) => packet !== '2');
      if (packets.length > 0) return packets.join('\x1e');
    }
  };
  await post(`40${CHAT},`);
  const [connectAnswer] = (await poll()).split('\x1e');
  assert(connectAnswer.startsWith(`40${CHAT},`), connectAnswer);
  assert.deepEqual(Object.keys(JSON.parse(connectAnswer.slice(`40${CHAT},`.length))), ['sid']);
  await post('40/nope,');
  let seen = '';
  while (!seen.includes('44/nope')) seen += await poll();
  assert(seen.includes('44/nope,{"message":"Invalid namespace"}'), seen);
  await post('1');
});

for (const [what, query, code, message, init] of [
  ['an unknown transport', 'EIO=4&transport=pigeon', 0, 'Transport unknown'],
  ['no transport', 'EIO=4', 0, 'Transport unknown'],
  ['an unknown session', 'EIO=4&transport=polling&sid=nobody', 1, 'Session ID unknown'],
  ['a POST without a session', 'EIO=4&transport=polling', 2, 'Bad handshake method', { method: 'POST', body: '40' }],
  ['a websocket that does not upgrade', 'EIO=4&transport=websocket', 3, 'Bad request'],
]) {
  test(`Engine.IO refuses ${what} with code ${code}`, async () => {
    const answer = await fetch(`${url}/socket.io/?${query}`, init);
    assert.equal(answer.status, 400);
    const body = await answer.json();
    assert.deepEqual(body, { code, message });
  });
}

test('a packet beyond the largest payload ends that connection only', async (t) => {
  const a = await connect(t, ann);
  const b = await connect(t, ben);
  const ended = new Promise((resolve) => a.once('disconnect', resolve));
  a.emit('send-message', { message: 'x'.repeat(1_200_000) });
  await ended;
  await send(b);
});

test('CORS headers stand on polling answers, good and bad', async () => {
  for (const query of ['EIO=4&transport=polling', 'EIO=4&transport=pigeon']) {
    const answer = await get(`/socket.io/?${query}`, { origin: 'http://frontend.example' });
    assert.match(answer.headers.get('access-control-allow-origin') ?? '', /^(\*|http:\/\/frontend\.example)$/);
  }
});

for (const file of ['socket.io.js', 'socket.io.min.js', 'socket.io.esm.min.js', 'socket.io.msgpack.min.js']) {
  test(`the browser client ${file} is served with an ETag`, async () => {
    const first = await get(`/socket.io/${file}`);
    assert.equal(first.status, 200);
    assert.match(first.headers.get('content-type'), /javascript/);
    const etag = first.headers.get('etag');
    assert(etag);
    assert.match(await first.text(), /Socket\.IO/);
    const again = await get(`/socket.io/${file}`, { 'if-none-match': etag });
    assert.equal(again.status, 304);
    assert.equal(await again.text(), '');
    const map = await get(`/socket.io/${file}.map`);
    assert.equal(map.status, 200);
    assert(JSON.parse(await map.text()).mappings);
  });
}

ours('a file that is no bundle is not served', async () => {
  for (const file of ['package.json', '..%2f..%2fetc%2fpasswd', 'socket.io.exe']) {
    const answer = await get(`/socket.io/${file}`);
    assert(answer.status >= 400 && answer.status < 500, `${file}: ${answer.status}`);
  }
});
