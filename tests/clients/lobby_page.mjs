// The smallest page of the lobby, in a browser: what was said before, who is here, a message, a new room.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

const { CHAT_URL, CHROMIUM } = process.env;
const executablePath = CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const html = readFileSync(new URL('../../examples/lobby/index.html', import.meta.url), 'utf8');
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
  await page.locator('option', { hasText: 'main-chat' }).waitFor({ state: 'attached' });
  await page.fill('[name=username]', 'Ben');
  await page.click('text=Enter');
  await shows('Zoe: hello from the smallest script');
  await shows('2 here: Ben, Zoe');
  await page.fill('[name=content]', 'hello from the page');
  await shows('Ben typing');
  await page.press('[name=content]', 'Enter');
  await shows('Ben: hello from the page');
  await page.click('text=Leave');
  await page.fill('[name=name]', 'Garden');
  await page.click('text=Create');
  await shows('1 here: Ben');
  await page.click('text=Leave');
  await page.fill('[name=name]', 'GARDEN');
  await page.click('text=Create');
  await shows('Room name already exists');
  assert.deepEqual(faults, []);
  console.log('ok');
} finally {
  await browser.close();
  host.close();
}
