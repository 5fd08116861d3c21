// Who does not see, or does not use a mouse: axe on each page in both themes, keys alone, another direction.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { axe, composer, goes, launch, message, open, quit, say, shows, signIn, signUp, unique } from './page.mjs';
import { seed } from './seed.mjs';

let world;
before(async () => {
  await launch();
  world = await seed(unique());
});
after(quit);

const opened = (page, name) => page.getByRole('dialog').getByText(name).first().waitFor();
/** Each page and dialog, and how one gets there. */
const PAGES = (garden) => ({
  room: [`#/rooms/${garden.slug}`, (page) => shows(page, 'on the train tonight')],
  'a message and its menu': [`#/rooms/${garden.slug}`, async (page) => {
    await message(page, 'CHEAP SEEDS').hover();
    await message(page, 'CHEAP SEEDS').getByRole('button', { name: 'More' }).click();
    await page.getByRole('menu').waitFor();
  }],
  'a room from outside': ['#/rooms/workshop', (page) => page.getByRole('button', { name: 'Join room' }).waitFor()],
  direct: [`#/rooms/${world.direct.id}`, (page) => shows(page, 'with the numbers')],
  browse: ['#/browse', (page) => page.getByText('Board games').first().waitFor()],
  invitations: ['#/invitations', (page) => page.getByText('No invitations').waitFor()],
  profile: ['#/settings/profile', (page) => page.getByLabel('About you').waitFor()],
  security: ['#/settings/security', (page) => page.getByText('This one').waitFor()],
  characters: ['#/settings/characters', (page) => page.getByText('No characters yet').waitFor()],
  blocked: ['#/settings/blocked', (page) => page.getByText('You have blocked nobody').waitFor()],
  data: ['#/settings/data', (page) => page.getByText('Take it along').waitFor()],
  statistics: [`#/statistics/${garden.slug}`, (page) => page.getByText('Messages per day').first().waitFor()],
  reports: ['#/operator/reports', (page) => page.getByText('CHEAP SEEDS').waitFor()],
  'room settings': [`#/rooms/${garden.slug}`, async (page) => {
    await page.getByRole('button', { name: 'Room menu' }).click();
    await page.getByRole('menuitem', { name: 'Room settings' }).click();
    await opened(page, 'Close this room');
  }],
  'a new room': [`#/rooms/${garden.slug}`, async (page) => {
    await page.getByRole('button', { name: 'Create a room' }).first().click();
    await opened(page, 'Who can come in?');
  }],
  'where to': [`#/rooms/${garden.slug}`, async (page) => {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
  }],
});
const ADMIN = {
  operator: ['#/operator/now', (page) => page.getByText('Messages a second').waitFor()],
  accounts: ['#/operator/accounts', (page) => page.locator('main').getByText('@').first().waitFor()],
  audit: ['#/operator/audit', (page) => page.getByText('Muted').first().waitFor()],
  words: ['#/operator/words', (page) => page.getByLabel('Not wanted').waitFor()],
};

for (const theme of ['light', 'dark']) {
  for (const width of [1280, 360]) {
    test(`axe finds nothing, ${theme}, ${width} px`, { timeout: 240_000 }, async (t) => {
      const options = { colorScheme: theme, reducedMotion: 'reduce', viewport: { width, height: 780 } };
      const found = {};
      const look = async (page, name) => {
        await page.waitForTimeout(100);
        const faults = await axe(page);
        if (faults.length > 0) found[name] = faults;
      };
      const page = await open(t, options);
      await look(page, 'sign in');
      await page.getByRole('button', { name: 'Create an account' }).click();
      await look(page, 'sign up');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await signIn(page, world.mira.username);
      await page.getByRole('navigation').first().waitFor();
      if (width < 700) await look(page, 'rooms');
      const visit = async (guest, pages) => {
        for (const [name, [hash, then]] of Object.entries(pages)) {
          if (width < 700 && ['a new room'].includes(name)) continue;
          await goes(guest, '#/browse');
          await goes(guest, hash);
          await then(guest);
          await look(guest, name);
          for (let press = 0; press < 2; press += 1) await guest.keyboard.press('Escape');
        }
      };
      await visit(page, PAGES(world.garden));
      assert.deepEqual(page.faults, []);
      if (process.env.CHAT_ADMIN) {
        const admin = await open(t, options);
        await signIn(admin, process.env.CHAT_ADMIN);
        await admin.getByRole('navigation').first().waitFor();
        await visit(admin, ADMIN);
        assert.deepEqual(admin.faults, []);
      }
      assert.deepEqual(found, {});
    });
  }
}

test('everything by keys alone', async (t) => {
  const page = await open(t);
  const focused = () => page.evaluate(() => (document.activeElement === document.body ? '' : document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent.trim()));
  const tabTo = async (name, most = 30) => {
    for (let press = 0; press < most; press += 1) {
      if ((await focused()).includes(name)) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`${name} is not reached, but ${await focused()}`);
  };
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  await tabTo('Create an account');
  await page.keyboard.press('Enter');
  const username = unique();
  await page.getByLabel('Username').waitFor();
  await page.keyboard.type(username);
  await page.keyboard.press('Tab');
  await page.keyboard.type(`${username}@example.com`);
  await page.keyboard.press('Tab');
  await page.keyboard.type('a good password');
  await page.keyboard.press('Enter');
  await composer(page).waitFor();
  assert.match(await focused(), /Message to main-chat/);
  const [first, second] = [unique(), unique()];
  for (const text of [first, second]) {
    await page.keyboard.type(text);
    await page.keyboard.press('Enter');
    await shows(page, text);
  }
  // To the list, up one message, to its buttons.
  await page.getByRole('log').locator('[data-virtuoso-scroller]').focus();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  assert.equal(await page.evaluate(() => document.activeElement.innerText.includes('pm')), true);
  await tabTo('More', 4);
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Copy text' }).waitFor();
  await page.keyboard.press('Escape');
  // To another room by its first letters.
  await page.keyboard.press('Control+k');
  await page.keyboard.type('main');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'main-chat' }).waitFor();
  // A dialog keeps the focus, and gives it back.
  await page.getByRole('button', { name: 'Create a room' }).first().focus();
  await page.keyboard.press('Enter');
  await opened(page, 'Who can come in?');
  for (let press = 0; press < 12; press += 1) await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement === document.body || Boolean(document.activeElement.closest('dialog'))), true);
  // Behind the last of the dialog come the browser's own buttons, which the keys go to then. The first Escape may
  // close a tip.
  const isInDialog = () => page.evaluate(() => Boolean(document.activeElement.closest('dialog')));
  for (let press = 0; press < 10 && (await page.getByRole('dialog').count()) > 0; press += 1) {
    await page.keyboard.press((await isInDialog()) ? 'Escape' : 'Tab');
    await page.waitForTimeout(100);
  }
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await focused(), 'Create a room');
});

test('what comes is told to a screen reader, once, and not by scrolling', async (t) => {
  const [ann, ben] = [await open(t), await open(t)];
  const names = [`a${unique()}`, `b${unique()}`];
  await signUp(ann, names[0]);
  await signUp(ben, names[1]);
  const text = unique();
  await say(ben, text);
  await ann.locator('[aria-live=polite]', { hasText: `${names[1]}: ${text}` }).waitFor({ state: 'attached' });
  assert.equal(await ann.getByRole('log').getAttribute('aria-live'), 'off');
});

test('from right to left, with the plurals of that language', async (t) => {
  const page = await open(t, { locale: 'ar-EG' });
  await page.locator('html[dir=rtl][lang=ar]').waitFor();
  await page.locator('[name=identifier]').fill(world.mira.username);
  await page.locator('[name=password]').fill('a good password');
  await page.locator('[type=submit]').click();
  await composer(page).waitFor();
  const [nav, main] = await Promise.all(['nav', 'main'].map((name) => page.locator(name).first().boundingBox()));
  assert(nav.x > main.x, 'the rooms stand at the right');
  await goes(page, `#/rooms/${world.garden.slug}`);
  await shows(page, 'on the train tonight');
  assert.deepEqual(await axe(page), []);
  assert.doesNotMatch(await page.locator('nav').innerText(), /Rooms|Browse|Direct/);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  assert.deepEqual(page.faults, []);
});

test('nothing is cut off at 360 px', async (t) => {
  const page = await open(t, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  await signIn(page, world.mira.username);
  await page.getByRole('navigation').first().waitFor();
  const pages = ['#/', `#/rooms/${world.garden.slug}`, '#/browse', '#/invitations', '#/settings/profile', '#/settings/security', '#/settings/data', `#/statistics/${world.garden.slug}`];
  for (const hash of pages) {
    await goes(page, hash);
    await page.waitForTimeout(400);
    const wide = await page.evaluate(() => [...document.querySelectorAll('main *, nav *')]
      .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && one.checkVisibility() && !one.closest('.overflow-x-auto, .sr-only, .truncate'))
      .map((one) => one.outerHTML.slice(0, 120)));
    assert.deepEqual(wide, [], hash);
  }
});
