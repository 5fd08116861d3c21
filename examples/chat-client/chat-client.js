// Follows rooms and writes to them: nothing lost, nothing twice, one order. See chat-client.d.ts.
const [LARGEST_PAGE, BEYOND_ALL, TRY_AGAIN, MOST_RESUMED] = [1000, Number.MAX_SAFE_INTEGER, 2000, 100];
const refusal = ({ error, code, retryIn }) => Object.assign(new Error(error), { code, retryIn });
const newOffset = () => crypto.getRandomValues(new Uint32Array(4)).join('-'); // randomUUID needs https.

export function connectChat(io, url, options = {}) {
  const { getToken, rooms: followed = ['main-chat'], history = 100, patience = 10_000, onChange, onStatus } = options;
  const rooms = new Map();
  let [status, waiting, lastWrite, resumed, closed, comeBackIn] = ['connecting', [], Promise.resolve(), {}, false];
  /** After every change of state: tells the status, and wakes who waits for it. */
  function settle(error) {
    const busy = rooms.size === 0 || [...rooms.values()].some(({ task }) => task);
    const now = socket.connected ? (busy ? 'catching-up' : 'online') : socket.active ? 'connecting' : 'offline';
    if (now !== status || (error && !closed)) queueMicrotask(() => onStatus?.(now, error));
    status = now;
    waiting = waiting.filter(({ holds, go }) => !(closed || holds()) || go());
  }
  const until = (holds) => new Promise((go) => { waiting.push({ holds, go }); settle(); });

  /** Asks over as many connections as it takes to be answered, while it is `wanted`; for no pause beyond `patience`. */
  async function request(event, payload, wanted = () => true) {
    for (let mayRenew = getToken; ;) {
      await until(() => socket.connected);
      if (closed || !wanted()) throw refusal({ error: 'The chat was closed', code: 'closed' });
      const answer = await socket.timeout(patience).emitWithAck(event, payload).catch(() => ({ retryIn: 0 }));
      if (answer.success && wanted()) return answer;
      if (answer.code === 'not_authenticated' && mayRenew) mayRenew = renew(); // Only once.
      else if (answer.error && !(answer.retryIn <= patience)) throw refusal(answer);
      else await new Promise((go) => setTimeout(go, Math.max(answer.retryIn ?? 0, 100)));
    }
  }

  /** The next handshake brings another token, and resumes the rooms that the server left with the old one. */
  const renew = () => { comeBackIn = 0; socket.disconnect(); };
  /** One after another, so that what is sent again stays in its place. */
  function write(event, payload) {
    const answer = lastWrite.then(() => request(event, payload));
    lastWrite = answer.then(({ data }) => data && hear(data)).catch(() => {});
    return answer.then(({ data }) => data);
  }

  function hear(message) {
    const room = rooms.get(message.room_id);
    if (!room || message.rev <= room.rev) return;
    if (room.task) room.heard = Math.max(room.heard, message.rev);
    else if (message.rev === room.rev + 1) take(room, { messages: [message], rev: message.rev });
    else catchUp(room);
  }
  function take(room, { messages, rev }) {
    const held = new Map(room.messages.map((message) => [message.id, message]));
    const changed = messages.filter((message) => message.rev > (held.get(message.id)?.rev ?? room.rev));
    for (const message of changed) held[message.is_deleted ? 'delete' : 'set'](message.id, message);
    const sorted = [...held.values()].filter(({ seq }) => seq >= room.from).sort((one, other) => one.seq - other.seq);
    room.messages = sorted.slice(-2 * room.count);
    if (sorted.length > room.messages.length) room.from = room.messages[0].seq;
    room.rev = Math.max(room.rev, rev);
    if (changed.length > 0) queueMicrotask(() => onChange?.(room, changed));
  }
  async function load(room, ask) {
    const limit = Math.min(room.count, LARGEST_PAGE);
    let { data: messages, next, rev, epoch } = await ask('load-messages', { before: BEYOND_ALL, limit });
    while (next && messages.length < room.count) {
      const older = await ask('load-messages', { before: next, limit });
      [messages, next] = [[...older.data, ...messages], older.next];
    }
    Object.assign(room, { messages, from: next ?? 0, rev, epoch });
    queueMicrotask(() => onChange?.(room, messages));
  }

  /** Joining says how far the room is; reads up to there, and to what is heard of meanwhile. */
  async function enter(room, ask) {
    const { data: { rev, epoch } } = await ask('join-room');
    room.heard = Math.max(room.heard, rev);
    if (room.epoch !== epoch || !(room.rev <= rev)) await load(room, ask);
  }
  function fail(room, error) { room.error = error; queueMicrotask(() => onChange?.(room, [])); }
  async function catchUp(room, begin = enter) {
    const task = Symbol('catching up');
    const ask = (event, more) => request(event, { roomId: room.roomId, ...more }, () => room.task === task);
    Object.assign(room, { task, error: undefined });
    try {
      await begin(room, ask);
      while (room.rev < room.heard) {
        const { data } = await ask('sync', { rev: room.rev, epoch: room.epoch });
        if (data.complete) take(room, data);
        else await load(room, ask);
      }
    } catch (error) { if (room.task === task) fail(room, error); }
    if (room.task === task) room.task = undefined;
    settle(room.error);
  }

  async function join(reference, count = history) {
    const { data: { roomId, name } } = await request('join-room', { roomId: reference });
    const room = rooms.get(roomId) ?? { roomId, name, messages: [], heard: 0, count: 1 };
    rooms.set(roomId, room);
    if (count > room.count) Object.assign(room, { count, rev: undefined });
    if (room.rev === undefined || room.error) catchUp(room);
    await until(() => room.error || (room.rev !== undefined && !room.task));
    if (room.error || closed) throw room.error ?? refusal({ error: 'The chat was closed', code: 'closed' });
    return room;
  }
  async function introduction() {
    const token = await getToken?.();
    const known = [...rooms.values()].filter(({ rev }) => rev !== undefined).slice(0, MOST_RESUMED);
    resumed = Object.fromEntries(known.map((room) => [room.roomId, room.rev]));
    return { token, epoch: known[0]?.epoch, resume: resumed };
  }
  /** Coming back is no joining: who left elsewhere, or was put out, is made no member by it. */
  const comeBack = (room) => (room.roomId in resumed ? Object.assign(room, { task: resumed }) : catchUp(room));
  function resume(page) {
    const room = rooms.get(page.roomId);
    if (room?.task !== resumed) return;
    if (page.complete) take(room, page);
    if (!page.complete || !page.more) catchUp(room, page.complete ? () => {} : load);
  }
  function away(error) {
    rooms.forEach((room) => Object.assign(room, { task: undefined, heard: 0 }));
    const pause = error?.retryIn ?? comeBackIn ?? (socket.active ? undefined : TRY_AGAIN);
    comeBackIn = undefined;
    if (pause !== undefined && !closed) {
      socket.disconnect();
      setTimeout(() => closed || socket.connect(), pause);
    }
    settle(error);
  }
  // The server soon closes a connection that is not introduced; the next one asks for a token again.
  const socket = io(`${url}/api/community/chat`, { auth: (give) => introduction().then(give, settle) });
  socket.on('connect', () => { rooms.forEach(comeBack); settle(); });
  socket.on('sync', resume);
  socket.on('disconnect', () => away());
  socket.on('connect_error', (error) => away(Object.assign(error, error.data)));
  socket.on('token-expired', renew);
  for (const event of ['message-received', 'message-edited', 'message-deleted']) socket.on(event, hear);
  for (const event of ['server-restart', 'connection-closed']) socket.on(event, (end) => { comeBackIn = end.retryIn; });
  for (const one of followed)
    if (one.roomId) rooms.set(one.roomId, { messages: [], heard: 0, count: 1, ...one }); else join(one).catch(settle);
  return {
    join,
    room: (roomId) => rooms.get(roomId),
    leave: (roomId) => { if (rooms.delete(roomId)) socket.volatile.emit('leave-room', { roomId }); },
    request: (event, payload) => request(event, payload),
    send: (message, to) => write('send-message', { clientOffset: newOffset(), ...to, message }),
    edit: (messageId, message) => write('edit-message', { messageId, message }),
    remove: (messageId, reason) => write('delete-message', { messageId, reason }),
    close() { closed = true; socket.disconnect(); settle(); },
    get status() { return status; },
  };
}
