// The page of the channels dialect's document: all of its JavaScript as it stands there, against the program.
// CHAT_USERS: ann, who owns Tavern, ben with CHAT_CHARACTER, cleo, and dora with a room of her own.
// main-chat has 120 lines.
// Whoever started this takes the server away when `away` is printed, and brings it back at `back`.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { read, shows, tell } from './page.mjs';

const { CHAT_URL, CHAT_USERS, CHAT_CHARACTER } = process.env;
const [ann, ben, cleo, dora] = JSON.parse(CHAT_USERS);
const asked = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const scripts = [...read('channels_document.md').matchAll(/^```javascript\n(.*?)^```$/gms)].map(([, code]) => code);
assert.equal(scripts.length, 4, 'three classes, and the application');

// The document has no style: it takes for granted that `hidden` hides and that the messages scroll.
const html = `<!doctype html><meta charset="utf-8">
<style>.hidden { display: none } #chat-messages { height: 300px; overflow-y: auto }</style>
<div id="chat-container"></div>
${scripts.map((code) => `<script>${code}</script>`).join('\n')}`;

const logIn = (token) => localStorage.setItem('authToken', token);
const said = (page, text) => page.locator('.message-content', { hasText: text }).waitFor();
const lines = (page) => page.locator('.message-content').allInnerTexts();
const is = (page, status) => page.waitForSelector(`#connection-status.${status}`);

async function enter(open, user) {
  const page = await open(logIn, user.token);
  page.log = [];
  page.on('console', (line) => page.log.push(line.text()));
  await page.locator('option', { hasText: 'main-chat' }).waitFor({ state: 'attached' });
  return page;
}

/** The status is not asked for: it may show the end of the old connection, where that comes last. */
async function choose(page, channel) {
  const connected = (line) => line.text().startsWith('WebSocket connected');
  await Promise.all([
    page.waitForEvent('console', connected),
    page.selectOption('#channel-select', { label: channel }),
  ]);
}

async function say(page, text) {
  await page.fill('#message-input', text);
  await page.click('#send-button');
}

async function isRefused(page, text, error) {
  await say(page, text);
  await page.locator('.error-message', { hasText: error }).first().waitFor();
  assert.equal(await page.inputValue('#message-input'), text, 'one may try again');
}

/** As by a wheel: down a little, and up again. */
async function scrollUp(page, expected) {
  for (const top of [40, 0]) {
    await page.locator('#chat-messages').evaluate((part, to) => { part.scrollTop = to; }, top);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  await page.waitForFunction((count) => document.querySelectorAll('.message').length === count, expected);
  await page.locator('#loading-indicator').waitFor({ state: 'hidden' });
}

async function historyOf(page) {
  assert.deepEqual(await page.locator('#channel-select option').allInnerTexts(),
    ['Select a channel...', 'main-chat', 'Tavern']);
  await choose(page, 'main-chat');
  await is(page, 'connected');
  const all = Array.from({ length: 120 }, (_, at) => `line ${at + 1}`);
  assert.deepEqual(await lines(page), all.slice(-50));
  const bottom = await page.locator('#chat-messages').evaluate((part) => part.scrollHeight - part.scrollTop - part.clientHeight);
  assert.ok(bottom < 2, 'the newest is in view');
  for (const count of [100, 120, 120]) await scrollUp(page, count);
  assert.deepEqual(await lines(page), all);
  const numbers = await page.locator('.message').evaluateAll((all) => all.map(({ dataset }) => Number(dataset.messageId)));
  assert.deepEqual(numbers, all.map((_, at) => at + 1));
}

async function talkOf(pages) {
  const [first, second] = pages;
  for (const page of pages) await choose(page, 'Tavern');
  await say(first, 'Hello, <b>is</b> anybody here? 😀');
  for (const page of pages) await said(page, 'Hello, <b>is</b> anybody here? 😀');
  assert.equal(await second.locator('.message b').count(), 0, 'text is data, never markup');
  assert.equal(await second.innerText('.message .username'), 'ben');
  assert.match(await second.innerText('.message .timestamp'), /^\d?\d:\d\d:\d\d/);
  assert.equal(await first.inputValue('#message-input'), '');
  assert.equal(await first.locator('.message').count(), 1, 'once, by the socket');
  await second.fill('#message-input', 'by the key');
  await second.press('#message-input', 'Enter');
  await said(first, 'by the key');
  // The document leaves it to the application which characters may be chosen.
  await first.evaluate((id) => document.getElementById('character-select').append(new Option('Bard', id)), CHAT_CHARACTER);
  await first.selectOption('#character-select', 'Bard');
  await say(first, 'sung');
  await said(second, 'sung');
  assert.equal(await second.locator('.message', { hasText: 'sung' }).locator('.username').innerText(), 'Bard');
  await first.selectOption('#character-select', '');
}

/** One who has begun is shown for three seconds. */
async function sees(page, typists, text) {
  let seen = false;
  const types = async (typist) => {
    for (let count = 0; !seen; count += 1) {
      await typist.fill('#message-input', `I a${'h'.repeat(count)}`);
      await sleep(300);
    }
    await typist.fill('#message-input', '');
  };
  const shown = page.locator('#typing-text', { hasText: text }).waitFor().finally(() => { seen = true; });
  await Promise.all([shown, ...typists.map(types)]);
}

async function typingOf([one, two, three, four]) {
  await sees(one, [two], /^cleo is typing\.\.\.$/);
  await sees(one, [two, three], /^(cleo and dora|dora and cleo) are typing\.\.\.$/);
  await sees(one, [two, three, four], /^3 people are typing\.\.\.$/);
  await one.locator('#typing-indicator').waitFor({ state: 'hidden' });
}

/** The old channel is left for good: its end must be a clean one, or this client goes back to it. */
async function changeOf(page, other) {
  page.log.length = 0;
  await choose(page, 'main-chat');
  await choose(page, 'Tavern');
  await page.waitForFunction(() => document.querySelectorAll('.message').length === 3);
  await say(other, 'welcome back');
  await said(page, 'welcome back');
  const ended = () => page.log.filter((line) => line.startsWith('WebSocket disconnected'));
  for (let waited = 0; ended().length < 2 && waited < 100; waited += 1) await sleep(100);
  const ends = ended();
  assert.deepEqual(ends, Array(2).fill('WebSocket disconnected: 1000 Intentional disconnect'));
  assert.ok(!page.log.some((line) => line.startsWith('Reconnecting')), page.log.join('\n'));
}

async function errorsOf(page) {
  // As much as its field takes is not too long: both count alike.
  await say(page, '🦀'.repeat(501));
  await said(page, '🦀'.repeat(500));
  await page.evaluate(() => document.getElementById('message-input').removeAttribute('maxlength'));
  await isRefused(page, 'x'.repeat(1001), 'Message is too long (max 1000 characters)');
  await isRefused(page, 'what a fucking mess', 'Message contains inappropriate content.');
}

async function restartOf(pages) {
  const [first, second] = pages;
  console.log('away');
  for (const page of pages) await is(page, 'disconnected');
  await asked.next();
  await isRefused(first, 'too early', 'Failed to fetch');
  console.log('back');
  for (const page of pages) await is(page, 'connected');
  await first.click('#send-button');
  for (const page of pages) await said(page, 'too early');
  await say(second, 'and I');
  await said(first, 'and I');
  assert.deepEqual(await lines(first), await lines(second));
}

const ask = (user, method, path, body) => fetch(CHAT_URL + path, {
  method,
  body: JSON.stringify(body),
  headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/json' },
});

async function endsOf(page) {
  assert.ok((await ask(ann, 'PUT', `/api/rooms/tavern/bans/${ben.id}`, { reason: 'Brawling' })).ok);
  await is(page, 'disconnected');
  await isRefused(page, 'let me in', "You don't have permission to post in this channel.");
  await page.selectOption('#channel-select', { label: 'main-chat' });
  await said(page, 'line 120');
  await page.selectOption('#channel-select', { label: 'Tavern' });
  await page.locator('.error-message', { hasText: 'Failed to load messages' }).first().waitFor();
}

async function limitOf(page) {
  // By another page of hers, say.
  const more = Array.from({ length: 30 }, () => ask(cleo, 'POST', '/api/chat/channels/1/messages', { content: 'more' }));
  assert.ok((await Promise.all(more)).some(({ ok }) => !ok));
  await isRefused(page, 'one more', 'Rate limit exceeded. Please slow down.');
}

async function tokensOf(open) {
  const page = await open(logIn, 'not a token');
  await page.locator('.error-message', { hasText: 'Failed to load channels' }).first().waitFor();
  const renew = (token) => window.dispatchEvent(new CustomEvent('authTokenChanged', { detail: { token } }));
  await page.evaluate(renew, dora.token);
  // The application has it now; the list is loaded once, with the page.
  assert.equal(await page.evaluate(() => localStorage.getItem('authToken')), dora.token);
}

await tell(html, async (open) => {
  const pages = [];
  for (const user of [ben, cleo, dora, ann]) pages.push(await enter(open, user));
  await historyOf(pages[0]);
  await talkOf(pages);
  await typingOf(pages);
  await changeOf(pages[0], pages[1]);
  await errorsOf(pages[0]);
  await restartOf(pages.slice(0, 2));
  await endsOf(pages[0]);
  await limitOf(pages[1]);
  await tokensOf(open);
  await pages[1].evaluate(() => window.dispatchEvent(new Event('logout')));
  await is(pages[1], 'disconnected');
}, `--host-resolver-rules=MAP localhost:8000 ${new URL(CHAT_URL).host}`);
