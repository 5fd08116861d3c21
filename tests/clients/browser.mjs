// A stranger with a browser: signs up on the page at `/`, talks, is heard. Needs Chromium
// (CHROMIUM, or Debian's). SCREENSHOTS=folder keeps a picture of each step.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import jwt from 'jsonwebtoken';
import { example, launch, serve, shows } from './page.mjs';
import { unreliable } from './proxy.mjs';

const { ACCESS_TOKEN_SECRET, CHAT_URL, SCREENSHOTS } = process.env;
let browser;

before(async () => {
  browser = await launch();
});
after(async () => {
  await browser?.close();
});

async function open(t, url = CHAT_URL) {
  const context = await browser.newContext({ viewport: { width: 900, height: 700 } });
  t.after(() => context.close());
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(error.message));
  page.on('console', (line) => line.type() === 'error' && page.faults.push(line.text()));
  await page.goto(url);
  return page;
}

async function picture(page, name) {
  if (SCREENSHOTS) await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

async function signUp(page, userid) {
  await page.click('#login [data-show=signup]');
  for (const [field, value] of Object.entries({
    name: userid.toUpperCase(), userid, email: `${userid}@example.com`, password: 'a good password', dob: '1990-02-03',
  })) await page.fill(`#signup [name=${field}]`, value);
  await picture(page, `sign-up-${userid}`);
  await page.click('#signup button:not([type])');
  await page.waitForSelector('#talk:not([hidden])');
}

async function say(page, text) {
  await page.fill('#text', text);
  await page.press('#text', 'Enter');
}

const unique = () => `p${Date.now().toString(36)}${Math.floor(Math.random() * 1e6)}`;
const message = (page, text) => page.locator('#messages li', { hasText: text });
const isSent = (page, text) => page.locator('#messages li:not([aria-busy])', { hasText: text }).waitFor();
const shownLast = async (page, count) => (await page.locator('#messages li > p').allInnerTexts()).slice(-count);

async function edit(page, text, changed) {
  await message(page, text).getByRole('button', { name: 'Edit' }).click();
  await say(page, changed);
  await isSent(page, changed);
}

async function remove(page, text) {
  page.once('dialog', (dialog) => dialog.accept());
  await message(page, text).getByRole('button', { name: 'Delete' }).click();
  await message(page, text).waitFor({ state: 'detached' });
}

test('two strangers sign up and talk', async (t) => {
  const [ann, ben] = [await open(t), await open(t)];
  await signUp(ann, `a${unique()}`);
  await signUp(ben, `b${unique()}`);
  await say(ann, 'Hello, <b>is</b> anybody here?');
  await shows(ben, 'Hello, <b>is</b> anybody here?');
  await say(ben, 'I am 😀');
  await shows(ann, 'I am 😀');
  assert.equal(await ben.locator('#messages b:has-text("is")').count(), 0, 'text is data, never markup');
  await picture(ann, 'talk');
  await ann.reload();
  await picture(ann, 'after-reload');
  assert.deepEqual([...ann.faults, ...ben.faults], []);
});

test('what is edited and deleted is so for everybody', async (t) => {
  const [ann, ben] = [await open(t), await open(t)];
  await signUp(ann, `a${unique()}`);
  await signUp(ben, `b${unique()}`);
  const [first, second, changed] = [unique(), unique(), unique()];
  await say(ann, first);
  await say(ann, second);
  await shows(ben, second);
  assert.equal(await message(ben, first).getByRole('button').count(), 0, 'it is not his');
  await edit(ann, first, changed);
  await remove(ann, second);
  await shows(ben, 'Message deleted');
  for (const page of [ann, ben]) assert.deepEqual(await shownLast(page, 2), [changed, 'Message deleted']);
});

test('who types is named', async (t) => {
  const pages = [await open(t), await open(t), await open(t)];
  const names = ['a', 'b', 'c'].map((name) => `${name}${unique()}`);
  for (const [at, page] of pages.entries()) await signUp(page, names[at]);
  const [ann, ben, cleo] = pages;
  const [, nameOfBen, nameOfCleo] = names.map((name) => name.toUpperCase());
  for (const page of pages) await page.waitForSelector('#state[data-state=on]');
  await ben.fill('#text', 'I am');
  await shows(ann, `${nameOfBen} is typing…`);
  await cleo.fill('#text', 'So am I');
  await shows(ann, `${nameOfBen}, ${nameOfCleo} are typing…`);
  await ben.press('#text', 'Enter');
  await shows(ann, `${nameOfCleo} is typing…`);
});

test('what happened while a page was away comes once, and in order', async (t) => {
  const proxy = await unreliable(t, CHAT_URL);
  const [ann, ben] = [await open(t), await open(t, proxy.url)];
  await signUp(ann, `a${unique()}`);
  await signUp(ben, `b${unique()}`);
  const [edited, removed, ...missed] = Array.from({ length: 12 }, unique);
  await say(ann, edited);
  await say(ann, removed);
  await shows(ben, removed);
  proxy.down();
  await shows(ben, 'trying again…');
  for (const text of missed) await say(ann, text);
  const changed = unique();
  await edit(ann, edited, changed);
  await remove(ann, removed);
  const own = unique();
  await say(ben, own);
  await picture(ben, 'away');
  assert.equal(await message(ben, own).getAttribute('aria-busy'), 'true');
  proxy.up();
  for (const page of [ann, ben]) {
    await isSent(page, own);
    assert.deepEqual(await shownLast(page, 13), [changed, 'Message deleted', ...missed, own]);
  }
  assert.equal(await ben.inputValue('#text'), '');
  await shows(ben, 'Connected as B');
});

test('who logs out leaves nothing behind, and may come back', async (t) => {
  const page = await open(t);
  const userid = unique();
  await signUp(page, userid);
  const text = unique();
  await say(page, text);
  await isSent(page, text);
  await page.click('#leave');
  await page.waitForSelector('#login:not([hidden])');
  assert.equal(await page.locator('#messages li').count(), 0);
  assert.equal(await page.innerText('#state'), 'Not connected');
  await page.fill('#login [name=identifier]', userid);
  await page.fill('#login [name=password]', 'a good password');
  await page.click('#login button:not([type])');
  await isSent(page, text);
  assert.equal(await page.innerText('#state'), `Connected as ${userid.toUpperCase()}`);
  assert.deepEqual(page.faults, []);
});

test('a session that ends says so', { skip: !ACCESS_TOKEN_SECRET && 'needs ACCESS_TOKEN_SECRET' }, async (t) => {
  const page = await open(t);
  await signUp(page, unique());
  const { id } = await page.evaluate(() => JSON.parse(sessionStorage.getItem('me')));
  for (const expiresIn of ['3s', '-1s']) {
    const me = { id, accessToken: jwt.sign({ userId: id }, ACCESS_TOKEN_SECRET, { expiresIn }) };
    await page.evaluate((changed) => sessionStorage.setItem('me', JSON.stringify(changed)), me);
    await page.reload();
    await shows(page, 'Your session has ended. Please log in again.');
    assert.equal(await page.isVisible('#login'), true);
  }
});

test('what is wrong is said in words', async (t) => {
  const page = await open(t);
  await page.fill('#login [name=identifier]', unique());
  await page.fill('#login [name=password]', 'wrong password');
  await page.click('#login button:not([type])');
  await shows(page, 'Invalid email or password. 4 attempts remaining.');
  await picture(page, 'wrong-password');
});

test('a field that is wrong is named as it stands on the page', async (t) => {
  const page = await open(t);
  await page.click('#login [data-show=signup]');
  const userid = `${unique()}@example.com`;
  for (const [field, value] of Object.entries({ name: 'Ann', userid, email: userid, password: 'a good password', dob: '1990-02-03' })) {
    await page.fill(`#signup [name=${field}]`, value);
  }
  await page.click('#signup button:not([type])');
  await shows(page, 'Username must not contain @: it is no email address');
});

test('the smallest browser page talks', async (t) => {
  const host = await serve(example('browser'));
  t.after(() => host.close());
  const page = await open(t, host.url);
  const userid = unique();
  for (const field of ['userid', 'email', 'password']) {
    await page.fill(`[name=${field}]`, field === 'email' ? `${userid}@example.com` : userid);
  }
  await picture(page, 'smallest-page');
  await page.click('button:has-text("Sign up")');
  await page.locator('form [name=message]').waitFor({ state: 'visible' });
  await page.fill('form [name=message]', `hello from ${userid}`);
  await page.press('form [name=message]', 'Enter');
  await shows(page, `hello from ${userid}`);
  assert.deepEqual(page.faults, []);
});
