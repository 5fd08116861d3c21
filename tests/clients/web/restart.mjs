// The server is killed while somebody types, and comes back: who runs this does the killing, told by lines on stdout,
// and answers each with one on stdin.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { composer, launch, message, open, pending, quit, say, shows, signUp, unique } from './page.mjs';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
async function until(asked) {
  console.log(asked);
  await lines.next();
}

await launch();
const [ann, ben] = [await open(), await open()];
const names = [`a${unique()}`, `b${unique()}`];
await signUp(ann, names[0]);
await signUp(ben, names[1]);
const [before, half, meanwhile] = [unique(), unique(), unique()];
await say(ann, before);
await shows(ben, before);
await composer(ann).pressSequentially(half);
await ben.getByText(`${names[0]} is typing…`).waitFor();

await until('kill');
await ann.getByText('Reconnecting…').waitFor();
assert.equal(await composer(ann).inputValue(), half, 'what was typed is still there');
assert.equal(await ben.getByText('is typing…').count(), 0, 'who is gone does not type');
await say(ben, meanwhile);
await pending(ben, meanwhile).waitFor();
await composer(ann).pressSequentially('!');

await until('start');
await composer(ann).press('Enter');
for (const page of [ann, ben]) {
  for (const text of [before, meanwhile, `${half}!`]) await shows(page, text);
  await page.locator('[data-pending]').waitFor({ state: 'detached' });
  await page.getByText('Reconnecting…').waitFor({ state: 'detached' });
  for (const text of [before, meanwhile, `${half}!`]) assert.equal(await message(page, text).count(), 1, text);
}
const shownIn = (page) => page.locator('[data-message] .whitespace-pre-wrap').allInnerTexts();
assert.deepEqual(await shownIn(ann), await shownIn(ben), 'in one order');
assert.deepEqual([...ann.faults, ...ben.faults], []);
console.log('ok');
await quit();
process.exit(0);
