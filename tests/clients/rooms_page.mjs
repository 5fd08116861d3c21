// The smallest page of the rooms dialect, in a browser: logging in, rooms, history, talking, typing.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

const { CHAT_URL, CHROMIUM } = process.env;
const executablePath = CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const html = readFileSync(new URL('../../examples/rooms/index.html', import.meta.url), 'utf8');
const host = createServer((_, answer) => answer.setHeader('content-type', 'text/html')
  .end(html.replaceAll('http://localhost:5000', CHAT_URL)));
await new Promise((listening) => host.listen(0, '127.0.0.1', listening));
const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu'] });
try {
  const page = await browser.newPage();
  const faults = [];
  page.on('pageerror', (error) => faults.push(error.message));
  const shows = (text) => page.waitForFunction((wanted) => document.body.innerText.includes(wanted), text);
  await page.goto(`http://127.0.0.1:${host.address().port}/`);
  await page.fill('[name=identifier]', 'zoe');
  await page.fill('[name=password]', 'wrong');
  await page.click('text=Log in');
  await page.waitForFunction(() => document.getElementById('notice').textContent !== '');
  await page.fill('[name=password]', 'correct horse 1');
  await page.click('text=Log in');
  await shows('here: ');
  await page.focus('[name=room]');
  await page.selectOption('[name=room]', { label: 'Garden' });
  await shows('ann: from the script');
  await page.type('[name=content]', 'from the page');
  await page.press('[name=content]', 'Enter');
  await shows('zoe: from the page');
  await shows('ben is typing');
  await shows('ben: Hello page (edited)');
  await page.waitForFunction(() => !document.body.innerText.includes('ann: from the script'));
  assert.deepEqual(faults, []);
  console.log('ok');
} finally {
  await browser.close();
  host.close();
}
