// Stories of what is written: people who are named by "@", how much goes into a message, where one jumps to.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { act, axe, call, composer, goes, launch, message, open, quit, register, say, shows, signIn, spotless, unique } from './page.mjs';

before(() => launch());
after(quit);

const enter = async (t, person, options) => {
  const page = await open(t, options);
  await signIn(page, person.username);
  await page.getByRole('navigation').first().waitFor();
  return page;
};
/** A room of two, one of whom has spoken; and somebody who is elsewhere. */
async function threePeople() {
  const tail = unique();
  const [ann, mira, milo] = await Promise.all([register(`ann${tail}`, 'Ann'), register(`mi${tail}rafa`, 'Mira Okafor'), register(`mi${tail}lomo`, 'Milo')]);
  const room = await call(ann.token, 'POST', '/api/rooms', { name: `Room ${tail}` });
  await call(mira.token, 'POST', `/api/rooms/${room.id}/join`);
  await call(mira.token, 'POST', `/api/rooms/${room.id}/messages`, { content: 'Here I am' });
  // What both begin with, and nobody of another story.
  return { ann, mira, milo, room, begun: `@mi${tail}` };
}
const list = (page) => page.getByRole('listbox', { name: 'People to mention' });
const option = (page, { username }) => list(page).getByRole('option', { name: `@${username}` });
const isHeld = (page) => composer(page).evaluate((field) => field === document.activeElement);

test('"@mi" is completed by keys: Enter takes a name and does not send', async (t) => {
  const { ann, mira, milo, room, begun } = await threePeople();
  const page = await enter(t, ann);
  await goes(page, `#/rooms/${room.slug}`);
  await shows(page, 'Here I am');
  await composer(page).pressSequentially(`Hello ${begun}`);
  await option(page, mira).waitFor();
  const active = () => page.evaluate(() => document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.textContent);
  assert.match(await active(), /Mira Okafor/);
  await option(page, mira).and(page.locator('[aria-selected=true]')).waitFor();
  assert.deepEqual(await axe(page), []);
  await composer(page).press('Enter');
  assert.equal(await composer(page).inputValue(), `Hello @${mira.username} `);
  await list(page).waitFor({ state: 'detached' });
  assert.equal(await page.locator('[data-message]').count(), 1, 'nothing was sent');
  // Who is not here is looked up; Tab takes as well, and what stands behind the caret is kept.
  await composer(page).pressSequentially(`and @${milo.username.slice(0, -1)}`);
  await option(page, milo).waitFor();
  await composer(page).press('Tab');
  assert.equal(await composer(page).inputValue(), `Hello @${mira.username} and @${milo.username} `);
  assert.equal(await isHeld(page), true);
  await composer(page).press('Control+z');
  assert.equal(await composer(page).inputValue(), `Hello @${mira.username} and @${milo.username.slice(0, -1)}`);
  await composer(page).press('Escape');
  await list(page).waitFor({ state: 'detached' });
  await composer(page).press('Enter');
  await shows(page, 'Hello');
  assert.equal(await composer(page).inputValue(), '');
  await message(page, 'Hello').getByText(`@${mira.username}`, { exact: true }).waitFor();
  spotless(page);
});

test('arrows choose among people, round and round; Escape leaves the word alone', async (t) => {
  const { ann, milo, mira, room, begun } = await threePeople();
  await call(milo.token, 'POST', `/api/rooms/${room.id}/join`);
  await call(milo.token, 'POST', `/api/rooms/${room.id}/messages`, { content: 'Me too' });
  const page = await enter(t, ann);
  await goes(page, `#/rooms/${room.slug}`);
  await shows(page, 'Me too');
  await composer(page).pressSequentially(begun);
  await option(page, mira).waitFor();
  const chosen = () => list(page).locator('[aria-selected=true]').innerText();
  assert.match(await chosen(), /Milo/, 'who spoke last');
  await composer(page).press('ArrowDown');
  assert.match(await chosen(), /Mira/);
  await composer(page).press('ArrowUp');
  await composer(page).press('ArrowUp');
  await composer(page).press('ArrowDown');
  assert.match(await chosen(), /Milo/);
  await composer(page).press('Escape');
  await list(page).waitFor({ state: 'detached' });
  await composer(page).pressSequentially('r');
  assert.equal(await list(page).count(), 0, 'it was put away for this word');
  await composer(page).pressSequentially(` ${begun}r`);
  await option(page, mira).waitFor();
  await composer(page).press('Enter');
  assert.equal(await composer(page).inputValue(), `${begun}r @${mira.username} `);
});

test('who writes by an input method ends a word by Enter, and takes nobody', async (t) => {
  const { ann, mira, room, begun } = await threePeople();
  const page = await enter(t, ann);
  await goes(page, `#/rooms/${room.slug}`);
  await shows(page, 'Here I am');
  await composer(page).pressSequentially(begun);
  await option(page, mira).waitFor();
  const press = (how) => composer(page).evaluate((field, more) => field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...more })), how);
  for (const how of [{ isComposing: true }, { keyCode: 229 }]) assert.equal(await press(how), true, 'the key is the input method’s');
  assert.equal(await composer(page).inputValue(), begun);
  const session = await page.context().newCDPSession(page);
  await session.send('Input.imeSetComposition', { text: 'ra', selectionStart: 2, selectionEnd: 2 });
  await option(page, mira).waitFor();
  await session.send('Input.insertText', { text: 'ra' });
  await composer(page).press('Enter');
  assert.equal(await composer(page).inputValue(), `@${mira.username} `);
  assert.equal(await page.locator('[data-message]').count(), 1);
});

test('names are completed in a message that is edited, and it has the same bounds', async (t) => {
  const { ann, mira, room, begun } = await threePeople();
  for (let at = 0; at < 30; at += 1) await call(ann.token, 'POST', `/api/rooms/${room.id}/messages`, { content: `line ${at}` });
  const page = await enter(t, ann);
  await goes(page, `#/rooms/${room.slug}`);
  await shows(page, 'line 29');
  const log = await page.locator('[data-virtuoso-scroller]').boundingBox();
  const editor = page.getByRole('textbox', { name: 'Edit message' });
  const uppermost = await page.locator('[data-message]').evaluateAll((rows, top) => rows.find((row) => row.getBoundingClientRect().top >= top + 2).innerText.match(/line \d+/)[0], log.y);
  for (const [text, isBelow] of [['line 29', false], [uppermost, true]]) {
    await act(page, text, 'Edit');
    await editor.pressSequentially(` ${begun}`);
    await option(page, mira).waitFor();
    const [names, field] = await Promise.all([list(page).boundingBox(), editor.boundingBox()]);
    assert(isBelow ? names.y >= field.y + field.height : names.y + names.height <= field.y, JSON.stringify({ text, names, field }));
    assert(names.y >= log.y && names.y + names.height <= log.y + log.height, 'all of it is in sight');
    await editor.press('Escape');
    await list(page).waitFor({ state: 'detached' });
    assert.equal(await editor.inputValue(), `${text} ${begun}`, 'the first Escape was for the list');
    await editor.pressSequentially(` ${begun}`);
    await option(page, mira).waitFor();
    await editor.press('Enter');
    assert.equal(await editor.inputValue(), `${text} ${begun} @${mira.username} `);
    await editor.press('Enter');
    await editor.waitFor({ state: 'detached' });
    await message(page, text).getByText(`@${mira.username}`, { exact: true }).waitFor();
  }
  await page.evaluate(() => { document.documentElement.dataset.messageChars = '50'; });
  await act(page, 'line 28', 'Edit');
  await editor.fill('x'.repeat(51));
  await page.getByText('1 character too many: a message has at most 50.').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Save' }).isDisabled(), true);
  spotless(page);
});

test('on a telephone the names stand above the field, and are tapped', async (t) => {
  const { ann, mira, room, begun } = await threePeople();
  const page = await enter(t, ann, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  await goes(page, `#/rooms/${room.slug}`);
  await shows(page, 'Here I am');
  await composer(page).tap();
  await composer(page).pressSequentially(begun);
  await option(page, mira).waitFor();
  const [names, field] = await Promise.all([list(page).boundingBox(), composer(page).boundingBox()]);
  assert(names.y + names.height <= field.y && names.y >= 0 && names.x >= 0 && names.x + names.width <= 360, JSON.stringify({ names, field }));
  await option(page, mira).tap();
  assert.equal(await composer(page).inputValue(), `@${mira.username} `);
  assert.equal(await isHeld(page), true);
  spotless(page);
});

test('how much goes into a message is told near its end, and what is too long is not sent', async (t) => {
  const { ann, room } = await threePeople();
  const page = await enter(t, ann);
  await goes(page, `#/rooms/${room.slug}`);
  await shows(page, 'Here I am');
  await page.evaluate(() => { document.documentElement.dataset.messageChars = '300'; });
  const text = `${unique()} `;
  await composer(page).fill(text.padEnd(100, 'x'));
  assert.equal(await page.getByText('characters left').count(), 0);
  await composer(page).fill(text.padEnd(101, 'x'));
  await page.getByText('199 characters left').waitFor();
  // As strings count here, and the server: a face is two.
  await composer(page).fill(`${text.padEnd(299, 'x')}😀`);
  await page.getByText('1 character too many: a message has at most 300.').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Send' }).isDisabled(), true);
  assert.deepEqual(await axe(page), []);
  await composer(page).press('Enter');
  await composer(page).press('Backspace');
  await page.getByText('1 character left').waitFor();
  await composer(page).press('Enter');
  await shows(page, text);
  assert.equal(await page.locator('[data-message]').count(), 2);
  await page.evaluate(() => { document.documentElement.dataset.messageChars = '0'; });
  await composer(page).fill('x'.repeat(9_000));
  assert.equal(await page.getByRole('button', { name: 'Send' }).isEnabled(), true);
  assert.equal(await page.getByText(/characters (left|too many)/).count(), 0);
  await composer(page).fill('');
  await say(page, 'again');
  await shows(page, 'again');
});

const jump = async (page, text) => {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Jump to…' }).fill(text);
};
const group = (page, name) => page.getByRole('group', { name });

test('one jumps to rooms, to people, and to rooms that one is not in', async (t) => {
  const tail = unique();
  const [ann, mira] = [await register(`ann${tail}`, `Ann ${tail}`), await register(`mira${tail}`, `${tail} Mira`)];
  const own = await call(ann.token, 'POST', '/api/rooms', { name: `${tail} own` });
  const other = await call(mira.token, 'POST', '/api/rooms', { name: `${tail} other` });
  await call(mira.token, 'POST', '/api/rooms', { name: `${tail} hidden`, isPrivate: true });
  const page = await enter(t, ann);
  await composer(page).waitFor();
  await jump(page, tail);
  await group(page, 'Rooms you are not in').getByRole('option', { name: other.name }).waitFor();
  await group(page, 'People').getByRole('option', { name: mira.name }).waitFor();
  const shown = await page.getByRole('option').allInnerTexts();
  assert.deepEqual(shown.map((one) => [own, mira, other].find(({ name }) => one.includes(name))?.name), [own.name, mira.name, other.name]);
  assert.deepEqual(await axe(page), []);
  const field = page.getByRole('combobox');
  const active = () => page.evaluate(() => document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.textContent);
  assert.match(await active(), / own/);
  await field.press('ArrowDown');
  await field.press('ArrowDown');
  assert.match(await active(), / other/);
  await field.press('Enter');
  await page.getByRole('button', { name: 'Join room' }).waitFor();
  await jump(page, `@${mira.username}`);
  await group(page, 'People').getByRole('option', { name: mira.name }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: mira.name }).waitFor();
  await composer(page).waitFor();
  // She is a conversation of one's own now, and stands there once.
  await jump(page, mira.username);
  await group(page, 'Rooms').getByRole('option', { name: mira.name }).waitFor();
  await page.getByText('Searching…').waitFor({ state: 'detached' });
  assert.equal(await page.getByRole('option').count(), 1);
  // Also by a later word of its name.
  await page.keyboard.press('Escape');
  const pond = await call(mira.token, 'POST', '/api/rooms', { name: `Quiet ${tail}pond` });
  await jump(page, `${tail}po`);
  await group(page, 'Rooms you are not in').getByRole('option', { name: pond.name }).waitFor();
  spotless(page);
});

test('that nobody is called so is said when it was looked for, and not before', async (t) => {
  const ann = await register(`ann${unique()}`);
  const page = await enter(t, ann);
  await composer(page).waitFor();
  let answer;
  const answered = new Promise((resolve) => { answer = resolve; });
  await page.route('**/api/users?*', async (route) => {
    await answered;
    await route.continue();
  });
  const none = page.getByText('No room or person by that name.');
  await jump(page, 'ß');
  await page.getByText('Type at least two letters.').waitFor();
  const rooms = page.waitForResponse(/api\/rooms\?/);
  await page.getByRole('combobox').fill(`nobody${unique()}`);
  await page.getByText('Searching…').waitFor();
  await rooms;
  assert.equal(await none.count(), 0);
  answer();
  await none.waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await isHeld(page), true);
  spotless(page);
});

test('nothing jumps out of a dialog that asks something', async (t) => {
  const page = await enter(t, await register(`ann${unique()}`));
  await page.getByRole('button', { name: 'Create a room' }).first().click();
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Control+k');
  await page.waitForTimeout(300);
  assert.equal(await page.getByRole('combobox').count(), 0);
  assert.equal(await page.getByRole('dialog').count(), 1);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').waitFor({ state: 'detached' });
});
