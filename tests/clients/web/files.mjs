// Stories of files: chosen, dropped, pasted, with words, taken back, stopped, refused, sent once the line is back.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { unreliable } from '../proxy.mjs';
import { CHAT_URL, call, composer, enter, goes, launch, message, quit, register, roomOf, shows, signIn, spotless, twoIn, unique, write } from './page.mjs';
import { picture } from './seed.mjs';

before(() => launch());
after(quit);

const file = (name, content, mimeType = 'text/plain') => ({ name, mimeType, buffer: Buffer.from(content) });
const choose = (page, ...files) => page.locator('input[type=file]').setInputFiles(files);
const attached = (page) => page.getByRole('list', { name: 'Attached files' }).getByRole('listitem');
const taken = (page, name) => page.getByRole('link', { name: `Download ${name}` });

/** Puts a file there as a drop or a paste does. */
async function put(page, event, { name, mimeType, buffer }) {
  await page.evaluate(({ bytes, name, type, event }) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))], name, { type }));
    if (event === 'paste') {
      document.querySelector('[data-composer]').dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    } else {
      const log = document.querySelector('[role=log]');
      for (const one of ['dragenter', 'dragover', 'drop']) log.dispatchEvent(new DragEvent(one, { dataTransfer: data, bubbles: true, cancelable: true }));
    }
  }, { bytes: buffer.toString('base64'), name, type: mimeType, event });
}

const someRoom = async () => {
  const ann = await register(`a${unique()}`);
  return { ann, room: await roomOf(ann) };
};

test('a file is dropped, a picture pasted; both come with their names, under the words', async (t) => {
  const { ann, ben } = await twoIn(t);
  const [notes, hills, words] = [`notes-${unique()}.txt`, `hills-${unique()}.png`, `Look, ${unique()}`];
  await put(ann, 'paste', file(hills, picture(400, 300), 'image/png'));
  await put(ann, 'drop', file(notes, 'Roses are red'));
  await attached(ann).nth(1).waitFor();
  assert.equal(await ben.getByText(notes).count(), 0, 'nothing goes before it is sent');
  await composer(ann).fill(words);
  await composer(ann).press('Enter');

  const card = taken(ben, notes);
  await card.waitFor();
  await ben.waitForFunction((link) => link.href.includes('/api/files/'), await card.elementHandle());
  const [download] = await Promise.all([ben.waitForEvent('download'), card.click()]);
  assert.equal(download.suggestedFilename(), notes);

  const thumbnail = message(ben, words).getByRole('button', { name: `Show ${hills}` });
  await thumbnail.locator('img').waitFor();
  await ben.waitForFunction((shown) => shown.naturalWidth > 0, await thumbnail.locator('img').elementHandle());
  await thumbnail.click();
  await ben.getByRole('dialog', { name: hills }).locator('img').waitFor();
  await ben.keyboard.press('Escape');
  await ben.getByRole('dialog').waitFor({ state: 'detached' });

  await ann.locator('[data-pending]').waitFor({ state: 'detached' });
  assert.equal(await attached(ann).count(), 0);
  assert.equal(await composer(ann).inputValue(), '');
  spotless(ann, ben);
});

test('what was chosen can be taken back, waits in its room, and keeps its order', async (t) => {
  const { ann, room } = await someRoom();
  const page = await enter(t, ann, { room });
  const names = ['one', 'two', 'three'].map((name) => `${name}-${unique()}.txt`);
  await choose(page, ...names.map((name) => file(name, name.repeat(2_000))));
  await page.getByRole('button', { name: `Do not send ${names[1]}` }).click();
  assert.equal(await attached(page).count(), 2);
  assert.equal(await composer(page).evaluate((field) => field === document.activeElement), true);
  await goes(page, '#/rooms/main-chat');
  await page.getByLabel('Message to main-chat').waitFor();
  assert.equal(await attached(page).count(), 0);
  await goes(page, `#/rooms/${room.slug}`);
  await attached(page).nth(1).waitFor();
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await taken(page, names[2]).waitFor();
  const { data } = await call(ann.token, 'GET', `/api/rooms/${room.id}/messages`);
  assert.deepEqual(data.map(({ attachment }) => attachment.name), [names[0], names[2]]);
  spotless(page);
});

test('what is too large or too much is said before anything is sent', async (t) => {
  const { ann, room } = await someRoom();
  const page = await enter(t, ann, { room });
  const large = `film-${unique()}.bin`;
  await choose(page, file(large, Buffer.alloc(11 * 2 ** 20)), file('small.txt', 'x'));
  await page.getByRole('alert').getByText(new RegExp(`${large} is too large: .*11.*, and .*10.* are allowed`)).waitFor();
  assert.equal(await attached(page).count(), 1);
  await choose(page, ...Array.from({ length: 12 }, (_, at) => file(`${at}.txt`, 'x')));
  await page.getByRole('alert').getByText('No more than 10 files go at once.').waitFor();
  assert.equal(await attached(page).count(), 10);
  spotless(page);
});

test('an empty file is refused in words, and can be thrown away', async (t) => {
  const { ann, room } = await someRoom();
  const page = await enter(t, ann, { room });
  await choose(page, file('empty.txt', ''));
  await composer(page).press('Enter');
  const failed = page.locator('[data-pending][data-state=failed]');
  await failed.getByRole('alert').getByText(/empty/i).waitFor();
  await failed.getByRole('button', { name: 'Discard' }).click();
  await failed.waitFor({ state: 'detached' });
});

test('a file that is on its way is stopped, and is not stored', async (t) => {
  const { ann, room } = await someRoom();
  const page = await enter(t, ann, { room });
  await page.route('**/files', () => {}); // Goes on for ever.
  const name = `slow-${unique()}.txt`;
  await choose(page, file(name, 'x'));
  await composer(page).press('Enter');
  // The list has the room that its tray took.
  await attached(page).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: `Stop sending ${name}` }).click();
  await page.locator('[data-pending]').waitFor({ state: 'detached' });
  await page.unroute('**/files');
  await choose(page, file(`then-${name}`, 'x'));
  await composer(page).press('Enter');
  await taken(page, `then-${name}`).waitFor();
  const { data } = await call(ann.token, 'GET', `/api/rooms/${room.id}/messages`);
  assert.deepEqual(data.map(({ attachment }) => attachment.name), [`then-${name}`]);
});

test('a file that was sent while the line was cut comes once it is back, and once', async (t) => {
  const { ann, room } = await someRoom();
  const proxy = await unreliable(t, CHAT_URL);
  const page = await enter(t, ann, { room, url: proxy.url });
  proxy.down();
  const [name, words] = [`late-${unique()}.txt`, `Late, ${unique()}`];
  await choose(page, file(name, 'better than never'));
  await composer(page).fill(words);
  await composer(page).press('Enter');
  await page.locator('[data-pending]').getByText('Waits for the connection').waitFor();
  proxy.up();
  await shows(page, words);
  await page.locator('[data-pending]').waitFor({ state: 'detached' });
  const { data } = await call(ann.token, 'GET', `/api/rooms/${room.id}/messages`);
  assert.deepEqual(data.map(({ content, attachment }) => [content, attachment.name]), [[words, name]]);
  spotless(page);
});

test('files that wait do not go out under the name of who signs in next', async (t) => {
  const [{ ann, room }, ben] = [await someRoom(), await register(`b${unique()}`)];
  await call(ben.token, 'POST', `/api/rooms/${room.id}/join`);
  const page = await enter(t, ann, { room });
  let held;
  await page.route('**/files', (route) => { held ??= route; });
  const names = ['one', 'two'].map((name) => `${name}-${unique()}.txt`);
  await choose(page, ...names.map((name) => file(name, 'x')));
  await composer(page).press('Enter');
  await page.getByText(names[1]).waitFor();
  for (const end = Date.now() + 10_000; !held && Date.now() < end;) await page.waitForTimeout(50);
  await page.getByRole('button', { name: /Account and settings/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await signIn(page, ben.username);
  await composer(page).waitFor();
  await page.unroute('**/files');
  // Where nothing was stopped, the turn of the next file comes now.
  await held.fulfill({ status: 400, contentType: 'application/json', body: '{}' }).catch(() => {});
  await page.waitForTimeout(2_500);
  await write(ben, room, 'Only this is his');
  const { data } = await call(ann.token, 'GET', `/api/rooms/${room.id}/messages`);
  assert.deepEqual(data.map(({ content }) => content), ['Only this is his']);
});
