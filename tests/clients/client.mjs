import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import jwt from 'jsonwebtoken';
import { io } from 'socket.io-client';

const { CHAT_URL, CHAT_USERS, CHAT_MODE, CHAT_EIO3, CHAT_PLAIN, CHAT_ROOM, ACCESS_TOKEN_SECRET } = process.env;

export const url = CHAT_URL ?? 'http://127.0.0.1:5000';
export const users = JSON.parse(CHAT_USERS ?? '[]');
export const trust = CHAT_MODE === 'trust-user-id';
export const eio3 = CHAT_EIO3 === '1';
export const plain = CHAT_PLAIN === '1';
export const room = CHAT_ROOM;
export const secret = ACCESS_TOKEN_SECRET;
export const CHAT = '/api/community/chat';
export const nobody = '00000000-0000-4000-8000-000000000000';
export const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
export const MESSAGE_KEYS = [
  'id', 'user_id', 'message', 'edited_at', 'is_deleted', 'created_at', 'updated_at', 'User',
];
export const OUR_KEYS = ['room_id', 'seq', 'rev', 'clientOffset'];

assert(users.length >= 3, 'CHAT_USERS must list at least three users');

export { sleep };
export const unique = (text = 'story') => `${text} ${randomUUID()}`;
export const newId = randomUUID;

const skipUnless = (condition, reason) => (name, body) =>
  test(name, { skip: !condition && reason }, body);
export const ours = skipUnless(!plain, 'not in the plain contract');
export const oursWithSecret = skipUnless(!plain && secret, 'needs our server and ACCESS_TOKEN_SECRET');
export const withSecret = skipUnless(secret, 'needs ACCESS_TOKEN_SECRET');

export const sign = (claims, options = {}, key = secret) =>
  jwt.sign(claims, key, { expiresIn: '15m', ...options });

export const authOf = (user) => (trust ? { userId: user.id } : { token: user.token });

function record(socket) {
  socket.heard = [];
  socket.onAny((event, payload) => socket.heard.push({ event, payload }));
}

export function open(t, { user, namespace = CHAT, transports = ['websocket'], ...options } = {}) {
  const socket = io(url + namespace, {
    auth: user && authOf(user),
    transports,
    forceNew: true,
    reconnection: false,
    ...options,
  });
  record(socket);
  t.after(() => socket.disconnect());
  return socket;
}

export async function connect(t, user, options) {
  const socket = open(t, { user, ...options });
  await connected(socket);
  return socket;
}

export const connected = (socket) => outcome(socket, 'connect', 'connect_error');
export const refusedConnection = (socket) => outcome(socket, 'connect_error', 'connect');

function outcome(socket, wanted, unwanted) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${wanted} within 5 s`)), 5000);
    socket.once(wanted, (value) => {
      clearTimeout(timer);
      resolve(value);
    });
    socket.once(unwanted, (value) => {
      clearTimeout(timer);
      reject(value instanceof Error ? value : new Error(`${unwanted} instead of ${wanted}`));
    });
  });
}

export const ask = (socket, event, ...payload) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer to ${event} within 5 s`)), 5000);
    socket.emit(event, ...payload, (answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
  });

export const told = (socket, event, wanted = () => true) =>
  socket.heard.filter((one) => one.event === event && wanted(one.payload)).map((one) => one.payload);

export async function hear(socket, event, wanted = () => true, withinMs = 3000) {
  const end = Date.now() + withinMs;
  for (;;) {
    const [first] = told(socket, event, wanted);
    if (first !== undefined) return first;
    if (Date.now() > end) throw new Error(`${event} was not heard within ${withinMs} ms`);
    await sleep(10);
  }
}

export const quietly = () => sleep(300);

export async function succeed(socket, event, ...payload) {
  const answer = await ask(socket, event, ...payload);
  assert.equal(answer.success, true, `${event}: ${JSON.stringify(answer)}`);
  return answer;
}

export async function send(socket, message = unique(), more = {}) {
  return (await succeed(socket, 'send-message', { message, ...more })).data;
}

export function assertRefused(answer, ...errors) {
  assert.equal(answer?.success, false, `not refused: ${JSON.stringify(answer)?.slice(0, 300)}`);
  assert(errors.includes(answer.error), `${JSON.stringify(answer)} is none of ${errors.join(' / ')}`);
  assertCode(answer);
}

export function assertCode(answer) {
  assert.equal(typeof answer.error, 'string');
  if (!plain) assert.match(answer.code ?? '', /\S/, `no code in ${JSON.stringify(answer)}`);
}

export async function refused(socket, event, payload, ...errors) {
  assertRefused(await ask(socket, event, payload), ...errors);
}

export function assertMessage(message, author) {
  const keys = Object.keys(message);
  const additions = keys.slice(MESSAGE_KEYS.length);
  assert.deepEqual(keys.slice(0, MESSAGE_KEYS.length), MESSAGE_KEYS);
  assert.deepEqual(additions, OUR_KEYS.filter((key) => additions.includes(key)));
  if (!plain) {
    for (const key of ['room_id', 'seq', 'rev']) assert(additions.includes(key), `${key} is missing`);
    assert(Number.isInteger(message.seq) && Number.isInteger(message.rev));
  }
  assert.match(message.created_at, ISO);
  assert.match(message.updated_at, ISO);
  if (message.edited_at !== null) assert.match(message.edited_at, ISO);
  assert.equal(message.is_deleted, false);
  assert.equal(message.user_id, message.User.id);
  assert.deepEqual(Object.keys(message.User), ['id', 'userid', 'name']);
  if (author) {
    const { id, userid, name } = author;
    assert.deepEqual(message.User, { id, userid, name });
  }
}

export async function total(socket) {
  return (await succeed(socket, 'load-messages', { limit: 1 })).pagination.total;
}

export async function newest(socket, limit = 20) {
  const { pagination } = await succeed(socket, 'load-messages', { limit });
  const pages = [Math.max(1, pagination.totalPages - 1), Math.max(1, pagination.totalPages)];
  const found = [];
  for (const page of new Set(pages)) {
    found.push(...(await succeed(socket, 'load-messages', { page, limit })).data);
  }
  return found;
}

export const get = (path, { token, ...headers } = {}) =>
  fetch(url + path, {
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...headers },
  });
