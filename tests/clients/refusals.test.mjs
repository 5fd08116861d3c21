import assert from 'node:assert/strict';
import test from 'node:test';
import {
  ask, assertCode, assertRefused, connect, newest, nobody, ours, refused, send, succeed, unique,
  users,
} from './client.mjs';

const [ann, ben] = users;
const ANONYMOUS = 'User not authenticated';
const EMPTY = 'Message cannot be empty';
const LONG = 'Message is too long (max 5000 characters)';
const UNKNOWN = 'Message not found';
const long = 'x'.repeat(5001);
const blank = ' \u3000'.repeat(4000);

async function refuseEach(socket, event, cases) {
  for (const [payload, ...errors] of cases) await refused(socket, event, payload, ...errors);
}

test('send-message checks in its order', async (t) => {
  const failed = 'Failed to send message';
  await refuseEach(await connect(t), 'send-message', [
    [null, failed],
    [{}, ANONYMOUS],
    [{ message: '' }, ANONYMOUS],
    [{ message: long }, ANONYMOUS],
    [{ message: 5 }, ANONYMOUS],
  ]);
  const a = await connect(t, ann);
  await refuseEach(a, 'send-message', [
    [null, failed],
    [{}, EMPTY],
    [{ message: null }, EMPTY],
    [{ message: '' }, EMPTY],
    [{ message: blank }, EMPTY],
    [{ message: long }, LONG],
    [{ message: 5 }, failed],
    [{ message: { text: 'x' } }, failed],
    [{ message: ['x'] }, failed],
    [{ message: true }, failed],
    [5, failed, EMPTY],
    ['text', failed, EMPTY],
    [['x'], failed, EMPTY],
  ]);
  assertRefused(await ask(a, 'send-message'), failed, EMPTY);
});

test('edit-message checks in its order', async (t) => {
  const failed = 'Failed to edit message';
  const a = await connect(t, ann);
  const b = await connect(t, ben);
  const { id } = await send(a);
  await refuseEach(await connect(t), 'edit-message', [
    [null, failed],
    [{}, ANONYMOUS],
    [{ messageId: id, message: ' ' }, ANONYMOUS],
    [{ messageId: id, message: 'x' }, ANONYMOUS],
  ]);
  await refuseEach(b, 'edit-message', [
    [null, failed],
    [{}, EMPTY],
    [{ messageId: id, message: blank }, EMPTY],
    [{ messageId: 'no-uuid', message: ' ' }, EMPTY],
    [{ message: 'x' }, UNKNOWN],
    [{ messageId: null, message: 'x' }, UNKNOWN],
    [{ messageId: 'no-uuid', message: 'x' }, failed],
    [{ messageId: 5, message: 'x' }, failed],
    [{ messageId: {}, message: 'x' }, failed],
    [{ messageId: nobody, message: 'x' }, UNKNOWN],
    [{ messageId: nobody, message: long }, UNKNOWN],
    [{ messageId: id, message: 'x' }, 'You can only edit your own messages'],
    [{ messageId: id, message: long }, 'You can only edit your own messages'],
    [{ messageId: id, message: 5 }, failed],
  ]);
  await refuseEach(a, 'edit-message', [
    [{ messageId: id, message: long }, LONG],
    [{ messageId: id, message: 5 }, failed],
    [{ messageId: id, message: ['x'] }, failed],
  ]);
});

test('delete-message checks in its order', async (t) => {
  const failed = 'Failed to delete message';
  const a = await connect(t, ann);
  const b = await connect(t, ben);
  const { id } = await send(a);
  await refuseEach(await connect(t), 'delete-message', [
    [null, failed],
    [{}, ANONYMOUS],
    [{ messageId: id }, ANONYMOUS],
  ]);
  await refuseEach(b, 'delete-message', [
    [null, failed],
    [{}, UNKNOWN],
    [{ messageId: null }, UNKNOWN],
    [{ messageId: 'no-uuid' }, failed],
    [{ messageId: 5 }, failed],
    [{ messageId: [] }, failed, UNKNOWN],
    [{ messageId: nobody }, UNKNOWN],
    [{ messageId: id }, 'You can only delete your own messages'],
  ]);
  await succeed(a, 'delete-message', { messageId: id });
});

test('a refused edit and a refused delete change nothing', async (t) => {
  const a = await connect(t, ann);
  const b = await connect(t, ben);
  const sent = await send(a);
  await ask(b, 'edit-message', { messageId: sent.id, message: unique('not mine') });
  await ask(b, 'delete-message', { messageId: sent.id });
  await ask(a, 'edit-message', { messageId: sent.id, message: long });
  assert.deepEqual((await newest(a)).find(({ id }) => id === sent.id), sent);
});

ours('an event that nobody knows is answered with a refusal', async (t) => {
  const a = await connect(t, ann);
  const answer = await ask(a, 'make-coffee', { sugar: 2 });
  assert.equal(answer.success, false);
  assertCode(answer);
  a.emit('make-coffee');
  await send(a);
});

ours('every refusal has success, error, code and perhaps retryIn', async (t) => {
  const a = await connect(t);
  for (const [event, payload] of [
    ['authenticate-user', {}],
    ['load-messages', { page: 0 }],
    ['send-message', { message: 'x' }],
    ['edit-message', {}],
    ['delete-message', {}],
    ['typing', {}],
    ['join-room', 'no-such-room'],
    ['leave-room', 'no-such-room'],
    ['sync', { roomId: 'no-such-room', rev: 0 }],
  ]) {
    const answer = await ask(a, event, payload);
    assert.equal(answer.success, false, event);
    assertCode(answer);
    assert.deepEqual(Object.keys(answer).slice(0, 2), ['success', 'error'], event);
    if ('retryIn' in answer) assert(Number.isInteger(answer.retryIn), event);
  }
});
