// Pages in Chromium (CHROMIUM, or Debian's), each served from an origin of its own, as others serve theirs.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';

const { CHAT_URL, CHROMIUM } = process.env;
const executablePath = CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));
const QUIET = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export const launch = (...more) => chromium.launch({ executablePath, args: [...QUIET, ...more] });

export const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');

/** The smallest page of a dialect, for the server of this test. */
export const example = (name) => read(`../../examples/${name}/index.html`).replaceAll('http://localhost:5000', CHAT_URL);

export async function serve(html) {
  const host = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(html));
  await new Promise((listening) => host.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${host.address().port}/`, close: () => host.close() };
}

export const shows = (page, text) => page.waitForFunction((wanted) => document.body.innerText.includes(wanted), text);

/** A story of pages that `open` opens: none of their scripts may fail. */
export async function tell(html, story, ...flags) {
  const [host, browser] = [await serve(html), await launch(...flags)];
  const faults = [];
  const open = async (script = () => {}, argument = undefined) => {
    const page = await (await browser.newContext()).newPage();
    page.on('pageerror', (error) => faults.push(error.message));
    await page.addInitScript(script, argument);
    await page.goto(host.url);
    return page;
  };
  try {
    await story(open);
    assert.deepEqual(faults, []);
    console.log('ok');
  } finally {
    await browser.close();
    host.close();
  }
}
