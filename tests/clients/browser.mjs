// Pages of examples/, in a browser.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { example, serve, shows } from './page.mjs';
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
