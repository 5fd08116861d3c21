// Stories of people who talk: two browsers, what is edited and deleted, who types, files, drafts, keys.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { CHAT_URL, act, call, choose, composer, goes, launch, message, open, pending, register, say, shows, signIn, signUp, unique } from './page.mjs';
import { quit } from './page.mjs';
import { picture } from './seed.mjs';

before(() => launch());
after(quit);

const twoIn = async (t) => {
  const pages = [await open(t), await open(t)];
  const names = [`a${unique()}`, `b${unique()}`];
  await signUp(pages[0], names[0]);
  await signUp(pages[1], names[1]);
  return { ann: pages[0], ben: pages[1], names };
};
const spotless = (...pages) => assert.deepEqual(pages.flatMap(({ faults }) => faults), []);

test('two strangers sign up and talk', async (t) => {
  const { ann, ben, names } = await twoIn(t);
  const text = `Hello, anybody? ${unique()}`;
  await say(ann, text);
  await shows(ben, text);
  assert.equal(await composer(ann).inputValue(), '');
  await say(ben, '😀 here');
  await shows(ann, '😀 here');
  await message(ann, '😀 here').getByText(names[1]).first().waitFor({ state: 'attached' });
  await ann.reload();
  await shows(ann, text);
  assert.equal(await message(ann, text).count(), 1);
  spotless(ann, ben);
});

test('Shift+Enter begins a line, Enter sends, ArrowUp edits the last one', async (t) => {
  const { ann, ben } = await twoIn(t);
  const [first, second, changed] = [unique(), unique(), unique()];
  await composer(ann).pressSequentially(first);
  await composer(ann).press('Shift+Enter');
  await composer(ann).pressSequentially(second);
  await composer(ann).press('Enter');
  await shows(ben, second);
  assert.match(await message(ben, second).last().innerText(), new RegExp(`${first}\n${second}`));
  await composer(ann).press('ArrowUp');
  const editor = ann.getByRole('textbox', { name: 'Edit message' });
  await editor.fill(changed);
  await editor.press('Enter');
  await shows(ben, changed);
  assert.equal(await message(ben, first).count(), 0);
  assert.equal(await composer(ann).evaluate((field) => field === document.activeElement), true);
  spotless(ann, ben);
});

test('what is edited and deleted is so for everybody, and only by its author', async (t) => {
  const { ann, ben } = await twoIn(t);
  const [kept, gone, changed] = [unique(), unique(), unique()];
  await say(ann, kept);
  await say(ann, gone);
  await shows(ben, gone);
  await message(ben, gone).hover();
  assert.equal(await message(ben, gone).getByRole('button', { name: 'Delete' }).count(), 0, 'it is not his');
  await act(ann, kept, 'Edit');
  await ann.getByRole('textbox', { name: 'Edit message' }).fill(changed);
  await ann.getByRole('button', { name: 'Save' }).click();
  await shows(ben, changed);
  await act(ann, gone, 'Delete');
  await ann.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await message(ben, gone).waitFor({ state: 'detached' });
  await ben.getByText('This message was deleted.').first().waitFor();
  spotless(ann, ben);
});

test('who types is named: one, two, several', async (t) => {
  const pages = [];
  const names = ['a', 'b', 'c', 'd'].map((name) => name + unique());
  for (const name of names) {
    pages.push(await open(t));
    await signUp(pages.at(-1), name);
  }
  const [ann, ...others] = pages;
  const type = (page) => composer(page).pressSequentially('I');
  await type(others[0]);
  await ann.getByText(`${names[1]} is typing…`).waitFor();
  await type(others[1]);
  await ann.getByText(`${names[1]} and ${names[2]} are typing…`).waitFor();
  await type(others[2]);
  await ann.getByText('3 people are typing…').waitFor();
  await composer(others[0]).press('Enter');
  await ann.getByText(`${names[2]} and ${names[3]} are typing…`).waitFor();
});

test('a file is dropped, a picture pasted, both come with their names', async (t) => {
  const { ann, ben } = await twoIn(t);
  const name = `notes-${unique()}.txt`;
  const dropped = await ann.evaluateHandle((called) => {
    const data = new DataTransfer();
    data.items.add(new File(['Roses are red'], called, { type: 'text/plain' }));
    return data;
  }, name);
  for (const event of ['dragenter', 'dragover', 'drop']) await ann.dispatchEvent('[role=log]', event, { dataTransfer: dropped });
  const card = ben.getByRole('link', { name: `Download ${name}` });
  await card.waitFor();
  await ben.waitForFunction((link) => link.href.includes('/api/files/'), await card.elementHandle());
  const [download] = await Promise.all([ben.waitForEvent('download'), card.click()]);
  assert.equal(download.suggestedFilename(), name);

  const image = `hills-${unique()}.png`;
  await ann.evaluate(({ bytes, called }) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))], called, { type: 'image/png' }));
    const field = document.querySelector('[data-composer]');
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
  }, { bytes: picture(400, 300).toString('base64'), called: image });
  const thumbnail = ben.getByRole('button', { name: `Show ${image}` });
  await thumbnail.locator('img').waitFor();
  await ben.waitForFunction((shown) => shown.naturalWidth > 0, await thumbnail.locator('img').elementHandle());
  await thumbnail.click();
  await ben.getByRole('dialog', { name: image }).locator('img').waitFor();
  await ben.keyboard.press('Escape');
  await ben.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await ann.locator('[data-pending]').count(), 0, 'nothing is left on its way');
  spotless(ann, ben);
});

test('a draft is kept by room, over a reload', async (t) => {
  const ann = await open(t);
  await signUp(ann, unique());
  const room = await makeRoom(ann);
  await composer(ann).fill('Half a thought');
  await goes(ann, '#/rooms/main-chat');
  await ann.getByLabel('Message to main-chat').waitFor();
  assert.equal(await composer(ann).inputValue(), '');
  await goes(ann, room);
  await ann.getByText('Half a thought').waitFor();
  await ann.reload();
  await composer(ann).waitFor();
  assert.equal(await composer(ann).inputValue(), 'Half a thought');
});

async function makeRoom(page, name = `Room ${unique()}`, kind = 'Everybody') {
  await page.getByRole('button', { name: 'Create a room' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByText(kind).click();
  await dialog.getByRole('button', { name: 'Create room' }).click();
  await page.getByRole('heading', { level: 1, name }).waitFor();
  return page.evaluate(() => location.hash);
}

test('a room is made, found, joined, and counted unread; the line stands where the new begins', async (t) => {
  const { ann, ben } = await twoIn(t);
  const name = `Allotment ${unique()}`;
  const hash = await makeRoom(ann, name);
  await say(ann, 'First');
  await goes(ben, '#/browse');
  await ben.getByPlaceholder(/Find a room/).fill(name);
  await ben.getByRole('button', { name: `Join ${name}` }).click();
  await shows(ben, 'First');
  await goes(ben, '#/rooms/main-chat');
  await ben.getByLabel('Message to main-chat').waitFor();
  await ben.waitForTimeout(1_300);
  await say(ann, 'Second');
  await say(ann, 'Third');
  await ben.getByRole('link', { name: new RegExp(`${name}.*2 unread messages`) }).waitFor();
  await goes(ben, hash);
  await ben.locator('[data-new-line]').waitFor();
  const below = await ben.evaluate(() => {
    const line = document.querySelector('[data-new-line]');
    return [...document.querySelectorAll('[data-message]')].find((row) => line.compareDocumentPosition(row) & 4)?.innerText;
  });
  assert.match(below, /Second/);
  await ben.getByRole('link', { name: /2 unread/ }).waitFor({ state: 'detached' });
});

test('a direct message reaches the other, and nobody else', async (t) => {
  const { ann, ben, names } = await twoIn(t);
  await ann.getByRole('button', { name: 'New direct message' }).first().click();
  await ann.getByRole('dialog').getByLabel('Name or username').fill(names[1]);
  await ann.getByRole('dialog').getByRole('button', { name: 'Message' }).click();
  await ann.getByRole('heading', { level: 1, name: names[1] }).waitFor();
  const text = unique();
  await say(ann, text);
  await ben.getByRole('link', { name: new RegExp(names[0]) }).click();
  await shows(ben, text);
  spotless(ann, ben);
});

test('an invitation is told, and accepted', async (t) => {
  const { ann, ben, names } = await twoIn(t);
  const name = `Den ${unique()}`;
  await makeRoom(ann, name, 'By invitation');
  await ann.getByRole('button', { name: 'About this room' }).click();
  await ann.getByRole('menuitem', { name: 'Invite' }).click();
  await ann.getByRole('dialog').getByLabel('Name or username').fill(names[1]);
  await ann.getByRole('dialog').getByRole('button', { name: 'Invite' }).click();
  await ann.getByText('Invited', { exact: true }).waitFor();
  await ben.getByRole('link', { name: 'Invitations' }).click();
  await ben.getByRole('button', { name: 'Accept' }).click();
  await ben.getByRole('heading', { level: 1, name }).waitFor();
  await composer(ben).waitFor();
  spotless(ann, ben);
});

test('one speaks as a character', async (t) => {
  const { ann, ben, names } = await twoIn(t);
  await goes(ann, '#/settings/characters');
  await ann.getByRole('button', { name: 'New character' }).first().click();
  await ann.getByRole('dialog').getByLabel('Name').fill('The Gardener');
  await ann.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
  await ann.getByText('The Gardener').first().waitFor();
  await goes(ann, '#/rooms/main-chat');
  await ann.getByRole('button', { name: 'Speak as a character' }).click();
  await ann.getByRole('menuitemcheckbox', { name: 'The Gardener' }).click();
  const text = unique();
  await say(ann, text);
  await message(ben, text).getByText('The Gardener', { exact: true }).first().waitFor();
  await message(ben, text).getByText(`played by ${names[0]}`).waitFor();
  spotless(ann, ben);
});

test('a guest comes in where the operator lets them', async (t) => {
  const [guest, ann] = [await open(t), await open(t)];
  await signUp(ann, unique());
  await guest.getByRole('button', { name: 'Look around as a guest' }).click();
  await guest.getByLabel('Your name').fill('Zoe');
  await guest.getByRole('button', { name: 'Come in' }).click();
  const text = unique();
  await composer(guest).waitFor();
  await say(guest, text);
  await message(ann, text).getByText('Guest', { exact: true }).waitFor();
  assert.equal(await pending(guest, text).count(), 0);
  spotless(guest, ann);
});

test('what is wrong is said beside it', async (t) => {
  const page = await open(t);
  await signIn(page, unique(), 'wrong password');
  await page.getByRole('alert').getByText('Invalid email or password. 4 attempts remaining.').waitFor();
  await page.getByRole('button', { name: 'Create an account' }).click();
  const taken = await register(`t${unique()}`);
  await page.getByLabel('Username').fill(taken.username);
  await page.getByLabel('Email').fill(`x${unique()}@example.com`);
  await page.getByLabel('Password').fill('a good password');
  await page.getByRole('button', { name: 'Create an account' }).click();
  await page.getByRole('alert').getByText('This username already exists').waitFor();
});

test('a message that is refused stays, says why, and can be written anew', async (t) => {
  const ann = await open(t);
  await signUp(ann, unique());
  const long = 'x'.repeat(5001);
  await say(ann, long);
  const failed = ann.locator('[data-pending][data-state=failed]');
  await failed.getByText('Message is too long (max 5000 characters)').waitFor();
  await failed.getByRole('button', { name: 'Edit' }).click();
  assert.equal(await composer(ann).inputValue(), long);
  await failed.waitFor({ state: 'detached' });
});

test('who signs out leaves nothing behind; all tabs are signed out', async (t) => {
  const ann = await open(t);
  await signUp(ann, unique());
  const second = await ann.context().newPage();
  await second.goto(ann.url());
  await composer(second).waitFor();
  await ann.getByRole('button', { name: /Account and settings/ }).click();
  await ann.getByRole('menuitem', { name: 'Sign out' }).click();
  for (const page of [ann, second]) await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  assert.equal(await ann.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]).includes('eyJ')), false);
});

test('a session that ended before the page came back says so', async (t) => {
  const ann = await open(t);
  const person = await register(`s${unique()}`);
  await signIn(ann, person.username);
  await composer(ann).waitFor();
  await ann.goto('about:blank');
  await call(person.token, 'DELETE', '/api/me/sessions');
  await ann.goto(CHAT_URL);
  await ann.getByText('Your session was ended. Please sign in again.').waitFor();
});

test('a session that is ended elsewhere says so', async (t) => {
  const ann = await open(t);
  const person = await register(`s${unique()}`);
  await signIn(ann, person.username);
  await composer(ann).waitFor();
  await call(person.token, 'DELETE', '/api/me/sessions');
  await ann.getByText('Your session was ended. Please sign in again.').waitFor();
});

test('a moderator mutes, and the one who is muted sees how long', async (t) => {
  const { ann, ben, names } = await twoIn(t);
  const name = `Quiet ${unique()}`;
  const hash = await makeRoom(ann, name);
  await goes(ben, hash);
  await ben.getByRole('button', { name: 'Join room' }).click();
  const text = unique();
  await say(ben, text);
  await shows(ann, text);
  await choose(ann, text, `Mute ${names[1]}`);
  await ann.getByRole('dialog').getByRole('button', { name: 'Mute', exact: true }).click();
  await ben.getByText(/You are muted here until/).waitFor();
  spotless(ann, ben);
});
