import assert from 'node:assert/strict';
import {
  ask, assertMessage, assertRefused, authOf, connect, hear, newId, nobody, ours, quietly, refused,
  room, send, succeed, told, total, unique, users,
} from './client.mjs';

const [ann, ben] = users;
const NO_ROOM = 'Room not found';
const byId = (id) => (payload) => payload.id === id;

const enter = async (socket, room = 'main-chat') => (await succeed(socket, 'join-room', room)).data;

async function assertToldOnce(socket, message) {
  await hear(socket, 'message-received', byId(message.id));
  await quietly();
  assert.equal(told(socket, 'message-received', byId(message.id)).length, 1);
}

ours('a message carries its room, numbers and offset', async (t) => {
  const a = await connect(t, ann);
  const clientOffset = newId();
  const message = await send(a, unique(), { clientOffset });
  assertMessage(message, ann);
  assert.equal(message.clientOffset, clientOffset);
  const next = await send(a);
  assert.equal(next.seq, message.seq + 1);
  assert.equal(next.rev, message.rev + 1);
  assert.equal(next.room_id, message.room_id);
});

ours('a repeated clientOffset is answered with the first message and told once', async (t) => {
  const a = await connect(t, ann);
  const b = await connect(t, ben);
  const clientOffset = newId();
  const before = await total(a);
  const first = await send(a, unique('first'), { clientOffset });
  const again = await send(a, unique('second'), { clientOffset });
  assert.deepEqual(again, first);
  await assertToldOnce(b, first);
  assert.equal(await total(a), before + 1);
});

ours('a clientOffset repeated at the same moment makes one message', async (t) => {
  const a = await connect(t, ann);
  const elsewhere = await connect(t, ann);
  const b = await connect(t, ben);
  const clientOffset = newId();
  const text = unique();
  const before = await total(a);
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) =>
    send(i % 2 ? a : elsewhere, text, { clientOffset })));
  for (const answer of answers) assert.equal(answer.id, answers[0].id);
  await assertToldOnce(b, answers[0]);
  assert.equal(await total(a), before + 1);
});

ours('a clientOffset is remembered after a reconnect', async (t) => {
  const a = await connect(t, ann);
  const b = await connect(t, ben);
  const clientOffset = newId();
  const first = await send(a, unique(), { clientOffset });
  a.disconnect();
  const back = await connect(t, ann);
  assert.deepEqual(await send(back, unique(), { clientOffset }), first);
  await assertToldOnce(b, first);
});

ours('a clientOffset belongs to its user, has at most 128 characters and is text', async (t) => {
  const a = await connect(t, ann);
  const b = await connect(t, ben);
  const clientOffset = newId().padEnd(128, 'x');
  const mine = await send(a, unique(), { clientOffset });
  const theirs = await send(b, unique(), { clientOffset });
  assert.notEqual(mine.id, theirs.id);
  const before = await total(a);
  const answer = await ask(a, 'send-message', { message: unique(), clientOffset: `${clientOffset}x` });
  assertRefused(answer, answer.error);
  assert.equal(await total(a), before);
});

ours('joining main-chat tells its id, name, rev and epoch', async (t) => {
  const a = await connect(t, ann);
  const { rev, room_id: roomId } = await send(a);
  const room = await enter(a);
  assert.deepEqual(Object.keys(room), ['roomId', 'name', 'rev', 'epoch', 'room', 'me']);
  assert.deepEqual([room.room.slug, room.room.kind, room.me.role], ['main-chat', 'main', 'member']);
  assert.equal(room.roomId, roomId);
  assert(room.rev >= rev);
  assert.deepEqual(await enter(a, { roomId: 'main-chat' }), room);
  assert.deepEqual(await enter(a, { roomId }), room);
  assert.deepEqual(await enter(a, roomId), room);
});

ours('rooms that are not there are not found', async (t) => {
  const a = await connect(t, ann);
  for (const event of ['join-room', 'leave-room']) {
    for (const room of ['no-such-room', nobody, { roomId: 'no-such-room' }, { roomId: nobody }]) {
      await refused(a, event, room, NO_ROOM);
    }
    for (const room of ['', null, {}, []]) {
      const answer = await ask(a, event, room);
      if (!answer.success) assertRefused(answer, NO_ROOM);
    }
  }
  for (const field of ['roomId', 'roomID', 'communityId']) {
    for (const room of ['no-such-room', nobody]) {
      await refused(a, 'send-message', { message: unique(), [field]: room }, NO_ROOM);
      await refused(a, 'load-messages', { [field]: room }, NO_ROOM);
      await refused(a, 'typing', { isTyping: true, [field]: room }, NO_ROOM);
    }
  }
});

ours('a room can be named by any of its three fields', async (t) => {
  const a = await connect(t, ann);
  const { room_id: id } = await send(a);
  for (const field of ['roomId', 'roomID', 'communityId']) {
    for (const room of ['main-chat', id]) {
      const sent = await send(a, unique(), { [field]: room });
      assert.equal(sent.room_id, id);
      await succeed(a, 'load-messages', { limit: 1, [field]: room });
      assert.deepEqual(await ask(a, 'typing', { isTyping: false, [field]: room }), { success: true });
    }
  }
});

ours('what is said in another room stays there', async (t) => {
  if (!room) return t.skip('CHAT_ROOM names no room');
  const { roomId } = await enter(await connect(t, ann), room);
  const a = await connect(t, ann);
  const b = await connect(t, ben);
  const outside = await connect(t, ben);
  assert.equal((await enter(a, roomId)).roomId, roomId);
  await enter(b, { roomId });
  const before = await total(a);
  const sent = await send(a, unique(), { roomId });
  assert.equal(sent.room_id, roomId);
  assert.deepEqual(await hear(b, 'message-received', byId(sent.id)), sent);
  const { data, pagination } = await succeed(b, 'load-messages', { roomId });
  const last = await succeed(b, 'load-messages', { roomId, page: pagination.total, limit: 1 });
  assert.deepEqual(last.data, [sent]);
  assert.equal(data[0].seq, 1);
  assert.equal(await total(a), before);
  await succeed(a, 'typing', { isTyping: true, roomId });
  assert.equal((await hear(b, 'user-typing', (typing) => typing.roomId === roomId)).userId, ann.id);
  assert.deepEqual(await ask(b, 'leave-room', { roomId }), { success: true });
  const later = await send(a, unique(), { roomId });
  await quietly();
  assert.deepEqual(told(b, 'message-received', byId(later.id)), []);
  assert.deepEqual(told(outside, 'message-received', byId(sent.id)), []);
});

async function happenings(t) {
  const a = await connect(t, ann);
  const early = await send(a);
  const { roomId, rev, epoch } = await enter(a);
  const created = await send(a);
  const removed = await send(a);
  const { data: edited } = await succeed(a, 'edit-message', { messageId: early.id, message: unique('edited') });
  await succeed(a, 'delete-message', { messageId: removed.id });
  const end = await enter(a);
  return { a, early, created, edited, removed, roomId, rev, epoch, end };
}

function assertMissed(sync, { created, edited, removed, roomId, epoch, end }) {
  assert.deepEqual(Object.keys(sync), ['roomId', 'messages', 'rev', 'epoch', 'complete', 'more', 'room', 'me']);
  assert.equal(sync.room.id, roomId);
  assert.equal(sync.roomId, roomId);
  assert.equal(sync.complete, true);
  assert.equal(sync.epoch, epoch);
  assert.equal(sync.rev, end.rev);
  assert.deepEqual(sync.messages.map(({ id }) => id), [created.id, edited.id, removed.id]);
  assert.deepEqual(sync.messages.slice(0, 2), [created, edited]);
  assert.equal(sync.messages[2].is_deleted, true);
  assert.equal(sync.messages[2].message, '[Message deleted]');
}

ours('auth.serverOffset brings exactly what was missed', async (t) => {
  const story = await happenings(t);
  const b = await connect(t, ben, { auth: { ...authOf(ben), serverOffset: story.rev } });
  assertMissed(await hear(b, 'sync'), story);
  await quietly();
  assert.equal(told(b, 'sync').length, 1);
  assert.equal(told(b, 'message-received').length, 0);
});

ours('auth.resume brings it by room', async (t) => {
  const story = await happenings(t);
  const b = await connect(t, ben, { auth: { ...authOf(ben), resume: { [story.roomId]: story.rev } } });
  assertMissed(await hear(b, 'sync'), story);
  await quietly();
  assert.equal(told(b, 'sync').length, 1);
});

ours('who missed nothing gets an empty sync', async (t) => {
  const { rev } = await enter(await connect(t, ann));
  const b = await connect(t, ben, { auth: { ...authOf(ben), serverOffset: rev } });
  const sync = await hear(b, 'sync');
  assert.deepEqual([sync.messages, sync.rev, sync.complete], [[], rev, true]);
});

ours('who is nobody is brought up to date too', async (t) => {
  const story = await happenings(t);
  const reader = await connect(t, null, { auth: { serverOffset: story.rev } });
  assertMissed(await hear(reader, 'sync'), story);
});

async function askSync(socket, payload) {
  const answer = await ask(socket, 'sync', payload);
  if (!answer.success || answer.data?.messages) return answer;
  return { success: true, data: await hear(socket, 'sync') };
}

ours('the event sync asks for the same at any time', async (t) => {
  const story = await happenings(t);
  const { roomId, rev, epoch } = story;
  const { data } = await askSync(story.a, { roomId, rev, epoch });
  assertMissed(data, story);
});

ours('a rev of another history is told to load anew', async (t) => {
  const a = await connect(t, ann);
  const { roomId, rev } = await enter(a);
  const { data } = await askSync(a, { roomId, rev, epoch: newId() });
  assert.equal(data.complete, false);
});

ours('senseless offsets harm nothing', async (t) => {
  for (const serverOffset of ['abc', -1, 1e300, {}, [], null, true]) {
    const a = await connect(t, ann, { auth: { ...authOf(ann), serverOffset } });
    await send(a);
  }
  for (const resume of ['abc', 5, [], null, { 'no-such-room': 1 }, { [nobody]: 1 }, { 'main-chat': 'x' }]) {
    const a = await connect(t, ann, { auth: { ...authOf(ann), resume } });
    await send(a);
  }
});
