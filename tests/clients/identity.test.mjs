import assert from 'node:assert/strict';
import test from 'node:test';
import {
  ask, assertRefused, authOf, connect, hear, nobody, open, ours, oursWithSecret, plain, refused,
  refusedConnection, send, sign, succeed, trust, users,
} from './client.mjs';

const [ann, ben] = users;
const NOT_YOU = 'User not authenticated';
const trusting = (name, body) => test(name, { skip: !trust && 'only with trust-user-id' }, body);
const byToken = (name, body) => test(name, { skip: (trust || plain) && 'only with token' }, body);

test('the handshake says who writes', async (t) => {
  const a = await connect(t, ann);
  assert.equal((await send(a)).User.id, ann.id);
});

test('authenticate-user answers with the user', async (t) => {
  const a = await connect(t, ann);
  const answer = await succeed(a, 'authenticate-user', authOf(ann));
  assert.deepEqual(Object.keys(answer), ['success', 'data', 'message']);
  assert.deepEqual(Object.keys(answer.data), ['id', 'userid', 'name', 'email', 'community_rating']);
  const { id, userid, name, email } = ann;
  assert.deepEqual({ ...answer.data, community_rating: 0 }, { id, userid, name, email, community_rating: 0 });
  assert.equal(typeof answer.data.community_rating, 'number');
  assert.equal(answer.message, 'Authenticated successfully');
});

test('who connects as nobody becomes somebody by authenticate-user', async (t) => {
  const a = await connect(t);
  await refused(a, 'send-message', { message: 'x' }, NOT_YOU);
  await succeed(a, 'authenticate-user', authOf(ann));
  assert.equal((await send(a)).user_id, ann.id);
});

ours('a token is an identity in every mode', async (t) => {
  const a = await connect(t, null, { auth: { token: ann.token } });
  assert.equal((await send(a)).user_id, ann.id);
  const b = await connect(t);
  await succeed(b, 'authenticate-user', { token: ben.token });
  assert.equal((await send(b)).user_id, ben.id);
});

test('a missing userId is named', async (t) => {
  const a = await connect(t);
  for (const payload of [
    {}, { userId: '' }, { userId: 0 }, { userId: false }, { userId: null }, 5, 'text', [], true,
  ]) await refused(a, 'authenticate-user', payload, 'UserId is required');
  await refused(a, 'authenticate-user', null, 'UserId is required', 'Failed to authenticate');
  assertRefused(await ask(a, 'authenticate-user'), 'UserId is required', 'Failed to authenticate');
});

trusting('an id of nobody and what is no id are told apart', async (t) => {
  const a = await connect(t);
  await refused(a, 'authenticate-user', { userId: nobody }, 'User not found');
  for (const userId of ['no-uuid', ann.userid, 5, {}, [ann.id, 1], true]) {
    await refused(a, 'authenticate-user', { userId }, 'Failed to authenticate');
  }
});

test('upper case and braces are accepted, answers are lower case', async (t) => {
  const a = await connect(t, ann);
  for (const userId of [ann.id.toUpperCase(), `{${ann.id}}`, `{${ann.id.toUpperCase()}}`]) {
    const { data } = await succeed(a, 'authenticate-user', { userId });
    assert.equal(data.id, ann.id);
  }
  assert.equal((await send(a)).user_id, ann.id);
});

test('a socket without identity may not write', async (t) => {
  const a = await connect(t);
  for (const [event, payload] of [
    ['send-message', { message: 'x' }],
    ['edit-message', { messageId: nobody, message: 'x' }],
    ['delete-message', { messageId: nobody }],
    ['typing', { isTyping: true }],
  ]) await refused(a, event, payload, NOT_YOU);
});

byToken('a bare userId is no identity', async (t) => {
  const a = await connect(t, null, { auth: { userId: ann.id } });
  await refused(a, 'send-message', { message: 'x' }, NOT_YOU);
  await refused(a, 'authenticate-user', { userId: ann.id }, NOT_YOU);
  await refused(a, 'authenticate-user', { userId: nobody }, NOT_YOU, 'User not found');
  const b = await connect(t, ben);
  await refused(b, 'authenticate-user', { userId: ann.id }, NOT_YOU);
  await succeed(b, 'authenticate-user', { userId: ben.id });
  assert.equal((await send(b)).user_id, ben.id);
});

const badTokens = () => [
  ['Unauthorized - Invalid token', 'rubbish'],
  ['Unauthorized - Invalid token', sign({ userId: ann.id }, {}, 'another secret, long enough to be one')],
  ['Unauthorized - Invalid token', sign({ userId: ann.id }, { algorithm: 'none' }, '')],
  ['Unauthorized - Invalid token', sign({ userId: ann.id }, { notBefore: 60 })],
  ['Unauthorized - Invalid token', sign({ userId: 'no-uuid' })],
  ['Unauthorized - Token expired', sign({ userId: ann.id }, { expiresIn: -1 })],
  ['Unauthorized - User not found', sign({ userId: nobody })],
];

oursWithSecret('a bad token in the handshake is a connect_error with its reason', async (t) => {
  for (const [reason, token] of badTokens()) {
    const error = await refusedConnection(open(t, { auth: { token } }));
    assert.equal(error.message, reason);
  }
});

oursWithSecret('a bad token in authenticate-user is refused and takes nothing away', async (t) => {
  const a = await connect(t, ann);
  for (const [, token] of badTokens()) {
    const answer = await ask(a, 'authenticate-user', { token });
    assert.equal(answer.success, false);
    assert.equal(typeof answer.error, 'string');
    assert.equal(typeof answer.code, 'string');
  }
  assert.equal((await send(a)).user_id, ann.id);
});

oursWithSecret('a token that expires on a live connection can be renewed', async (t) => {
  const short = sign({ userId: ann.id }, { expiresIn: 2 });
  const a = await connect(t, null, { auth: { token: short } });
  await send(a);
  await hear(a, 'token-expired', () => true, 4500);
  await refused(a, 'send-message', { message: 'x' }, NOT_YOU);
  await succeed(a, 'load-messages');
  await succeed(a, 'authenticate-user', { token: sign({ userId: ann.id }) });
  assert.equal((await send(a)).user_id, ann.id);
});
