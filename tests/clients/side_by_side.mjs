import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';

const { NODE_URL, CHAT_URL, CHAT_USERS, CHAT_MODE } = process.env;
const CHAT = '/api/community/chat';
const [user] = JSON.parse(CHAT_USERS);
const opened = [];

async function connect(name, url, auth) {
  const socket = io(url + CHAT, { auth, transports: ['websocket'], reconnection: false });
  opened.push(socket);
  socket.heard = [];
  socket.onAny((event, payload) => socket.heard.push({ event, payload }));
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', (error) => reject(new Error(`${name}: ${error.message}`)));
  });
  const ask = async (event, payload) => {
    const answer = await socket.timeout(5000).emitWithAck(event, payload);
    assert(answer.success, `${name} refused ${event}: ${answer.error}`);
    return answer;
  };
  const list = async () => {
    const { pagination } = await ask('load-messages', { limit: 100 });
    const pages = [Math.max(1, pagination.totalPages - 1), Math.max(1, pagination.totalPages)];
    const lists = await Promise.all(pages.map((page) => ask('load-messages', { page, limit: 100 })));
    return lists.flatMap(({ data }) => data);
  };
  return { heard: socket.heard, ask, list, find: async (id) => (await list()).find((one) => one.id === id) };
}

async function within(ms, what, look) {
  const start = Date.now();
  while (Date.now() - start < ms) {
    const found = await look();
    if (found) {
      console.log(`ok ${what} (${Date.now() - start} ms)`);
      return found;
    }
    await sleep(20);
  }
  throw new Error(`not within ${ms} ms: ${what}`);
}

const hears = (what, { heard }, event, wanted) =>
  within(2000, what, () =>
    heard.find((one) => one.event === event && wanted(one.payload))?.payload);

async function told() {
  const node = await connect('the Node server', NODE_URL, { userId: user.id });
  const auth = CHAT_MODE === 'trust-user-id' ? { userId: user.id } : { token: user.token };
  const ours = await connect('our server', CHAT_URL, auth);
  const text = (what) => `${what} ${randomUUID()}`;

  const { data: sent } = await node.ask('send-message', { message: text('from Node') });
  const live = await hears('sent on Node, live on ours', ours, 'message-received', ({ id }) => id === sent.id);
  const shared = Object.fromEntries(Object.keys(sent).map((key) => [key, live[key]]));
  assert.deepEqual(shared, sent, 'the message of Node looks different on ours');
  await within(2000, 'sent on Node, in the history of ours', () => ours.find(sent.id));

  const edited = text('edited on Node');
  await node.ask('edit-message', { messageId: sent.id, message: edited });
  await hears('edited on Node, live on ours', ours, 'message-edited',
    ({ id, message }) => id === sent.id && message === edited);
  assert.equal((await ours.find(sent.id)).message, edited);

  const { data: reply } = await ours.ask('send-message', { message: text('from ours') });
  const seen = await within(2000, 'sent on ours, in the list of Node', () => node.find(reply.id));
  assert.equal(seen.message, reply.message);
  assert.equal(seen.created_at, reply.created_at);

  const again = text('edited on ours');
  await ours.ask('edit-message', { messageId: reply.id, message: again });
  await within(2000, 'edited on ours, in the list of Node', async () =>
    (await node.find(reply.id))?.message === again);

  await node.ask('delete-message', { messageId: sent.id });
  await hears('deleted on Node, live on ours', ours, 'message-deleted', ({ id }) => id === sent.id);
  assert.equal(await ours.find(sent.id), undefined, 'deleted on Node and still in the history of ours');

  await ours.ask('delete-message', { messageId: reply.id });
  await within(2000, 'deleted on ours, gone from the list of Node', async () => !(await node.find(reply.id)));

  const { heard } = ours;
  const times = heard.filter((one) => one.event === 'message-received' && one.payload.id === reply.id).length;
  assert.equal(times, 1, `a message of ours was announced ${times} times`);
}

try {
  await told();
  console.log('side by side: all is well');
} catch (error) {
  console.error(`side by side: ${error.message}`);
  process.exitCode = 1;
} finally {
  opened.forEach((socket) => socket.disconnect());
}
