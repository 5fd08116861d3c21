import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { ask, connect, plain, quietly, send, succeed, total, trust, users } from './client.mjs';

const [ann, ben] = users;
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

// What takes part in the tables of docs/wire/own.md. `ROOM` is a room of one's own that may change.
const FIELDS = {
  'create-room': { name: 'Fields', description: 'x', kind: 'guild', isPrivate: true, slug: MISSING, idempotencyKey: MISSING },
  'edit-room': { roomId: 'ROOM', name: 'Edited', description: 'x', isPrivate: false },
  'set-slow-mode': { roomId: 'ROOM', seconds: 0 },
  'archive-room': { roomId: 'ROOM' },
  'reopen-room': { roomId: 'ROOM' },
  'delete-room': { roomId: 'no-such-room', reason: 'x' },
  'quit-room': { roomId: 'ROOM' },
  'set-role': { roomId: 'ROOM', userId: ben.id, role: 'member' },
  'kick-member': { roomId: 'ROOM', userId: ben.id, reason: 'x' },
  'invite-member': { roomId: 'ROOM', userId: ben.id },
  'withdraw-invite': { roomId: 'ROOM', userId: ben.id },
  'mute-member': { roomId: 'ROOM', userId: ben.id, seconds: 60, reason: 'x' },
  'unmute-member': { roomId: 'ROOM', userId: ben.id },
  'ban-member': { roomId: 'ROOM', userId: ben.id, reason: 'x' },
  'unban-member': { roomId: 'ROOM', userId: ben.id },
  'open-direct': { userId: ben.id },
  'move-read-marker': { roomId: 'ROOM', seq: 1 },
  'set-presence': { status: 'online' },
  'watch-presence': { roomId: 'ROOM' },
  'unwatch-presence': { roomId: 'ROOM' },
  'block-user': { userId: ben.id },
  'unblock-user': { userId: ben.id },
  'report-message': { messageId: 'OWN', reason: 'spam', note: 'x' },
};

const page = await readFile(new URL('../../docs/wire/own.md', import.meta.url), 'utf8');
const tables = page.slice(page.indexOf('\n## Rooms\n'), page.indexOf('\n## What a client hears\n'));
const events = new Set(
  tables.split('\n').filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...line.split('|')[1].matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map(([, event]) => event)),
);

test('every event of the tables has its fields here', { skip: plain && 'not in the plain contract' }, () => {
  const known = Object.keys({ ...EVENTS, ...OUR_EVENTS, ...FIELDS });
  assert.deepEqual([...events].filter((event) => !known.includes(event)), []);
  assert.deepEqual(Object.keys(FIELDS).filter((event) => !events.has(event)), []);
  assert(events.size >= 28);
});

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

for (const [event, fields] of Object.entries(plain ? EVENTS : { ...EVENTS, ...OUR_EVENTS, ...FIELDS })) {
  test(`${event} answers once whatever its fields are`, async (t) => {
    const socket = await connect(t, ann);
    const { id: session } = socket;
    const acks = countAcks(socket);
    const own = await send(socket, 'the message of a field story');
    const filled = fields.messageId ? { ...fields, messageId: own.id } : { ...fields };
    if (fields.roomId === 'ROOM') {
      // A claimed identity makes no rooms.
      filled.roomId = trust
        ? 'main-chat'
        : (await succeed(socket, 'create-room', { name: 'Fields', kind: 'guild' })).data.id;
    }
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
