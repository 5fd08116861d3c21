// What every story of the web client does: opens a browser, signs up, talks.
import assert from 'node:assert/strict';
import { launch as launchChromium, read } from '../page.mjs';

export const { CHAT_URL } = process.env;
export const PASSWORD = 'a good password';

let browser;

export async function launch(...more) {
  browser ??= await launchChromium(...more);
  return browser;
}
export async function quit() {
  await browser?.close();
  browser = undefined;
}

/** A browser of its own for somebody; `faults` are what must not be: errors of the page, refusals of its policy. */
export async function open(t, { url = CHAT_URL, path = '', ...options } = {}) {
  const context = await (await launch()).newContext({ viewport: { width: 1280, height: 800 }, ...options });
  t?.after(() => context.close());
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(error.message));
  page.on('console', (line) => {
    const isAway = /Failed to load resource|WebSocket connection|ERR_|net::/.test(line.text());
    if (line.type() === 'error' && !isAway) page.faults.push(line.text());
  });
  await page.goto(`${url}/${path}`);
  return page;
}

export const unique = () => `p${Date.now().toString(36)}${Math.floor(Math.random() * 1e6)}`;

export async function signUp(page, username) {
  await page.getByRole('button', { name: 'Create an account' }).click();
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Email').fill(`${username}@example.com`);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create an account' }).click();
  await composer(page).waitFor();
}

export async function signIn(page, identifier, password = PASSWORD) {
  await page.getByLabel('Email or username').fill(identifier);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Somebody with an account, in a browser of their own; in a room, if one is given. */
export async function enter(t, person, { room, ...options } = {}) {
  const page = await open(t, options);
  await signIn(page, person.username);
  await composer(page).waitFor();
  await page.waitForSelector('[data-status=online]', { state: 'attached' });
  if (room) await visit(page, room);
  return page;
}
export async function visit(page, room) {
  await goes(page, `#/rooms/${room.slug}`);
  await page.getByLabel(`Message to ${room.name}`).waitFor();
}
/** Made by the first, and entered by the others. */
export async function roomOf(owner, ...others) {
  const room = await call(owner.token, 'POST', '/api/rooms', { name: `Room ${unique()}` });
  for (const { token } of others) await call(token, 'POST', `/api/rooms/${room.id}/join`);
  return room;
}
export const write = (who, room, content) => call(who.token, 'POST', `/api/rooms/${room.id}/messages`, { content });

/** Two strangers, each in a browser. */
export async function twoIn(t) {
  const pages = [await open(t), await open(t)];
  const names = [`a${unique()}`, `b${unique()}`];
  await signUp(pages[0], names[0]);
  await signUp(pages[1], names[1]);
  return { ann: pages[0], ben: pages[1], names };
}
export const spotless = (...pages) => assert.deepEqual(pages.flatMap(({ faults }) => faults), []);

/** By hand; its address. */
export async function makeRoom(page, name = `Room ${unique()}`, kind = 'Everybody') {
  await page.getByRole('button', { name: 'Create a room' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByText(kind).click();
  await dialog.getByRole('button', { name: 'Create room' }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
  return page.evaluate(() => location.hash);
}

export const composer = (page) => page.locator('[data-composer]');
export async function say(page, text) {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

export const message = (page, text) => page.locator('[data-message]', { hasText: text });
export const pending = (page, text) => page.locator('[data-pending]', { hasText: text });
export const shows = (page, text) => message(page, text).first().waitFor();
export const goes = (page, hash) => page.evaluate((to) => { location.hash = to; }, hash);

/** A page that knows how long a message may be sends none that is longer. */
export const forgetLength = (page) => page.evaluate(() => { delete document.documentElement.dataset.messageChars; });

/** A button of a message, which is there while the pointer is. */
export async function act(page, text, name) {
  await message(page, text).hover();
  await message(page, text).getByRole('button', { name, exact: true }).click();
}
export async function choose(page, text, item) {
  await act(page, text, 'More');
  await page.getByRole('menuitem', { name: item }).click();
}

/** The texts of the list's end, top to bottom. */
export const shown = (page) => page.locator('[data-message] .whitespace-pre-wrap, [data-pending] .whitespace-pre-wrap').allInnerTexts();

const AXE = read('./node_modules/axe-core/axe.min.js');

/** What axe finds: none is what there should be. Playwright runs it beside the page's policy. */
export async function axe(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join(' | ')}`);
}

/** REST as somebody. */
export async function call(token, method, path, body) {
  const headers = { ...(token && { authorization: `Bearer ${token}` }), ...(body && { 'content-type': 'application/json' }) };
  const answer = await fetch(CHAT_URL + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
}

export async function register(username, name) {
  const { user, accessToken } = await call(undefined, 'POST', '/api/auth/register', { username, email: `${username}@example.com`, password: PASSWORD });
  if (name) await call(accessToken, 'PATCH', '/api/me', { name });
  return { id: user.id, username, name: name ?? username, token: accessToken };
}
