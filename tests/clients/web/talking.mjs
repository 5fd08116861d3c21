// Stories of people who talk: two browsers, what is edited and deleted, who types, drafts, keys, rooms, invitations.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { act, choose, composer, forgetLength, goes, launch, makeRoom, message, open, pending, quit, say, shows, signUp, spotless, twoIn, unique } from './page.mjs';

before(() => launch());
after(quit);

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
  const field = ann.getByRole('dialog').getByLabel('Name or username');
  await field.fill(names[1]);
  await ann.getByRole('dialog').getByRole('button', { name: 'Message' }).waitFor();
  await field.press('Enter'); // There is but one.
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
  await ann.getByRole('button', { name: 'Room menu' }).click();
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

test('a message that is refused stays, says why, and can be written anew', async (t) => {
  const ann = await open(t);
  await signUp(ann, unique());
  await forgetLength(ann);
  const long = 'x'.repeat(5001);
  await say(ann, long);
  const failed = ann.locator('[data-pending][data-state=failed]');
  await failed.getByText('Message is too long (max 5000 characters)').waitFor();
  await failed.getByRole('button', { name: 'Edit' }).click();
  assert.equal(await composer(ann).inputValue(), long);
  await failed.waitFor({ state: 'detached' });
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
