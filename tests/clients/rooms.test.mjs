// The rooms dialect with the real client: Socket.IO at `/`.
import assert from 'node:assert/strict';
import {
  CHAT, ISO, connect, connected, hear, newId, open, ours, quietly, refusedConnection, told, unique, url, users,
} from './client.mjs';

const [ann, ben] = users;
const ask = (socket, event, payload) => socket.timeout(10_000).emitWithAck(event, payload);
const ofRoom = (roomId) => (payload) => payload.roomId === roomId || payload.message?.roomId === roomId;

const rest = async (user, method, path, body) => {
  const headers = { authorization: `Bearer ${user.token}`, 'content-type': 'application/json' };
  const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
  assert(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.json();
};

const makeRoom = async () => (await rest(ann, 'POST', '/api/rooms', { name: unique('Room') })).id;

const comes = (t, user, options) => connect(t, null, { namespace: '/', auth: { token: user.token }, ...options });

async function succeed(socket, event, payload) {
  const answer = await ask(socket, event, payload);
  assert.equal(answer.success, true, JSON.stringify(answer));
  return answer.data;
}

ours('two join a room, talk, type, and one goes', async (t) => {
  const roomId = await makeRoom();
  const [a, b] = [await comes(t, ann), await comes(t, ben, { transports: ['polling', 'websocket'] })];
  assert.equal((await succeed(a, 'join-room', { roomId, userId: ann.id })).room.me.role, 'owner');
  await succeed(b, 'join-room', { roomId, userId: ben.id });
  assert.equal((await hear(a, 'user-joined', ofRoom(roomId))).user.username, ben.userid);
  const data = await succeed(b, 'send-message', { roomId, content: 'Hello', type: 'text' });
  const heard = await hear(a, 'message-received', ofRoom(roomId));
  assert.deepEqual(heard.message, data.message);
  assert.deepEqual([heard.message.content, heard.message.userId, heard.user.id], ['Hello', ben.id, ben.id]);
  assert.match(heard.message.createdAt, ISO);
  b.emit('typing-start', { roomId, userId: ben.id });
  const typing = await hear(a, 'typing-indicator', ofRoom(roomId));
  assert.deepEqual(typing, { userId: ben.id, roomId, isTyping: true });
  b.disconnect();
  assert.deepEqual(await hear(a, 'user-left', ofRoom(roomId)), { userId: ben.id, roomId });
});

ours('a bad token is a connect_error, and none may connect and do nothing', async (t) => {
  const refused = open(t, { namespace: '/', auth: { token: 'forged' } });
  const error = await refusedConnection(refused);
  assert.deepEqual([error.message, error.data], ['Unauthorized', { code: 'invalid_token' }]);
  refused.auth = { token: ann.token };
  refused.connect();
  await connected(refused);
  const nobody = open(t, { namespace: '/', auth: {} });
  const answer = await ask(nobody, 'join-room', { roomId: 'main-chat', userId: ann.id });
  assert.deepEqual([answer.success, answer.error], [false, 'Unauthorized']);
  nobody.emit('send-message', { roomId: 'main-chat', content: 'Hi' });
  assert.equal((await hear(nobody, 'event-refused')).event, 'send-message');
});

ours('who comes back asks for what was missed', async (t) => {
  const roomId = await makeRoom();
  const [a, b] = [await comes(t, ann), await comes(t, ben)];
  await succeed(a, 'join-room', { roomId });
  const { rev, epoch } = await succeed(b, 'join-room', { roomId });
  const kept = (await succeed(a, 'send-message', { roomId, content: 'first' })).message;
  await hear(b, 'message-received', ofRoom(roomId));
  b.disconnect();
  await succeed(a, 'edit-message', { messageId: kept.id, content: 'first, changed' });
  await succeed(a, 'send-message', { roomId, content: 'second' });
  b.connect();
  const missed = await succeed(b, 'join-room', { roomId, rev: rev + 1, epoch });
  assert.deepEqual(missed.messages.map(({ message }) => message.content), ['first, changed', 'second']);
  assert.deepEqual([missed.complete, missed.more], [true, false]);
  await succeed(a, 'send-message', { roomId, content: 'third' });
  await hear(b, 'message-received', ({ message }) => message.content === 'third');
});

ours('the same client in both namespaces, over one connection', async (t) => {
  const roomId = await makeRoom();
  const rooms = await comes(t, ann);
  const chat = rooms.io.socket(CHAT, { auth: { token: ann.token } });
  t.after(() => chat.disconnect());
  await connected(chat);
  await succeed(rooms, 'join-room', { roomId });
  const sent = await chat.timeout(10_000).emitWithAck('send-message', { roomId, message: 'there', clientOffset: newId() });
  assert.equal(sent.success, true);
  assert.equal((await hear(rooms, 'message-received', ofRoom(roomId))).message.id, sent.data.id);
  rooms.disconnect();
  const again = await chat.timeout(10_000).emitWithAck('send-message', { roomId, message: 'still there' });
  assert.equal(again.success, true);
  await quietly();
  assert.equal(told(rooms, 'message-received', ofRoom(roomId)).length, 1);
});
