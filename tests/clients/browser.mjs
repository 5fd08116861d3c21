// Pages of examples/, in a browser.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { example, launch as launchBare, read, serve, shows } from './page.mjs';
import { launch, open, quit, unique } from './web/page.mjs';

before(() => launch());
after(quit);

test('the smallest browser page talks', async (t) => {
  const host = await serve(example('browser'));
  t.after(() => host.close());
  const page = await open(t, { url: host.url.slice(0, -1) });
  const userid = unique();
  for (const field of ['userid', 'email', 'password']) {
    await page.fill(`[name=${field}]`, field === 'email' ? `${userid}@example.com` : userid);
  }
  await page.click('button:has-text("Sign up")');
  await page.locator('form [name=message]').waitFor({ state: 'visible' });
  await page.fill('form [name=message]', `hello from ${userid}`);
  await page.press('form [name=message]', 'Enter');
  await shows(page, `hello from ${userid}`);
  assert.deepEqual(page.faults, []);
});

test('the page of the README talks, or says what is missing', { timeout: 60_000 }, async (t) => {
  const { CHAT_URL, CHAT_USERS } = process.env;
  const [, html] = read('../../README.md').match(/```html\n(.*?)```/s);
  const host = await serve(html.replaceAll('http://127.0.0.1:5000', CHAT_URL));
  const browser = await launchBare();
  t.after(() => Promise.all([browser.close(), host.close()]));
  const come = async (token) => {
    const page = await browser.newPage();
    const alerted = new Promise((hear) => {
      page.on('dialog', (dialog) => {
        if (dialog.type() === 'alert') hear(dialog.message());
        return dialog.accept(dialog.type() === 'prompt' ? token : undefined);
      });
    });
    await page.goto(host.url);
    return { page, alerted };
  };
  assert.match(await (await come('')).alerted, /No token/);
  assert.equal(await (await come('forged')).alerted, 'Cannot connect: Unauthorized - Invalid token');
  const [{ name, token }] = JSON.parse(CHAT_USERS);
  await shows((await come(token)).page, `${name}: Hello from a page`);
});
