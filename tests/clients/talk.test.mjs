import assert from 'node:assert/strict';
import test from 'node:test';
import {
  ISO, ask, assertMessage, assertRefused, connect, hear, newest, open, ours, plain, quietly,
  refused, send, sleep, succeed, told, unique, users,
} from './client.mjs';

const [ann, ben, cleo] = users;
const EDGES = [
  '\t', '\n', '\v', '\f', '\r', ' ', '\u00a0', '\u1680', '\u2000', '\u200a', '\u2028', '\u2029',
  '\u202f', '\u205f', '\u3000', '\ufeff',
];
const KEPT = ['\u0085', '\u180e', '\u200b'];
const byId = (id) => (payload) => payload.id === id;

function heardByTheAck(socket, event, payload) {
  return new Promise((resolve) => {
    socket.emit(event, payload, (answer) => resolve({ answer, heard: [...socket.heard] }));
  });
}

test('a message reaches everyone, the sender too, the same as in the ack and before it', async (t) => {
  const a = await connect(t, ann);
  const b = await connect(t, ben);
  const reader = await connect(t);
  const text = unique();
  const { answer, heard } = await heardByTheAck(a, 'send-message', { message: text });
  assert.deepEqual(Object.keys(answer), ['success', 'data', 'message']);
  assert.equal(answer.message, 'Message sent successfully');
  assertMessage(answer.data, ann);
  assert.equal(answer.data.message, text);
  assert.equal(answer.data.edited_at, null);
  const before = heard.find(({ event, payload }) =>
    event === 'message-received' && payload.id === answer.data.id);
  assert(before, 'the broadcast came after the ack');
  assert.deepEqual(before.payload, answer.data);
  for (const socket of [b, reader]) {
    assert.deepEqual(await hear(socket, 'message-received', byId(answer.data.id)), answer.data);
  }
  await quietly();
  for (const socket of [a, b, reader]) {
    assert.equal(told(socket, 'message-received', byId(answer.data.id)).length, 1);
  }
});

test('an edit reaches everyone before its ack and stays in its place', async (t) => {
  const a = await connect(t, ann);
  const b = await connect(t, ben);
  const first = await send(a);
  const later = await send(a);
  const text = unique('edited');
  const { answer, heard } = await heardByTheAck(a, 'edit-message', { messageId: first.id, message: text });
  assert.deepEqual(Object.keys(answer), ['success', 'data', 'message']);
  assert.equal(answer.message, 'Message updated successfully');
  assertMessage(answer.data, ann);
  assert.equal(answer.data.message, text);
  assert.match(answer.data.edited_at, ISO);
  assert.equal(answer.data.created_at, first.created_at);
  assert(heard.some(({ event, payload }) => event === 'message-edited' && payload.id === first.id));
  assert.deepEqual(await hear(b, 'message-edited', byId(first.id)), answer.data);
  const list = await newest(b);
  const at = list.findIndex(byId(first.id));
  assert.deepEqual(list[at], answer.data);
  assert(at < list.findIndex(byId(later.id)));
  if (!plain) {
    assert.equal(answer.data.seq, first.seq);
    assert(answer.data.rev > later.rev);
  }
});

test('a delete reaches everyone before its ack and leaves the lists', async (t) => {
  const a = await connect(t, ann);
  const b = await connect(t, ben);
  const { id } = await send(a);
  const { answer, heard } = await heardByTheAck(a, 'delete-message', { messageId: id });
  assert.deepEqual(answer, { success: true, message: 'Message deleted successfully' });
  assert(heard.some(({ event, payload }) => event === 'message-deleted' && payload.id === id));
  const notice = await hear(b, 'message-deleted', byId(id));
  assert.deepEqual(Object.keys(notice), plain ? ['id', 'is_deleted'] : ['id', 'is_deleted', 'room_id', 'rev']);
  assert.equal(notice.is_deleted, true);
  assert(!(await newest(b)).some(byId(id)));
});

test('deleting twice succeeds, editing what is deleted does not', async (t) => {
  const a = await connect(t, ann);
  const { id } = await send(a);
  await succeed(a, 'delete-message', { messageId: id });
  await succeed(a, 'delete-message', { messageId: id });
  await refused(a, 'edit-message', { messageId: id, message: 'again' }, 'Message not found');
});

test('ids are taken in upper case', async (t) => {
  const a = await connect(t, ann);
  const { id } = await send(a);
  const { data } = await succeed(a, 'edit-message', { messageId: id.toUpperCase(), message: unique() });
  assert.equal(data.id, id);
  await succeed(a, 'delete-message', { messageId: id.toUpperCase() });
});

test('texts are trimmed as JavaScript trims', async (t) => {
  const a = await connect(t, ann);
  const edges = EDGES.join('');
  const text = unique();
  assert.equal((await send(a, edges + text + edges)).message, text);
  for (const blank of ['', edges, ...EDGES]) {
    await refused(a, 'send-message', { message: blank }, 'Message cannot be empty');
  }
  for (const kept of KEPT) {
    assert.equal((await send(a, kept)).message, kept);
    assert.equal((await send(a, kept + text + kept)).message, kept + text + kept);
  }
  const { id } = await send(a);
  const edited = await succeed(a, 'edit-message', { messageId: id, message: edges + text + edges });
  assert.equal(edited.data.message, text);
});

test('the inside of a text is stored as it came', async (t) => {
  const a = await connect(t, ann);
  const text = `${unique()}\r\n\t<b>&amp;</b> \\ " ' \u0001 e\u0301 é 👩‍👩‍👧 \u202e مرحبا $1 %s \ufeff.`;
  const sent = await send(a, text);
  assert.equal(sent.message, text);
  assert.equal((await newest(a)).find(byId(sent.id)).message, text);
});

test('the length is counted in UTF-16 units of the untrimmed text', async (t) => {
  const a = await connect(t, ann);
  const tooLong = 'Message is too long (max 5000 characters)';
  assert.equal((await send(a, 'x'.repeat(5000))).message.length, 5000);
  assert.equal((await send(a, '😀'.repeat(2500))).message.length, 5000);
  assert.equal((await send(a, `${'x'.repeat(4998)}  `)).message.length, 4998);
  for (const message of ['x'.repeat(5001), `${'😀'.repeat(2500)}x`, `${'x'.repeat(4999)}  `]) {
    await refused(a, 'send-message', { message }, tooLong);
  }
  const { id } = await send(a);
  await refused(a, 'edit-message', { messageId: id, message: 'x'.repeat(5001) }, tooLong);
});

ours('NUL is refused', async (t) => {
  const a = await connect(t, ann);
  const { id } = await send(a);
  await refused(a, 'send-message', { message: `${unique()}\0` }, 'Failed to send message');
  await refused(a, 'edit-message', { messageId: id, message: 'a\0b' }, 'Failed to edit message');
});

test('a lone surrogate is refused or replaced', async (t) => {
  const a = await connect(t, ann);
  const before = unique();
  const answer = await ask(a, 'send-message', { message: `${before}\ud800.` });
  if (answer.success) assert.equal(answer.data.message, `${before}\ufffd.`);
  else assertRefused(answer, 'Failed to send message');
  await send(a);
});

test('every event works without a callback', async (t) => {
  const a = await connect(t, ann);
  const b = await connect(t, ben);
  const text = unique();
  a.emit('load-messages');
  a.emit('load-messages', {});
  a.emit('authenticate-user', null);
  a.emit('typing', { isTyping: true });
  a.emit('send-message', { message: text });
  const { id } = await hear(b, 'message-received', ({ message }) => message === text);
  a.emit('edit-message', { messageId: id, message: `${text} edited` });
  await hear(b, 'message-edited', byId(id));
  a.emit('delete-message', { messageId: id });
  await hear(b, 'message-deleted', byId(id));
  a.emit('send-message');
  a.emit('edit-message', null);
  a.emit('delete-message', 5);
  a.emit('typing');
  await send(a);
});

test('typing is told to every connection but the one that types', async (t) => {
  const a = await connect(t, ann);
  const elsewhere = await connect(t, ann);
  const b = await connect(t, ben);
  for (const isTyping of [true, false]) {
    assert.deepEqual(await ask(a, 'typing', { isTyping }), { success: true });
    const mine = (payload) => payload.userId === ann.id && payload.isTyping === isTyping;
    for (const socket of [elsewhere, b]) {
      const notice = await hear(socket, 'user-typing', mine);
      assert.deepEqual(Object.keys(notice).slice(0, 3), ['userId', 'isTyping', 'user']);
      assert.deepEqual(notice.user, { id: ann.id, userid: ann.userid, name: ann.name });
      if (!plain) assert.equal(typeof notice.roomId, 'string');
    }
  }
  await quietly();
  assert.deepEqual(told(a, 'user-typing', ({ userId }) => userId === ann.id), []);
});

ours('a typing flag that is not renewed ends after ten seconds', async (t) => {
  const a = await connect(t, cleo);
  const b = await connect(t, ben);
  await succeed(a, 'typing', { isTyping: true });
  const start = Date.now();
  await hear(b, 'user-typing', ({ userId, isTyping }) => userId === cleo.id && !isTyping, 13_000);
  const lasted = Date.now() - start;
  assert(lasted > 8500 && lasted < 12_500, `ended after ${lasted} ms`);
});

ours('a typing flag ends with its connection', async (t) => {
  const a = await connect(t, cleo);
  const b = await connect(t, ben);
  await succeed(a, 'typing', { isTyping: true });
  await hear(b, 'user-typing', ({ userId, isTyping }) => userId === cleo.id && isTyping);
  a.disconnect();
  await hear(b, 'user-typing', ({ userId, isTyping }) => userId === cleo.id && !isTyping);
});

const assertNotice = (notice, message) => {
  assert.deepEqual(Object.keys(notice), ['message', 'timestamp']);
  assert.equal(notice.message, message);
  assert.match(notice.timestamp, ISO);
};

test('joining is told to everyone and to the one who joins, leaving to those who stay', async (t) => {
  const a = await connect(t, ann);
  assertNotice(await hear(a, 'user-joined'), 'A user has joined the chat');
  await sleep(200);
  a.heard.length = 0;
  const b = await connect(t);
  assertNotice(await hear(b, 'user-joined'), 'A user has joined the chat');
  await hear(a, 'user-joined');
  b.disconnect();
  assertNotice(await hear(a, 'user-left'), 'A user has left the chat');
});

ours('notices of many who join at once are merged', async (t) => {
  await sleep(1100);
  const a = await connect(t, ann);
  await hear(a, 'user-joined');
  a.heard.length = 0;
  const start = Date.now();
  const many = await Promise.all(Array.from({ length: 60 }, () => connect(t)));
  await Promise.all(many.map((socket) => hear(socket, 'user-joined')));
  await sleep(500);
  const most = 20 * Math.ceil((Date.now() - start) / 1000 + 1);
  const { length } = told(a, 'user-joined');
  assert(length >= 1 && length <= most && length < 60, `${length} notices for 60 joins`);
});

ours('what one connection sends is handled in the order it was sent', async (t) => {
  const a = await connect(t, ann);
  const b = await connect(t, ben);
  const texts = Array.from({ length: 40 }, (_, i) => unique(`${i}`));
  const sent = await Promise.all(texts.map((text) => send(a, text)));
  assert.deepEqual(sent.map(({ seq }) => seq), sent.map((_, i) => sent[0].seq + i));
  await hear(b, 'message-received', byId(sent.at(-1).id));
  const order = told(b, 'message-received', ({ message }) => texts.includes(message));
  assert.deepEqual(order.map(({ message }) => message), texts);
});

test('a client with retries on never stalls', async (t) => {
  const a = open(t, { user: ann, retries: 2, ackTimeout: 2000 });
  const b = await connect(t, ben);
  const text = unique();
  a.emit('typing', { isTyping: true });
  a.emit('typing', { isTyping: false });
  a.emit('send-message', { message: text });
  await hear(b, 'message-received', ({ message }) => message === text);
  await quietly();
  assert.equal(told(b, 'message-received', ({ message }) => message === text).length, 1);
});
