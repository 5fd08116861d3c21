// Stories of who comes and goes: signing in and up and out, sessions, guests, what is closed and erased for good.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { CHAT_URL, PASSWORD, call, composer, goes, launch, makeRoom, message, open, pending, quit, register, say, shows, signIn, signUp, spotless, twoIn, unique } from './page.mjs';

before(() => launch());
after(quit);

test('what is wrong is said beside it, until it is mended', async (t) => {
  const page = await open(t);
  await signIn(page, unique(), 'wrong password');
  await page.getByRole('alert').getByText('Invalid email or password. 4 attempts remaining.').waitFor();
  await page.getByRole('button', { name: 'Create an account' }).click();
  const taken = await register(`t${unique()}`);
  await page.getByLabel('Username').fill(taken.username);
  await page.getByLabel('Email').fill(`x${unique()}@example.com`);
  await page.getByLabel('Password').fill('a good password');
  await page.getByRole('button', { name: 'Create an account' }).click();
  await page.getByRole('alert').getByText('This username is taken.').waitFor();
  assert.equal(await page.getByLabel('Username').evaluate((field) => document.activeElement === field), true, 'the wrong field has the focus');
  await page.getByLabel('Username').fill(unique());
  await page.getByRole('alert').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Create an account' }).click();
  await composer(page).waitFor();
});

test('what is missing or misshapen is said in our words, and the first such field has the focus', async (t) => {
  const page = await open(t);
  await page.getByRole('button', { name: 'Create an account' }).click();
  const send = page.getByRole('button', { name: 'Create an account' });
  await send.click();
  for (const text of ['Choose a username.', 'Enter your email address.', 'A password has six characters or more.']) await page.getByText(text).waitFor();
  const focused = () => page.evaluate(() => document.activeElement.getAttribute('name'));
  assert.equal(await focused(), 'username');
  await page.getByLabel('Username').fill(unique());
  await page.getByLabel('Email').fill('ann@example');
  await page.getByLabel('Password').fill('secret');
  await send.click();
  await page.getByText('An email address looks like ann@example.com.').waitFor();
  assert.equal(await focused(), 'email');
  const taken = await register(`t${unique()}`);
  await page.getByLabel('Email').fill(`${taken.username}@example.com`);
  await send.click();
  await page.getByText('This email address is taken. Do you have an account already?').waitFor();
  assert.equal(await focused(), 'email');
  await page.getByRole('button', { name: 'Show what is typed' }).click();
  assert.equal(await page.getByLabel('Password').getAttribute('type'), 'text');
  await page.getByRole('button', { name: 'Show what is typed' }).click();
  assert.equal(await page.getByLabel('Password').getAttribute('type'), 'password');
  await page.getByLabel('Email').fill(`x${unique()}@example.com`);
  await send.click();
  await composer(page).waitFor();
  spotless(page);
});

test('a guest who wants to stay makes an account', async (t) => {
  const guest = await open(t);
  await guest.getByRole('button', { name: 'Look around as a guest' }).click();
  await guest.getByText('Left empty, you are called Anonymous.').waitFor();
  await guest.getByRole('button', { name: 'Come in' }).click();
  await composer(guest).waitFor();
  await guest.getByRole('button', { name: /Account and settings/ }).click();
  await guest.getByRole('menuitem', { name: 'Create an account' }).click();
  const username = unique();
  await guest.getByLabel('Username').fill(username);
  await guest.getByLabel('Email').fill(`${username}@example.com`);
  await guest.getByLabel('Password').fill(PASSWORD);
  await guest.getByRole('button', { name: 'Create an account' }).click();
  await composer(guest).waitFor();
  await guest.getByText(`@${username}`).waitFor();
  spotless(guest);
});

test('of many sessions that are alike the one in use stands first; another is signed out', async (t) => {
  const page = await open(t);
  const person = await register(`s${unique()}`);
  await signIn(page, person.username);
  await composer(page).waitFor();
  const login = (userAgent) => fetch(`${CHAT_URL}/api/auth/login`, {
    method: 'POST', headers: { 'content-type': 'application/json', 'user-agent': userAgent }, body: JSON.stringify({ identifier: person.username, password: PASSWORD }),
  });
  await login('Firefox/130 Linux');
  await login('Firefox/130 Linux');
  await goes(page, '#/settings/security');
  const rows = page.locator('main li', { hasText: 'since' });
  await rows.nth(3).waitFor();
  assert.match(await rows.first().innerText(), /This one/);
  await rows.nth(1).getByRole('button', { name: 'Sign out' }).click();
  await rows.nth(3).waitFor({ state: 'detached' });
  assert.equal(await rows.count(), 3);
  spotless(page);
});

test('a guest comes in where the operator lets them, and is the same after a reload', async (t) => {
  const [guest, ann] = [await open(t), await open(t)];
  await signUp(ann, unique());
  await guest.getByRole('button', { name: 'Look around as a guest' }).click();
  await guest.getByLabel('Your name').fill('Zoe');
  await guest.getByRole('button', { name: 'Come in' }).click();
  const text = unique();
  await composer(guest).waitFor();
  await say(guest, text);
  await message(ann, text).getByText('Guest', { exact: true }).waitFor();
  await pending(guest, text).waitFor({ state: 'detached' });
  await guest.reload();
  await shows(guest, text);
  const again = unique();
  await say(guest, again);
  await shows(ann, again);
  assert.equal(await ann.locator('[data-message]', { hasText: again }).getByText('Guest', { exact: true }).count(), 0, 'it goes on in the breath of the first');
  await guest.getByRole('button', { name: /Account and settings/ }).click();
  await guest.getByRole('menuitem', { name: 'Sign out' }).click();
  await guest.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  await guest.reload();
  await guest.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  spotless(guest, ann);
});

test('who signs out leaves nothing behind; all tabs are signed out', async (t) => {
  const ann = await open(t);
  await signUp(ann, unique());
  const second = await ann.context().newPage();
  await second.goto(ann.url());
  await composer(second).waitFor();
  await ann.getByRole('button', { name: /Account and settings/ }).click();
  await ann.getByRole('menuitem', { name: 'Sign out' }).click();
  for (const page of [ann, second]) await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  assert.equal(await ann.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]).includes('eyJ')), false);
});

test('a session that ended before the page came back says so', async (t) => {
  const ann = await open(t);
  const person = await register(`s${unique()}`);
  await signIn(ann, person.username);
  await composer(ann).waitFor();
  await ann.goto('about:blank');
  await call(person.token, 'DELETE', '/api/me/sessions');
  await ann.goto(CHAT_URL);
  await ann.getByText('Your session was ended. Please sign in again.').waitFor();
});

test('a session that is ended elsewhere says so', async (t) => {
  const ann = await open(t);
  const person = await register(`s${unique()}`);
  await signIn(ann, person.username);
  await composer(ann).waitFor();
  await call(person.token, 'DELETE', '/api/me/sessions');
  await ann.getByText('Your session was ended. Please sign in again.').waitFor();
});

test('a room is archived, opened again, and deleted; who is in it sees it', async (t) => {
  const { ann, ben } = await twoIn(t);
  const name = `Closing ${unique()}`;
  const hash = await makeRoom(ann, name);
  await goes(ben, hash);
  await ben.getByRole('button', { name: 'Join room' }).click();
  await ben.getByLabel(`Message to ${name}`).waitFor();
  await say(ann, 'Last words');
  await shows(ben, 'Last words');
  await ann.getByRole('button', { name: 'Room menu' }).click();
  await ann.getByRole('menuitem', { name: 'Room settings' }).click();
  const settings = ann.getByRole('dialog', { name: 'Room settings' });
  await settings.getByRole('button', { name: 'Archive' }).click();
  await ben.getByText('This room is archived. You can read it; nobody can write here.').waitFor();
  await shows(ben, 'Last words');
  assert.equal(await composer(ben).count(), 0);
  await settings.getByRole('button', { name: 'Reopen' }).click();
  await ben.getByLabel(`Message to ${name}`).waitFor();
  await settings.getByRole('button', { name: 'Delete room' }).click();
  const sure = ann.getByRole('dialog', { name: `Delete ${name}?` });
  await sure.getByRole('button', { name: 'Delete room' }).click();
  await ann.getByLabel('Message to main-chat').waitFor();
  await ben.getByText('There is no such room').waitFor();
  await ben.getByText(`${name} was deleted.`).waitFor();
  assert.equal(await ann.getByText(`${name} was deleted.`).count(), 0, 'she did it herself');
  for (const page of [ann, ben]) await page.getByRole('link', { name }).waitFor({ state: 'detached' });
  spotless(ann, ben);
});

test('an account is taken along, and erased with its password alone', async (t) => {
  const [ann, ben] = [await open(t), await register(`b${unique()}`)];
  const name = `a${unique()}`;
  await signUp(ann, name);
  const text = unique();
  await say(ann, text);
  await shows(ann, text);
  await goes(ann, '#/settings/data');
  const [download] = await Promise.all([ann.waitForEvent('download'), ann.getByRole('button', { name: 'Download my data' }).click()]);
  let saved = '';
  for await (const piece of await download.createReadStream()) saved += piece;
  assert(JSON.stringify(JSON.parse(saved)).includes(text), 'what was written is in it');
  await ann.getByRole('button', { name: 'Erase my account' }).click();
  const dialog = ann.getByRole('dialog', { name: 'Erase your account' });
  await dialog.getByLabel('Password').fill('not this one');
  await dialog.getByRole('button', { name: 'Erase my account' }).click();
  await dialog.getByRole('alert').getByText(/password/i).waitFor();
  await dialog.getByLabel('Password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Erase my account' }).click();
  await ann.getByText('Your account was erased.').waitFor();
  await signIn(ann, name);
  await ann.getByRole('alert').getByText(/Invalid email or password/).waitFor();
  const { data } = await call(ben.token, 'GET', '/api/rooms/main-chat/messages?limit=100');
  const left = data.find(({ content }) => content === text);
  assert(left && !JSON.stringify(left).includes(name), 'the words stay, the name does not');
  spotless(ann);
});
