// Stories of who runs the place, and of pages beside the conversation: reports, roles, the log, figures, rooms to find, dialogs.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { call, goes, launch, makeRoom, open, quit, register, say, shows, signIn, signUp, spotless, twoIn, unique } from './page.mjs';
import { post } from './seed.mjs';

const ADMIN = process.env.CHAT_ADMIN;
before(() => launch());
after(quit);

async function asAdmin(t, hash, options) {
  const page = await open(t, options);
  await signIn(page, ADMIN);
  await page.getByRole('navigation').first().waitFor();
  await goes(page, hash);
  return page;
}

/** A room of Ann's in which Ben wrote something that Ann reported. */
async function reported(kind = 'public') {
  const [ann, ben] = [await register(`a${unique()}`), await register(`b${unique()}`)];
  const room = await call(ann.token, 'POST', '/api/rooms', { name: `Reported ${unique()}`, description: '', kind });
  if (kind === 'private') await call(ann.token, 'PUT', `/api/rooms/${room.id}/invites/${ben.id}`);
  await call(ben.token, 'POST', `/api/rooms/${room.id}/join`);
  await post(ann, room.id, `Before it ${room.name}`);
  const text = `Buy ${unique()}`;
  const { id } = await post(ben, room.id, text);
  await call(ann.token, 'PUT', `/api/me/reports/${id}`, { reason: 'spam' });
  return { ann, ben, room, text };
}

test('a report is read where it was said, and its author muted, without joining', { skip: !ADMIN }, async (t) => {
  const { ben, room, text } = await reported('private');
  const admin = await asAdmin(t, '#/operator/reports');
  await admin.getByRole('heading', { level: 1, name: 'Operator' }).waitFor();
  const row = admin.locator('main li', { hasText: text });
  await row.getByRole('button', { name: room.name }).click();
  const reading = admin.getByRole('dialog', { name: room.name });
  await reading.getByText(`Before it ${room.name}`).waitFor();
  await reading.getByText(text).waitFor();
  await admin.keyboard.press('Escape');
  await row.getByRole('button', { name: 'Mute' }).click();
  await admin.getByRole('dialog').getByRole('button', { name: 'Mute' }).click();
  await row.getByRole('status').getByText(`${ben.name} is muted.`).waitFor();
  await row.getByRole('button', { name: 'Close', exact: true }).click();
  await row.waitFor({ state: 'detached' });
  // The log names the room, and says in words how long.
  await goes(admin, '#/operator/audit');
  const entry = admin.locator('main li', { hasText: ben.name }).filter({ hasText: 'Muted' });
  await entry.getByRole('link', { name: room.name }).waitFor();
  assert.match(await entry.innerText(), /for 1 hour/);
  assert.doesNotMatch(await admin.locator('main').innerText(), /seconds:|before: \w+, role:|reportId/);
  spotless(admin);
});

test('who owns a room reads its reports under that name, and bans from there', async (t) => {
  const { ann, ben, room, text } = await reported();
  const page = await open(t);
  await signIn(page, ann.username);
  await page.getByRole('link', { name: 'Reports' }).click();
  await page.getByRole('heading', { level: 1, name: 'Reports' }).waitFor();
  assert.match(await page.title(), /^(\(\d+\) )?Reports · Community chat$/);
  const row = page.locator('main li', { hasText: text });
  assert.match(await row.getByRole('link', { name: room.name }).getAttribute('href'), new RegExp(room.id));
  await row.getByRole('button', { name: 'Ban' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Ban' }).click();
  await row.getByRole('status').getByText(`${ben.name} is banned.`).waitFor();
  const { data } = await call(ann.token, 'GET', `/api/rooms/${room.id}/bans`);
  assert.deepEqual(data.map(({ user }) => user.id), [ben.id]);
  spotless(page);
});

test('a role and the end of sessions are asked for twice, and said to be done', { skip: !ADMIN }, async (t) => {
  const person = await register(`r${unique()}`);
  const admin = await asAdmin(t, '#/operator/accounts');
  await admin.getByLabel('Name or username').fill(person.username);
  const row = admin.locator('main li', { hasText: `@${person.username}` });
  const pick = async (item) => {
    await row.getByRole('button', { name: `What to do about ${person.name}` }).click();
    await admin.getByRole(item === 'Support' ? 'menuitemcheckbox' : 'menuitem', { name: item }).click();
  };
  await pick('Support');
  const dialog = admin.getByRole('dialog', { name: `Change the role of ${person.name}?` });
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  assert.equal((await call(person.token, 'GET', '/api/me')).role, 'user');
  await pick('Support');
  await dialog.getByText('From User to Support, at once and everywhere.').waitFor();
  await dialog.getByRole('button', { name: 'Change role' }).click();
  await row.getByRole('status').getByText('The role was changed.').waitFor();
  assert.equal((await call(person.token, 'GET', '/api/me')).role, 'support');
  await pick('End all sessions');
  await admin.getByRole('dialog').getByRole('button', { name: 'End all sessions' }).click();
  await row.getByRole('status').getByText('All sessions were ended.').waitFor();
  await assert.rejects(call(person.token, 'GET', '/api/me'), /401/);
  spotless(admin);
});

test('a day of the figures is the same west of Greenwich; in Arabic its names stand inside', async (t) => {
  const page = await open(t, { timezoneId: 'America/New_York' });
  await signUp(page, unique());
  await say(page, 'Today');
  await shows(page, 'Today');
  await goes(page, '#/statistics/main-chat');
  const today = await page.evaluate(() => new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date()));
  await page.locator('table').first().getByText(today).waitFor({ state: 'attached' });
  assert.equal(await page.title(), 'Statistics · Community chat');
  await page.evaluate(() => localStorage.setItem('chat:language', 'ar'));
  await page.reload();
  await page.locator('html[dir=rtl] figure svg').first().waitFor();
  const outside = await page.evaluate(() => [...document.querySelectorAll('figure svg')].flatMap((svg) => {
    const frame = svg.getBoundingClientRect();
    return [...svg.querySelectorAll('text')].filter((text) => {
      const { left, right } = text.getBoundingClientRect();
      return left < frame.left - 1 || right > frame.right + 1;
    }).map(({ textContent }) => textContent);
  }));
  assert.deepEqual(outside, []);
  spotless(page);
});

test('a room is found by any word of its name', async (t) => {
  const page = await open(t);
  await signUp(page, unique());
  const word = unique();
  await makeRoom(page, `The ${word} room`);
  await goes(page, '#/browse');
  await page.getByLabel('Find a room').fill(word.slice(0, -2));
  // The server finds by the first word: of the others those that are loaded, page after page.
  const [found, further] = [page.locator('main li', { hasText: word }), page.getByRole('button', { name: 'Look through more rooms' })];
  await found.or(further).first().waitFor();
  // The button goes with the last page, maybe while it is about to be pressed.
  for (let tries = 0; tries < 30 && !(await found.isVisible()); tries += 1) await further.click({ timeout: 1_000 }).catch(() => {});
  await found.waitFor();
  await page.getByLabel('Find a room').fill(`The ${word}`);
  await page.locator('main li', { hasText: word }).waitFor();
  assert.equal(await page.locator('main li').count(), 1);
  await page.getByLabel('Find a room').fill(`no${word}`);
  await page.getByText('No room is called that').waitFor();
  spotless(page);
});

test('a dialog does not jump, and Escape closes it though a tip is open', async (t) => {
  const ann = await open(t);
  await signUp(ann, unique());
  const name = `${'Verylongname'.repeat(7)} ${unique()}`;
  await makeRoom(ann, name);
  await ann.getByRole('button', { name: 'Room menu' }).click();
  await ann.getByRole('menuitem', { name: 'Room settings' }).click();
  const dialog = ann.getByRole('dialog', { name: 'Room settings' });
  await dialog.getByText('Close this room').waitFor();
  await ann.waitForTimeout(300);
  const heights = new Set();
  for (const tab of ['General', 'Mutes', 'Bans', 'Invitations', 'Log']) {
    await dialog.getByRole('tab', { name: tab }).click();
    await ann.waitForTimeout(100);
    const { y, height } = await dialog.boundingBox();
    heights.add(`${y} ${height}`);
  }
  assert.equal(heights.size, 1);
  assert.equal(await dialog.evaluate((one) => one.scrollWidth <= one.clientWidth), true, 'a long name is broken');
  await dialog.getByRole('button', { name: 'Close', exact: true }).hover();
  await ann.getByRole('tooltip').waitFor({ state: 'attached' });
  await ann.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached', timeout: 1_000 });
  spotless(ann);
});

test('a dialog that opens shows no tip of what it puts the focus on; keys do', async (t) => {
  const { ann, names } = await twoIn(t);
  await ann.getByRole('complementary').getByRole('button', { name: new RegExp(names[1]) }).click();
  await ann.keyboard.press('ArrowDown');
  await ann.keyboard.press('Enter');
  const dialog = ann.getByRole('dialog', { name: names[1] });
  await dialog.getByText(`@${names[1]}`).waitFor();
  assert.equal(await ann.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Close');
  await ann.waitForTimeout(700);
  assert.equal(await ann.getByRole('tooltip').count(), 0);
  await ann.keyboard.press('Tab');
  await ann.keyboard.press('Shift+Tab');
  await ann.getByRole('tooltip').waitFor({ state: 'attached' });
  await ann.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached', timeout: 1_000 });
  spotless(ann);
});
