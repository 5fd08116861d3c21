// A stranger with a browser: signs up on the page at `/`, talks, is heard. Needs Chromium
// (CHROMIUM, or Debian's). SCREENSHOTS=folder keeps a picture of each step.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { chromium } from 'playwright-core';

const { CHAT_URL, CHROMIUM, SCREENSHOTS } = process.env;
const executablePath = CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const QUIET = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath, args: QUIET });
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
const shows = (page, text) => page.waitForFunction((wanted) => document.body.innerText.includes(wanted), text);

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
  const html = readFileSync(new URL('../../examples/browser/index.html', import.meta.url), 'utf8');
  const host = createServer((_, answer) => answer.setHeader('content-type', 'text/html')
    .end(html.replaceAll('http://localhost:5000', CHAT_URL)));
  await new Promise((listening) => host.listen(0, '127.0.0.1', listening));
  t.after(() => host.close());
  const page = await open(t, `http://127.0.0.1:${host.address().port}/`);
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
