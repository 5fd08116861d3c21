// Stories of what is told beside messages: who is put out, muted, renamed, blocked, unread; also when it was missed.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { unreliable } from '../proxy.mjs';
import { CHAT_URL, act, call, composer, enter, forgetLength, goes, launch, message, open, pending, quit, register, roomOf, say, shows, signIn, spotless, unique, visit, write } from './page.mjs';

before(() => launch());
after(quit);

const two = async () => [await register(`a${unique()}`), await register(`b${unique()}`)];
const link = (page, name) => page.getByRole('link', { name: new RegExp(name) });
const online = (page) => page.waitForSelector('[data-status=online]', { state: 'attached' });
const away = (page) => page.getByText('Reconnecting…').or(page.getByText('You are offline')).first().waitFor();

test('what happened while one was away is known after it: names, mutes, bans, unread', async (t) => {
  const [ann, ben] = await two();
  const [here, left, busy] = [await roomOf(ann, ben), await roomOf(ann, ben), await roomOf(ann, ben)];
  const proxy = await unreliable(t, CHAT_URL);
  const page = await enter(t, ben, { room: here, url: proxy.url });
  await write(ann, here, 'Before');
  await shows(page, 'Before');
  proxy.down();
  await away(page);
  const renamed = `Renamed ${unique()}`;
  await call(ann.token, 'PATCH', `/api/rooms/${here.id}`, { name: renamed });
  await call(ann.token, 'PUT', `/api/rooms/${here.id}/mutes/${ben.id}`, { seconds: 600 });
  await call(ann.token, 'PUT', `/api/rooms/${left.id}/bans/${ben.id}`, {});
  await call(ann.token, 'PATCH', '/api/me', { name: 'Annabel' });
  await write(ann, busy, 'One');
  proxy.up();
  await online(page);
  await page.getByRole('heading', { level: 1, name: renamed }).waitFor();
  await page.getByText(/You are muted here until/).waitFor();
  await link(page, left.name).waitFor({ state: 'detached' });
  await link(page, `${busy.name}.*1 unread`).waitFor();
  await message(page, 'Before').getByText('Annabel').waitFor();
  spotless(page);
});

test('another name reaches what is shown already', async (t) => {
  const [ann, ben] = await two();
  const room = await roomOf(ann, ben);
  const direct = await call(ann.token, 'PUT', `/api/me/directs/${ben.id}`);
  await write(ann, direct, 'Just you');
  const page = await enter(t, ben, { room });
  await write(ann, room, 'Said long ago');
  await message(page, 'Said long ago').getByText(ann.username).waitFor();
  await call(ann.token, 'PATCH', '/api/me', { name: 'Annabel' });
  await message(page, 'Said long ago').getByText('Annabel').waitFor();
  await link(page, 'Annabel').waitFor();
});

test('a mute is told with its reason', async (t) => {
  const [ann, ben] = await two();
  const room = await roomOf(ann, ben);
  const page = await enter(t, ben);
  await call(ann.token, 'PUT', `/api/rooms/${room.id}/mutes/${ben.id}`, { seconds: 600, reason: 'Shouting' });
  await page.getByText(new RegExp(`You were muted in ${room.name} until .* “Shouting”`)).waitFor();
});

test('what is unread stays so whatever becomes of other rooms, and goes when it is read, also if it was deleted', async (t) => {
  const [ann, ben] = await two();
  const [first, other] = [await roomOf(ann, ben), await roomOf(ann, ben)];
  const page = await enter(t, ben);
  const said = [await write(ann, first, 'One'), await write(ann, first, 'Two')];
  await link(page, `${first.name}.*2 unread`).waitFor();
  await call(ann.token, 'PATCH', `/api/rooms/${other.id}`, { description: 'Another' });
  await goes(page, `#/rooms/${other.slug}`);
  await page.getByText('Another').first().waitFor();
  assert.equal(await link(page, `${first.name}.*2 unread`).count(), 1);
  for (const { id } of said) await call(ann.token, 'DELETE', `/api/messages/${id}`);
  await visit(page, first);
  await page.getByText('Say the first word.').waitFor();
  await goes(page, `#/rooms/${other.slug}`);
  await page.getByLabel(`Message to ${other.name}`).waitFor();
  await link(page, `${first.name}.*unread`).waitFor({ state: 'detached' });
  await page.waitForFunction(() => !document.title.startsWith('('));
});

test('whom one has blocked is neither counted nor read aloud', async (t) => {
  const [ann, ben] = await two();
  const joe = await register(`j${unique()}`);
  const [room, other] = [await roomOf(ann, ben, joe), await roomOf(ann, ben, joe)];
  await call(ben.token, 'PUT', `/api/me/blocks/${joe.id}`);
  const page = await enter(t, ben, { room });
  await write(joe, room, 'nasty words');
  await write(joe, other, 'nasty words');
  await page.getByText('A message from somebody you blocked.').waitFor();
  await write(ann, room, 'kind words');
  const aloud = page.locator('[aria-live=polite]', { hasText: 'kind words' });
  await aloud.waitFor({ state: 'attached' });
  assert.doesNotMatch(await aloud.innerText(), /nasty/);
  assert.equal(await link(page, `${other.name}.*unread`).count(), 0);
});

test('a room that is entered in one tab is in the list of the other', async (t) => {
  const [ann, ben] = await two();
  const room = await roomOf(ann);
  const page = await enter(t, ben);
  await call(ben.token, 'POST', `/api/rooms/${room.id}/join`); // Elsewhere.
  await link(page, room.name).waitFor();
});

test('an edit goes on when its row was out of sight, and comes back as it was', async (t) => {
  const [ann, ben] = await two();
  const room = await roomOf(ann, ben);
  await write(ben, room, 'to be changed');
  const page = await enter(t, ben, { room });
  await act(page, 'to be changed', 'Edit');
  await page.getByRole('textbox', { name: 'Edit message' }).fill('half a change');
  for (let at = 0; at < 80; at += 1) await write(ann, room, `more ${at}`);
  await shows(page, 'more 79');
  await page.getByRole('textbox', { name: 'Edit message' }).waitFor({ state: 'detached' });
  const list = page.locator('[data-virtuoso-scroller]');
  await list.hover();
  const editor = page.getByRole('textbox', { name: 'Edit message' });
  for (const end = Date.now() + 20_000; (await editor.count()) === 0 && Date.now() < end;) {
    await page.mouse.wheel(0, -600);
    await page.waitForTimeout(60);
  }
  assert.equal(await editor.inputValue(), 'half a change');
  await editor.press('Enter');
  await shows(page, 'half a change');
});

test('a text that was refused joins the one that was begun meanwhile', async (t) => {
  const ann = await register(`a${unique()}`);
  const room = await roomOf(ann);
  const page = await enter(t, ann, { room });
  await forgetLength(page);
  const long = `${'x'.repeat(5_001)}`;
  await say(page, long);
  await page.locator('[data-pending][data-state=failed]').waitFor();
  await composer(page).fill('begun meanwhile');
  await page.locator('[data-pending]').getByRole('button', { name: 'Edit' }).click();
  assert.equal(await composer(page).inputValue(), `${long}\nbegun meanwhile`);
  await page.reload();
  await composer(page).waitFor();
  assert.equal(await composer(page).inputValue(), `${long}\nbegun meanwhile`, 'it is a draft like any other');
});

test('what could not be sent says why after a reload too', async (t) => {
  const ann = await register(`a${unique()}`);
  const room = await roomOf(ann);
  const page = await enter(t, ann, { room });
  await forgetLength(page);
  await say(page, 'x'.repeat(5_001));
  await page.locator('[data-pending]').getByText('Message is too long (max 5000 characters)').waitFor();
  await page.reload();
  await page.locator('[data-pending]').getByText('Message is too long (max 5000 characters)').waitFor();
});

test('what was written offline outlives a session that was ended elsewhere', async (t) => {
  const ann = await register(`a${unique()}`);
  const room = await roomOf(ann);
  const proxy = await unreliable(t, CHAT_URL);
  const page = await enter(t, ann, { room, url: proxy.url });
  await online(page);
  proxy.down();
  await away(page);
  const text = unique();
  await say(page, text);
  await pending(page, text).waitFor();
  const { accessToken } = await call(undefined, 'POST', '/api/auth/login', { identifier: ann.username, password: 'a good password' });
  await call(accessToken, 'DELETE', '/api/me/sessions');
  proxy.up();
  await page.getByText('Your session was ended. Please sign in again.').waitFor();
  await signIn(page, ann.username);
  await shows(page, text);
  assert.equal(await message(page, text).count(), 1);
});

test('who signs out while the server is away is out everywhere, and the server learns of it', async (t) => {
  const ann = await register(`a${unique()}`);
  const proxy = await unreliable(t, CHAT_URL);
  const page = await enter(t, ann, { url: proxy.url });
  await composer(page).fill('not for the next one');
  const second = await page.context().newPage();
  await second.goto(page.url());
  await composer(second).waitFor();
  proxy.down();
  await page.getByRole('button', { name: /Account and settings/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  for (const one of [page, second]) {
    await one.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    assert.equal(await one.getByRole('alert').count(), 0, 'they wanted it so');
  }
  assert.equal(await page.evaluate(() => JSON.stringify({ ...localStorage }).includes('not for the next one')), false);
  proxy.up();
  await page.reload();
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  const refreshed = await page.evaluate(() => fetch('/api/auth/refresh', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }).then(({ status }) => status));
  assert.equal(refreshed, 401);
});

test('a server that falters once takes nothing from the screen', async (t) => {
  const [ann, ben] = await two();
  const page = await enter(t, ben);
  let asked = 0;
  await page.route('**/api/me', (route) => {
    asked += 1;
    return route.fulfill({ status: 503, contentType: 'application/json', body: '{"error":{"code":"database_away","message":"away"}}' });
  });
  const den = await call(ann.token, 'POST', '/api/rooms', { name: `Den ${unique()}`, kind: 'private' });
  await call(ann.token, 'PUT', `/api/rooms/${den.id}/invites/${ben.id}`);
  for (const end = Date.now() + 40_000; asked < 5 && Date.now() < end;) await page.waitForTimeout(200);
  assert(asked >= 5, 'it was tried');
  await page.waitForTimeout(500);
  await say(page, 'Still here');
  await shows(page, 'Still here');
});

test('a page that cannot be loaded leaves the rest standing', async (t) => {
  const ann = await register(`a${unique()}`);
  const page = await enter(t, ann);
  await page.route('**/assets/Settings*', (route) => route.abort());
  await goes(page, '#/settings');
  await page.getByText('This page cannot be shown').waitFor();
  await goes(page, '#/rooms/main-chat');
  await composer(page).waitFor();
  await goes(page, '#/rooms/%2E');
  await page.getByLabel('Message to main-chat').waitFor();
});

test('a guest who looks around first sees the room all the same', async (t) => {
  const ann = await register(`a${unique()}`);
  const text = unique();
  await call(ann.token, 'POST', '/api/rooms/main-chat/messages', { content: text });
  const page = await open(t, { path: '#/browse' });
  await page.getByRole('button', { name: 'Look around as a guest' }).click();
  await page.getByLabel('Your name').fill('Zoe');
  await page.getByRole('button', { name: 'Come in' }).click();
  await online(page);
  await page.waitForTimeout(500);
  await goes(page, '#/rooms/main-chat');
  await shows(page, text);
});

test('slow mode says how long, and keeps what is written', async (t) => {
  const [ann, ben] = await two();
  const room = await roomOf(ann, ben);
  await call(ann.token, 'PUT', `/api/rooms/${room.id}/slow-mode`, { seconds: 4 });
  const page = await enter(t, ben, { room });
  await say(page, 'First');
  await shows(page, 'First');
  await page.getByRole('button', { name: /Slow mode: \d more seconds/ }).waitFor();
  await say(page, 'Second');
  assert.equal(await composer(page).inputValue(), 'Second');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await shows(page, 'Second');
  assert.equal(await page.locator('[data-state=failed]').count(), 0);
});

test('who is called by name sees it in the list, and is notified while the page is not in sight', async (t) => {
  const [ann, ben] = await two();
  const [room, quiet] = [await roomOf(ann, ben), await roomOf(ann, ben)];
  const direct = await call(ann.token, 'PUT', `/api/me/directs/${ben.id}`);
  const page = await enter(t, ben);
  await page.context().grantPermissions(['notifications']);
  await page.evaluate(() => {
    window.shown = [];
    const Real = Notification;
    window.Notification = class extends Real {
      constructor(title, more) {
        super(title, more);
        window.shown.push([title, more.body]);
      }
    };
  });
  await page.getByRole('button', { name: /Account and settings/ }).click();
  await page.getByRole('menuitemcheckbox', { name: 'Notifications' }).click();
  await write(ann, room, `Seen, so not shown, @${ben.username}`);
  await link(page, `${room.name}.*1 unread message, you are called by name`).waitFor();
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { get: () => true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await write(ann, quiet, 'Nobody in particular');
  await write(ann, room, `Hello @${ben.username.toUpperCase()}!`);
  await write(ann, room, `Hello @${ben.username}son, and ${ben.username}`);
  await write(ann, direct, 'Just you');
  await link(page, `${quiet.name}.*1 unread message$`).waitFor();
  await page.waitForFunction(() => window.shown.length === 2);
  assert.deepEqual(await page.evaluate(() => window.shown), [
    [`${ann.username} in ${room.name}`, `Hello @${ben.username.toUpperCase()}!`], [ann.username, 'Just you'],
  ]);
});

test('who comes to many unread ones is led to the first of them, also straight from outside', async (t) => {
  const [ann, ben] = await two();
  for (const isStraight of [false, true]) {
    const room = await roomOf(ann, ben);
    await write(ann, room, 'read long ago');
    await call(ben.token, 'PUT', `/api/rooms/${room.id}/read-marker`, { seq: 1 });
    for (let at = 0; at < 60; at += 1) await write(ann, room, `news ${at}`);
    const page = await open(t, { viewport: { width: 360, height: 740 }, path: isStraight ? `#/rooms/${room.slug}` : '' });
    await signIn(page, ben.username);
    if (!isStraight) await link(page, `${room.name}.*60 unread`).click();
    await shows(page, 'news 59');
    await page.getByRole('button', { name: 'To the first new message' }).click();
    await page.locator('[data-new-line]').waitFor();
    await shows(page, 'news 0');
  }
});
