import assert from 'node:assert/strict';
import test from 'node:test';
import { ask, connect, plain, quietly, send, total, users } from './client.mjs';

const [ann] = users;
const ACK_PACKET = 3;
const HUGE = 'x'.repeat(600_000);
const MISSING = Symbol('missing');
const VALUES = {
  missing: MISSING, null: null, zero: 0, number: 7, negative: -3, fraction: 1.5, 'empty text': '',
  text: 'text', array: [1, 'two', null], object: { a: { b: 1 } }, true: true, false: false, huge: HUGE,
};
const EVENTS = {
  'authenticate-user': { userId: ann.id, token: ann.token },
  'load-messages': { page: 1, limit: 5, roomId: 'main-chat', roomID: 'main-chat', communityId: 'main-chat' },
  'send-message': { message: 'a field story', clientOffset: MISSING, roomId: MISSING, roomID: MISSING, communityId: MISSING },
  'edit-message': { messageId: 'OWN', message: 'an edited field story' },
  'delete-message': { messageId: 'OWN' },
  typing: { isTyping: true, roomId: MISSING, roomID: MISSING, communityId: MISSING },
};
const OUR_EVENTS = {
  'join-room': { roomId: 'main-chat' },
  'leave-room': { roomId: 'no-such-room' },
  sync: { roomId: 'main-chat', rev: 1, epoch: MISSING },
};

const without = (payload) =>
  Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== MISSING));

function countAcks(socket) {
  const counts = new Map();
  socket.io.on('packet', ({ type, id }) => {
    if (type === ACK_PACKET) counts.set(id, (counts.get(id) ?? 0) + 1);
  });
  return counts;
}

function* payloads(fields) {
  yield ['no payload', []];
  for (const [what, value] of Object.entries(VALUES)) {
    if (value !== MISSING) yield [`payload ${what}`, [value]];
  }
  for (const field of Object.keys(fields)) {
    for (const [what, value] of Object.entries(VALUES)) {
      yield [`${field} ${what}`, [without({ ...fields, [field]: value })]];
    }
  }
  yield ['two payloads', [without(fields), without(fields)]];
}

for (const [event, fields] of Object.entries(plain ? EVENTS : { ...EVENTS, ...OUR_EVENTS })) {
  test(`${event} answers once whatever its fields are`, async (t) => {
    const socket = await connect(t, ann);
    const { id: session } = socket;
    const acks = countAcks(socket);
    const own = await send(socket, 'the message of a field story');
    const filled = fields.messageId ? { ...fields, messageId: own.id } : fields;
    let known = await total(socket);
    let asked = acks.size;
    for (const [what, args] of payloads(filled)) {
      socket.emit(event, ...args);
      const answer = await ask(socket, event, ...args);
      assert.equal(typeof answer?.success, 'boolean', `${what}: ${JSON.stringify(answer)}`);
      const now = await total(socket);
      if (!answer.success) {
        assert.match(answer.error ?? '', /\S/, what);
        assert.equal(now, known, `${what} was refused and changed the total`);
        if (!plain) assert.match(answer.code ?? '', /\S/, what);
      }
      known = now;
      asked += 2;
    }
    await quietly();
    assert.equal(acks.size, asked);
    assert([...acks.values()].every((count) => count === 1), 'an event was answered twice');
    assert.equal(socket.id, session);
    assert(socket.connected);
    await ask(socket, 'load-messages', { limit: 1 });
  });
}
