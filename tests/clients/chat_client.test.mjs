// The module of examples/chat-client, over connections that break.
import assert from 'node:assert/strict';
import { io } from 'socket.io-client';
import { connectChat } from '../../examples/chat-client/chat-client.js';
import {
  connect, newId, ours, oursWithSecret, quietly, room as garden, send, sign, sleep, succeed, unique, url,
  users,
} from './client.mjs';
import { unreliable } from './proxy.mjs';

const [ann, ben, cleo] = users;
const QUICK = { transports: ['websocket'], forceNew: true, reconnectionDelay: 50, reconnectionDelayMax: 200 };
const texts = (messages) => messages.map(({ message }) => message);
const inTime = (body) => (t) =>
  Promise.race([body(t), sleep(30_000, null, { ref: false }).then(() => assert.fail('it hangs'))]);
const story = (name, body) => ours(name, inTime(body));

/** A client of the module, and what a test wants to see of it. */
function follow(t, user, { at = url, transports = ['websocket'], ...options } = {}) {
  const seen = { changes: [], statuses: [], errors: [], asked: [] };
  function connectQuickly(address, given) {
    seen.socket = io(address, { ...QUICK, transports, ...given });
    seen.socket.onAnyOutgoing((event, payload) => seen.asked.push({ event, payload }));
    return seen.socket;
  }
  seen.chat = connectChat(connectQuickly, at, {
    getToken: () => user.token,
    onChange: (room, changed) => seen.changes.push(...changed),
    onStatus(status, error) {
      seen.statuses.push(status);
      if (error) seen.errors.push(error);
    },
    ...options,
  });
  seen.asks = (event) => seen.asked.filter((one) => one.event === event).map(({ payload }) => payload);
  t.after(() => seen.chat.close());
  return seen;
}

/** Following main-chat, or another room, and up to date. */
async function following(t, user, options) {
  const seen = follow(t, user, options);
  seen.room = await seen.chat.join(options?.rooms?.[0] ?? 'main-chat');
  return seen;
}

async function eventually(holds, what) {
  for (const end = Date.now() + 10_000; !(await holds());) {
    assert(Date.now() < end, `never: ${what()}`);
    await sleep(10);
  }
}

async function newestOf(reader, roomId) {
  const { pagination } = await succeed(reader, 'load-messages', { roomId, limit: 1000 });
  const pages = [pagination.totalPages - 1, pagination.totalPages].filter((page) => page > 0);
  const lists = await Promise.all(pages.map((page) => succeed(reader, 'load-messages', { roomId, page, limit: 1000 })));
  return lists.flatMap(({ data }) => data);
}

/** Waits until a client is where the server is, and holds it against a fresh history. */
async function assertUpToDate(t, { chat, room }) {
  const { roomId } = room;
  const reader = await connect(t, ann);
  const { data: { rev } } = await succeed(reader, 'join-room', { roomId });
  const isThere = () => chat.status === 'online' && room.rev === rev;
  await eventually(isThere, () => `${rev}, it is ${chat.status} at ${room.rev}`);
  const fresh = await newestOf(reader, roomId);
  assert.deepEqual(room.messages, fresh.filter(({ seq }) => seq >= room.from));
  reader.disconnect();
}

/** Hands each incoming event to `pass` instead, with a function that lets it in. */
function intercept(socket, pass) {
  const { onevent } = socket;
  socket.onevent = (packet) => pass(packet.data, () => onevent.call(socket, { ...packet, data: [...packet.data] }));
}

/** What is asked next does not reach the server and is answered with this. */
function answerInstead(socket, answer) {
  const { packet } = socket;
  socket.packet = ({ id }) => {
    socket.packet = packet;
    socket.onack({ id, data: [answer] });
  };
}

story('a message whose answer was lost is stored once, and its promise resolves', async (t) => {
  const proxy = await unreliable(t, url);
  const a = await following(t, ann, { at: proxy.url });
  const text = unique();
  proxy.loseNextAnswer();
  const sent = await a.chat.send(text);
  assert.equal(sent.message, text);
  const [first, again] = a.asks('send-message');
  assert.equal(again.clientOffset, first.clientOffset);
  await assertUpToDate(t, a);
  assert.equal(texts(a.room.messages).filter((one) => one === text).length, 1);
  assert.equal(a.changes.filter(({ id }) => id === sent.id).length, 1);
});

story('edits and deletes whose answers were lost are done', async (t) => {
  const proxy = await unreliable(t, url);
  const a = await following(t, ann, { at: proxy.url });
  const { id } = await a.chat.send(unique());
  const text = unique('edited');
  proxy.loseNextAnswer();
  assert.equal((await a.chat.edit(id, text)).message, text);
  assert.equal(a.asks('edit-message').length, 2);
  await assertUpToDate(t, a);
  assert.equal(a.room.messages.at(-1).message, text);
  proxy.loseNextAnswer();
  await a.chat.remove(id);
  assert.equal(a.asks('delete-message').length, 2);
  await assertUpToDate(t, a);
  assert(!a.room.messages.some((message) => message.id === id));
});

story('what is sent while there is no connection is stored once and in order', async (t) => {
  const proxy = await unreliable(t, url);
  const a = await following(t, ann, { at: proxy.url });
  const wanted = Array.from({ length: 20 }, (_, i) => unique(`cut ${i}`));
  const sends = wanted.slice(0, 10).map((text) => a.chat.send(text));
  proxy.down();
  sends.push(...wanted.slice(10).map((text) => a.chat.send(text)));
  await sleep(300);
  assert.notEqual(a.chat.status, 'online');
  proxy.up();
  assert.deepEqual(texts(await Promise.all(sends)), wanted);
  await assertUpToDate(t, a);
  assert.deepEqual(texts(a.room.messages.slice(-20)), wanted);
});

story('after a cut it shows what a fresh history shows', async (t) => {
  const proxy = await unreliable(t, url);
  const b = await following(t, ben, { at: proxy.url });
  const a = await connect(t, ann);
  const [edited, removed] = [await send(a), await send(a)];
  await assertUpToDate(t, b);
  proxy.down();
  await send(a);
  await succeed(a, 'edit-message', { messageId: edited.id, message: unique('edited') });
  await succeed(a, 'delete-message', { messageId: removed.id });
  const gone = await send(a);
  await succeed(a, 'delete-message', { messageId: gone.id });
  const before = b.asks('load-messages').length;
  proxy.up();
  await assertUpToDate(t, b);
  assert.equal(b.asks('load-messages').length, before, 'it loaded the history anew');
  assert.equal(b.asks('sync').length, 0, 'the handshake did not bring it');
});

story('a long absence is caught up with, page by page, over another cut', async (t) => {
  const proxy = await unreliable(t, url);
  const b = await following(t, ben, { at: proxy.url });
  const a = await connect(t, ann);
  proxy.down();
  const missed = await Promise.all(Array.from({ length: 600 }, () => send(a)));
  let pages = 0;
  intercept(b.socket, ([event, page], letIn) => {
    letIn();
    letIn();
    if (event === 'sync' && page.more && pages++ === 0) proxy.cut();
  });
  proxy.up();
  await assertUpToDate(t, b);
  assert.deepEqual(b.changes.slice(-missed.length), missed);
  assert(pages > 0);
  assert.equal(b.asks('sync').length, 0, 'the handshakes did not bring it');
});

story('a gap of many is filled page by page', async (t) => {
  const b = await following(t, ben);
  const a = await connect(t, ann);
  let lost = 0;
  intercept(b.socket, ([event], letIn) => (event === 'message-received' && lost++ < 599 ? null : letIn()));
  const sent = await Promise.all(Array.from({ length: 600 }, () => send(a)));
  await assertUpToDate(t, b);
  assert.deepEqual(b.changes.slice(-sent.length), sent);
});

story('a gap is noticed, asked for once, and filled in order', async (t) => {
  const b = await following(t, ben);
  const a = await connect(t, ann);
  let lost;
  intercept(b.socket, ([event, payload], letIn) => {
    if (event === 'message-received' && !lost) lost = payload;
    else letIn();
  });
  const { onack } = b.socket;
  b.socket.onack = (packet) => setTimeout(() => onack.call(b.socket, packet), 100);
  const before = b.asked.length;
  const sent = [];
  for (let i = 0; i < 20; i += 1) sent.push(await send(a));
  await assertUpToDate(t, b);
  assert.equal(lost.id, sent[0].id);
  assert.deepEqual(b.changes.slice(-20), sent);
  const asked = b.asked.slice(before).map(({ event }) => event);
  assert(asked.includes('sync') && asked.length <= 4, `it asked ${asked}`);
});

story('what happens while it asks is not passed over', async (t) => {
  const b = await following(t, ben);
  const a = await connect(t, ann);
  let lost = 0;
  intercept(b.socket, ([event], letIn) => (event === 'message-received' && lost++ === 0 ? null : letIn()));
  const { onack } = b.socket;
  let letAnswerIn;
  b.socket.onack = (packet) => {
    const isPage = packet.data[0].data?.messages !== undefined;
    if (isPage && !letAnswerIn) letAnswerIn = () => onack.call(b.socket, packet);
    else onack.call(b.socket, packet);
  };
  for (let i = 0; i < 2; i += 1) await send(a);
  await eventually(() => letAnswerIn, () => 'the page');
  await send(a);
  await eventually(() => lost === 3, () => 'the event');
  letAnswerIn();
  await assertUpToDate(t, b);
});

story('an edit and a delete that were not heard are noticed', async (t) => {
  const b = await following(t, ben);
  const a = await connect(t, ann);
  const [edited, removed] = [await send(a), await send(a)];
  intercept(b.socket, ([event], letIn) => event === 'message-received' && letIn());
  await succeed(a, 'edit-message', { messageId: edited.id, message: unique('edited') });
  await succeed(a, 'delete-message', { messageId: removed.id });
  await send(a);
  await assertUpToDate(t, b);
});

story('an event that comes again changes nothing', async (t) => {
  const b = await following(t, ben);
  const a = await connect(t, ann);
  const repeats = [];
  intercept(b.socket, (event, letIn) => {
    repeats.push(letIn);
    letIn();
    letIn();
  });
  const { id } = await send(a);
  await succeed(a, 'edit-message', { messageId: id, message: unique('edited') });
  const removed = await send(a);
  await succeed(a, 'delete-message', { messageId: removed.id });
  await assertUpToDate(t, b);
  const { rev } = b.room;
  for (const letIn of repeats) letIn();
  await quietly();
  assert.equal(b.room.rev, rev);
  await assertUpToDate(t, b);
  assert.deepEqual(b.changes.slice(-4).map((one) => one.rev), [rev - 3, rev - 2, rev - 1, rev]);
  assert.equal(b.asks('sync').length, 0);
});

story('a final refusal rejects with its code, and the next one goes through', async (t) => {
  const a = await following(t, ann);
  const { id } = await send(await connect(t, ben));
  const refused = [a.chat.send('  '), a.chat.edit(id, 'mine now'), a.chat.remove(id), a.chat.join('no-such-room')];
  const [sent, ...refusals] = await Promise.allSettled([a.chat.send(unique()), ...refused]);
  assert(sent.value.id);
  assert.deepEqual(refusals.map(({ reason }) => reason.code), ['empty', 'not_yours', 'not_yours', 'room_not_found']);
  assert(refusals.every(({ reason }) => reason instanceof Error && reason.message !== ''));
  assert.equal(a.asks('send-message').length, 2, 'it tried again');
});

story('a refusal that says when to come back is tried again', async (t) => {
  const a = await following(t, ann);
  answerInstead(a.socket, { success: false, error: 'Away', code: 'database_away', retryIn: 400 });
  const began = Date.now();
  const sent = await Promise.all([a.chat.send(unique('first')), a.chat.send(unique('second'))]);
  assert(Date.now() - began >= 400);
  assert.equal(sent[1].seq, sent[0].seq + 1, 'the second overtook it');
  const [first, again] = a.asks('send-message');
  assert.equal(again.clientOffset, first.clientOffset);
});

story('a connection that says nothing for too long is asked again', async (t) => {
  const proxy = await unreliable(t, url);
  const a = await following(t, ann, { at: proxy.url, patience: 200 });
  proxy.stall();
  const sending = a.chat.send(unique());
  await eventually(() => a.asks('send-message').length >= 3, () => 'three tries');
  proxy.flow();
  const sent = await sending;
  await assertUpToDate(t, a);
  assert.equal(a.room.messages.filter(({ clientOffset }) => clientOffset === sent.clientOffset).length, 1);
});

story('other rooms are followed on after a cut', async (t) => {
  if (!garden) return t.skip('CHAT_ROOM names no room');
  const proxy = await unreliable(t, url);
  const b = await following(t, ben, { at: proxy.url, rooms: [garden, 'main-chat'] });
  const a = await following(t, ann, { rooms: [garden] });
  const { roomId } = a.room;
  assert.equal(b.room.roomId, roomId);
  await a.chat.send(unique('before'), { roomId });
  proxy.down();
  await a.chat.send(unique('meanwhile'), { roomId });
  proxy.up();
  await assertUpToDate(t, b);
  const after = await a.chat.send(unique('after'), { roomId });
  await eventually(() => b.room.messages.at(-1).id === after.id, () => 'the room is heard');
  await assertUpToDate(t, { ...b, room: await b.chat.join('main-chat') });
});

story('a room of another history is loaded anew', async (t) => {
  const proxy = await unreliable(t, url);
  const b = await following(t, ben, { at: proxy.url });
  await send(await connect(t, ann));
  await assertUpToDate(t, b);
  proxy.cut();
  Object.assign(b.room, { epoch: newId(), messages: b.room.messages.slice(0, 1) });
  await eventually(() => b.chat.status === 'online' && b.room.messages.length > 1, () => 'loaded anew');
  await assertUpToDate(t, b);
});

story('it holds the newest messages, and more when it is asked', async (t) => {
  const a = await connect(t, ann);
  const sent = [];
  while (sent.length < 30) sent.push(await send(a));
  const b = await following(t, ben, { history: 5 });
  assert.equal(b.room.messages.length, 5);
  await succeed(a, 'edit-message', { messageId: sent[0].id, message: unique('out of sight') });
  await assertUpToDate(t, b);
  for (let i = 0; i < 10; i += 1) await send(a);
  await assertUpToDate(t, b);
  assert.equal(b.room.messages.length, 10);
  await b.chat.join('main-chat', 50);
  const shown = new Set(b.room.messages.map(({ id }) => id));
  assert(sent.every(({ id }) => shown.has(id)));
  await assertUpToDate(t, b);
});

story('it comes back when the server said', async (t) => {
  const proxy = await unreliable(t, url);
  const a = await following(t, ann, { at: proxy.url });
  for (const event of ['server-restart', 'connection-closed']) {
    a.socket.onevent({ data: [event, { code: 'restarting', retryIn: 600 }] });
    proxy.cut();
    await eventually(() => a.chat.status === 'offline', () => 'offline');
    const left = Date.now();
    const sent = await a.chat.send(unique());
    const away = Date.now() - left;
    assert(away >= 550 && away < 3000, `${away} ms`);
    await eventually(() => a.room.messages.at(-1).id === sent.id, () => 'heard');
  }
  a.socket.ondisconnect();
  await a.chat.send(unique());
  await assertUpToDate(t, a);
});

story('who is nobody all at once says who he is, and tries again', async (t) => {
  let tokens = 0;
  const a = await following(t, ann, { getToken: () => (tokens += 1) && ann.token });
  answerInstead(a.socket, { success: false, error: 'User not authenticated', code: 'not_authenticated' });
  assert.equal((await a.chat.send(unique())).user_id, ann.id);
  assert.equal(tokens, 2);
});

story('who may not connect is told why', async (t) => {
  const a = follow(t, ann, { getToken: () => 'no token' });
  await eventually(() => a.errors.length > 0, () => 'an error');
  assert.deepEqual([a.errors[0].code, a.errors[0].message], ['invalid_token', 'Unauthorized - Invalid token']);
});

oursWithSecret('a token that ends is renewed, and nothing is refused meanwhile', inTime(async (t) => {
  const rooms = [garden ?? 'main-chat'];
  const tokensOf = ({ id: userId }) => [sign({ userId }, { expiresIn: '2s' }), sign({ userId })];
  const [given, givenToo] = [tokensOf(ann), tokensOf(ben)];
  const writer = await following(t, ann, { rooms, getToken: async () => given.shift() });
  const reader = await following(t, ben, { rooms, getToken: () => givenToo.shift() });
  const { roomId } = writer.room;
  for (const end = Date.now() + 4000; Date.now() < end; await sleep(20)) await writer.chat.send(unique(), { roomId });
  assert.deepEqual([given, givenToo], [[], []]);
  await assertUpToDate(t, reader);
  const last = await writer.chat.send(unique(), { roomId });
  await eventually(() => reader.room.messages.at(-1).id === last.id, () => 'the room is heard again');
}));

story('what is closed says so', async (t) => {
  const proxy = await unreliable(t, url);
  const a = await following(t, ann, { at: proxy.url });
  proxy.down();
  const sending = a.chat.send(unique());
  a.chat.close();
  await assert.rejects(sending, { code: 'closed' });
  assert.equal(a.chat.status, 'offline');
  const b = follow(t, ben, { at: proxy.url });
  b.chat.close();
  proxy.up();
  await quietly();
  assert.equal(a.socket.connected, false);
  assert.deepEqual(b.errors, []);
  const c = follow(t, cleo, { rooms: [] });
  const joining = c.chat.join('main-chat');
  c.socket.onAnyOutgoing(() => c.asks('join-room').length === 2 && queueMicrotask(c.chat.close));
  await assert.rejects(joining, { code: 'closed' }, 'in the middle of the room');
});

/** The same numbers each time. */
function dice(seed) {
  return (sides) => {
    seed = (seed * 1664525 + 1013904223) % 4294967296;
    return Math.floor((seed / 4294967296) * sides);
  };
}

story('three clients, 200 random operations, random cuts: all show the same', async (t) => {
  const roll = dice(7);
  const before = await send(await connect(t, ann));
  let lossy = true;
  const clients = [];
  for (const [at, user] of [ann, ben, cleo].entries()) {
    const proxy = await unreliable(t, url);
    const transports = at === 2 ? ['polling'] : ['websocket'];
    const client = await following(t, user, { at: proxy.url, transports, history: 400, patience: 1000 });
    intercept(client.socket, ([event], letIn) => {
      if (!lossy || !event.startsWith('message-') || roll(20) > 0) letIn();
    });
    clients.push({ ...client, proxy, mine: [], sends: [] });
  }
  const changes = [];
  for (let i = 0; i < 200; i += 1) {
    const { chat, proxy, mine, sends } = clients[roll(3)];
    const what = roll(10);
    if (what < 6 || mine.length === 0) {
      sends.push(chat.send(unique(`random ${i}`)));
      sends.at(-1).then(({ id }) => mine.push(id));
    } else if (what < 8) changes.push(chat.edit(mine[roll(mine.length)], unique(`edited ${i}`)));
    else changes.push(chat.remove(mine.splice(roll(mine.length), 1)[0]));
    if (roll(8) === 0) [proxy.cut, proxy.loseNextAnswer][roll(2)]();
    if (roll(3) === 0) await sleep(roll(60));
  }
  await Promise.all(changes);
  const sent = await Promise.all(clients.map(({ sends }) => Promise.all(sends)));
  lossy = false;
  const last = await send(await connect(t, ann));
  for (const client of clients) await assertUpToDate(t, client);
  assert.equal(last.seq - before.seq - 1, sent.flat().length, 'something was stored twice, or not at all');
  for (const messages of sent) {
    assert(messages.every(({ seq }, at) => at === 0 || seq > messages[at - 1].seq), 'out of order');
  }
  for (const { mine, room } of clients) {
    const shown = new Set(room.messages.map(({ id }) => id));
    assert(mine.every((id) => shown.has(id)), 'a message is not shown');
  }
});
