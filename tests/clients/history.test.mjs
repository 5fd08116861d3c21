import assert from 'node:assert/strict';
import test from 'node:test';
import {
  ask, assertMessage, connect, newest, plain, refused, send, succeed, total, users,
} from './client.mjs';

const [ann, ben] = users;
const FAILED = 'Failed to load messages';
const idOf = ({ id }) => id;

test('the answer has its keys in their order and messages oldest first', async (t) => {
  const a = await connect(t, ann);
  await send(a);
  const answer = await succeed(a, 'load-messages', { page: 1, limit: 50 });
  const ours = plain ? [] : ['rev', 'epoch'];
  assert.deepEqual(Object.keys(answer), ['success', 'data', 'pagination', ...ours]);
  assert.deepEqual(Object.keys(answer.pagination), ['total', 'page', 'limit', 'totalPages']);
  const { total: all, page, limit, totalPages } = answer.pagination;
  assert.deepEqual([page, limit, totalPages], [1, 50, Math.ceil(all / 50)]);
  assert.equal(answer.data.length, Math.min(50, all));
  answer.data.forEach((message) => assertMessage(message));
  const times = answer.data.map(({ created_at }) => created_at);
  assert.deepEqual(times, times.toSorted());
});

test('without a usable payload it is page 1 with 50', async (t) => {
  const a = await connect(t, ann);
  const usual = await succeed(a, 'load-messages', { page: 1, limit: 50 });
  assert.deepEqual(await ask(a, 'load-messages'), usual);
  for (const payload of [null, undefined, {}, 7, 'text', [], [2, 3], true]) {
    assert.deepEqual(await ask(a, 'load-messages', payload), usual, JSON.stringify(payload));
  }
});

test('page 1 is the oldest, the last page ends with the newest', async (t) => {
  const a = await connect(t, ann);
  const mine = [await send(a), await send(a), await send(a)];
  const all = await total(a);
  const one = async (page) => (await succeed(a, 'load-messages', { page, limit: 1 })).data;
  const last = [];
  for (const page of [all - 2, all - 1, all]) last.push(...await one(page));
  assert.deepEqual(last, mine);
  assert.deepEqual(await one(all + 1), []);
  const [oldest] = await one(1);
  assert(oldest.created_at <= mine[0].created_at);
  const pages = Math.ceil(all / 2);
  const end = await succeed(a, 'load-messages', { page: pages, limit: 2 });
  assert.equal(end.pagination.totalPages, pages);
  assert.equal(end.data.at(-1).id, mine[2].id);
});

test('deleted messages are left out and not counted', async (t) => {
  const a = await connect(t, ann);
  const before = await total(a);
  const [gone, stays] = [await send(a), await send(a)];
  assert.equal(await total(a), before + 2);
  await succeed(a, 'delete-message', { messageId: gone.id });
  assert.equal(await total(a), before + 1);
  const ids = (await newest(a)).map(idOf);
  assert(!ids.includes(gone.id) && ids.includes(stays.id));
  await succeed(a, 'delete-message', { messageId: gone.id });
  assert.equal(await total(a), before + 1);
});

test('numbers as text work', async (t) => {
  const a = await connect(t, ann);
  await send(a);
  await send(a);
  const byNumber = await succeed(a, 'load-messages', { page: 2, limit: 1 });
  const byText = await succeed(a, 'load-messages', { page: '2', limit: '1' });
  assert.deepEqual(byText.data, byNumber.data);
  assert.equal(Number(byText.pagination.page), 2);
});

test('senseless pages and limits are refused', async (t) => {
  const a = await connect(t, ann);
  for (const payload of [
    { page: 0 }, { page: -1 }, { page: '0' }, { page: 'abc' }, { page: {} }, { page: [] },
    { limit: -1 }, { limit: '-5' }, { limit: 'abc' }, { limit: {} },
  ]) await refused(a, 'load-messages', payload, FAILED);
});

test('limits above 1000 are answered as 1000', async (t) => {
  const a = await connect(t, ann);
  for (const limit of [1001, 1_000_000_000, '5000']) {
    const { data, pagination } = await succeed(a, 'load-messages', { limit });
    assert.equal(pagination.limit, 1000);
    assert(data.length <= 1000);
    assert.equal(pagination.totalPages, Math.ceil(pagination.total / 1000));
  }
});

test('a page beyond the end is empty, however far', async (t) => {
  const a = await connect(t, ann);
  const { data } = await succeed(a, 'load-messages', { page: 1_000_000, limit: 50 });
  assert.deepEqual(data, []);
  for (const page of [Number.MAX_SAFE_INTEGER, 1e300]) {
    const answer = await ask(a, 'load-messages', { page, limit: 1000 });
    if (answer.success) assert.deepEqual(answer.data, []);
    else assert.equal(answer.error, FAILED);
  }
});

test('who is nobody may read, and reads the same', async (t) => {
  const reader = await connect(t);
  const b = await connect(t, ben);
  const sent = await send(b);
  assert.deepEqual((await newest(reader)).find(({ id }) => id === sent.id), sent);
  if (plain) return;
  const rev = (await newest(b)).find(({ id }) => id === sent.id).rev;
  assert.equal(rev, sent.rev);
});
