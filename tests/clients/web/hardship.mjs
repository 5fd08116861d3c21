// Stories of what goes wrong: lines that break, people who are put out, names that are scripts, long histories.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { unreliable } from '../proxy.mjs';
import { fill } from './flood.mjs';
import { CHAT_URL, call, composer, enter, goes, launch, message, open, pending, quit, register, roomOf, say, shows, unique, write } from './page.mjs';
import { picture, send } from './seed.mjs';

before(() => launch());
after(quit);

const texts = (page) => page.locator('[data-message] .whitespace-pre-wrap').allInnerTexts();

test('offline and back: nothing is lost, nothing comes twice, in one order', async (t) => {
  const [ann, ben] = [await register(`a${unique()}`), await register(`b${unique()}`)];
  const room = await roomOf(ann, ben);
  const proxy = await unreliable(t, CHAT_URL);
  const [here, away] = [await enter(t, ann), await enter(t, ben, { url: proxy.url })];
  for (const page of [here, away]) await goes(page, `#/rooms/${room.slug}`);
  const [first, removed] = [unique(), unique()];
  await say(here, first);
  await say(here, removed);
  await shows(away, removed);
  proxy.down();
  await away.getByText('Reconnecting…').or(away.getByText('You are offline')).first().waitFor();
  const missed = Array.from({ length: 8 }, unique);
  for (const text of missed) await say(here, text);
  await message(here, removed).hover();
  await message(here, removed).getByRole('button', { name: 'Delete' }).click();
  await here.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  const own = [unique(), unique()];
  for (const text of own) await say(away, text);
  await pending(away, own[0]).getByText('Waits for the connection').waitFor();
  proxy.up();
  const expected = [first, ...missed, ...own];
  for (const page of [here, away]) {
    await shows(page, own[1]);
    await pending(page, own[1]).waitFor({ state: 'detached' });
    assert.deepEqual(await texts(page), expected);
  }
  await away.getByText('Reconnecting…').waitFor({ state: 'detached' });
});

test('answers that are lost make no message twice', async (t) => {
  const ann = await register(`a${unique()}`);
  const room = await roomOf(ann);
  const proxy = await unreliable(t, CHAT_URL);
  const page = await enter(t, ann, { url: proxy.url });
  await goes(page, `#/rooms/${room.slug}`);
  const sent = [];
  for (let round = 0; round < 4; round += 1) {
    sent.push(unique());
    await page.waitForSelector('[data-status=online]', { state: 'attached' });
    proxy.loseNextAnswer();
    await say(page, sent.at(-1));
    await shows(page, sent.at(-1));
  }
  await page.locator('[data-pending]').waitFor({ state: 'detached' });
  assert.deepEqual(await texts(page), sent);
  const { data } = await call(ann.token, 'GET', `/api/rooms/${room.id}/messages`);
  assert.deepEqual(data.map(({ content }) => content), sent);
});

test('what was not sent outlives a reload of the page', async (t) => {
  const ann = await register(`a${unique()}`);
  const room = await roomOf(ann);
  const proxy = await unreliable(t, CHAT_URL);
  const page = await enter(t, ann, { url: proxy.url });
  await goes(page, `#/rooms/${room.slug}`);
  await page.getByLabel(`Message to ${room.name}`).waitFor();
  proxy.down();
  const text = unique();
  await say(page, text);
  await pending(page, text).waitFor();
  proxy.up();
  await page.reload();
  await shows(page, text);
  assert.equal(await message(page, text).count(), 1);
});

test('a ban while connected: the room is gone, and why', async (t) => {
  const [ann, ben] = [await register(`a${unique()}`), await register(`b${unique()}`)];
  const room = await roomOf(ann, ben);
  const page = await enter(t, ben);
  await goes(page, `#/rooms/${room.slug}`);
  await page.getByLabel(`Message to ${room.name}`).waitFor();
  await call(ann.token, 'PUT', `/api/rooms/${room.id}/bans/${ben.id}`, { reason: 'Enough' });
  await page.getByText('There is no such room').waitFor();
  await page.getByText(`You were banned from ${room.name}. The reason given: “Enough”`).waitFor();
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByText('You were banned').waitFor({ state: 'detached' });
  await page.getByRole('link', { name: room.name }).waitFor({ state: 'detached' });
  assert.equal(await composer(page).count(), 0);
  assert.deepEqual(page.faults, []);
});

test('who is locked out by an operator is told so', async (t) => {
  const ben = await register(`b${unique()}`);
  const page = await enter(t, ben);
  const { accessToken } = await call(undefined, 'POST', '/api/auth/login', { identifier: process.env.CHAT_ADMIN, password: 'a good password' });
  await call(accessToken, 'PUT', `/api/moderation/locks/${ben.id}`, { reason: 'Fraud' });
  await page.getByText('Your account was locked by an administrator. The reason given: “Fraud”').waitFor();
  assert.equal(await composer(page).count(), 0);
});

test('script and markup in names, messages and file names never run', async (t) => {
  const evil = '<img src=x onerror="window.ran=1"><script>window.ran=2</script>';
  const [ann, ben] = [await register(`a${unique()}`, '<b onmouseover=ran=3>Ann</b>'), await register(`b${unique()}`)];
  const room = await call(ann.token, 'POST', '/api/rooms', { name: '<i>Room</i>"><svg onload=ran=4>', description: evil });
  await call(ben.token, 'POST', `/api/rooms/${room.id}/join`);
  const page = await enter(t, ben);
  await goes(page, `#/rooms/${room.slug}`);
  const links = 'javascript:alert(1) data:text/html,<script>1</script> https://example.org/"onclick="ran=5';
  const marked = ['<b>x</b>', '<script>ran=9</script>', '[x](javascript:ran=10)', 'www.x.test"onmouseover="ran=11'].flatMap((one) => [
    `**${one}**`, `*${one}*`, `~~${one}~~`, `> ${one}\n> **${one}**`, `- ${one}`, `\`\`\`${one}\n${one}\n\`\`\``,
  ]);
  for (const content of [evil, links, '`<b>code</b>`', '```\n<script>ran=6</script>\n```', '@<u>me</u>', ...marked, '\u202e gnp.exe']) {
    await call(ann.token, 'POST', `/api/rooms/${room.id}/messages`, { content });
  }
  await send(ann, room.id, '<img src=x onerror=ran=7>.svg', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="window.ran=8"/>'));
  await call(ann.token, 'POST', '/api/me/characters', { name: '<s>Ghost</s>' });
  await shows(page, 'gnp.exe');
  await page.getByRole('link', { name: /Download .*onerror/ }).waitFor();
  await message(page, '<b>x</b>').locator('blockquote strong').waitFor();
  const found = await page.evaluate(() => ({
    ran: window.ran,
    made: document.querySelectorAll('[role=log] :is(script, i, b, u, s, svg[onload], img[onerror], [onclick], [onmouseover])').length,
    links: [...document.querySelectorAll('[role=log] a')].map((link) => new URL(link.href).protocol).filter((one) => !/^https?:$/.test(one)),
  }));
  assert.deepEqual(found, { ran: undefined, made: 0, links: [] });
  assert.match(await page.getByRole('heading', { level: 1 }).innerText(), /<i>Room<\/i>/);
  assert.deepEqual(page.faults, []);
});

test('ten thousand messages are scrolled to the top, and none is missing', { timeout: 180_000 }, async (t) => {
  const [ann, ben, reader] = await Promise.all(['a', 'b', 'c'].map((name) => register(name + unique())));
  const room = await roomOf(ann, ben, reader);
  await fill([ann, ben], room.id, 10_000);
  const page = await enter(t, reader);
  await goes(page, `#/rooms/${room.slug}`);
  await shows(page, '10000 ');
  const list = page.locator('[data-virtuoso-scroller]');
  const seen = new Set();
  const look = async () => {
    const seqs = await page.locator('[data-message]').evaluateAll((rows) => rows.map((row) => Number(row.dataset.seq)));
    assert.deepEqual(seqs, seqs.toSorted((one, other) => one - other), 'in order');
    assert.equal(new Set(seqs).size, seqs.length, 'none twice');
    for (const seq of seqs) seen.add(seq);
    return seqs[0];
  };
  for (const end = Date.now() + 120_000; (await look()) > 1;) {
    assert(Date.now() < end, `stuck at ${Math.min(...seen)}`);
    await list.evaluate((node) => { node.scrollTop = 0; });
    await page.waitForTimeout(20);
  }
  await page.getByText('This is where the conversation begins.').waitFor();
  assert((await page.locator('[data-message]').count()) < 150, 'only what is in sight is in the page');
  // And what is between them: walked down for a while, nothing is left out.
  const walked = new Set();
  for (let step = 0; step < 30; step += 1) {
    const seqs = await page.locator('[data-message]').evaluateAll((rows) => rows.map((row) => Number(row.dataset.seq)));
    for (const seq of seqs) walked.add(seq);
    await list.evaluate((node) => { node.scrollTop += node.clientHeight * 0.8; });
    await page.waitForTimeout(40);
  }
  assert.equal(walked.size, Math.max(...walked), 'all from the first on');
  await page.getByRole('button', { name: 'To the newest' }).click();
  await shows(page, '10000 ');
  assert.deepEqual(page.faults, []);
});

test('who has scrolled up stays where they are, and is told what came', async (t) => {
  const [ann, ben] = [await register(`a${unique()}`), await register(`b${unique()}`)];
  const room = await roomOf(ann, ben);
  await fill([ann], room.id, 300);
  const page = await enter(t, ben);
  await goes(page, `#/rooms/${room.slug}`);
  await shows(page, '300 ');
  const list = page.locator('[data-virtuoso-scroller]');
  await list.hover();
  await page.mouse.wheel(0, -1500);
  await page.getByRole('button', { name: 'To the newest' }).waitFor();
  await page.waitForTimeout(300);
  const place = () => page.evaluate(() => {
    const top = document.querySelector('[role=log]').getBoundingClientRect().top;
    const row = [...document.querySelectorAll('[data-message]')].find((one) => one.getBoundingClientRect().top > top);
    return [row.dataset.seq, Math.round(row.getBoundingClientRect().top)];
  });
  const before = await place();
  for (let at = 0; at < 5; at += 1) await call(ann.token, 'POST', `/api/rooms/${room.id}/messages`, { content: `later ${at}` });
  await page.getByRole('button', { name: '5 new messages' }).waitFor();
  assert.deepEqual(await place(), before);
  await page.getByRole('button', { name: '5 new messages' }).click();
  await shows(page, 'later 4');
  await page.getByRole('button', { name: /new messages|newest/ }).waitFor({ state: 'detached' });
});

test('the newest is in sight, however high the rows turn out to be', async (t) => {
  const [ann, ben] = [await register(`a${unique()}`), await register(`b${unique()}`)];
  const room = await roomOf(ann, ben);
  const page = await enter(t, ben, { room });
  for (let round = 0; round < 8; round += 1) {
    await write(ann, room, 'A long line that goes on and on. '.repeat(1 + 3 * round));
    await send(ann, room.id, `p${round}.png`, picture(300 + round * 100, 500), 'Look');
    await page.reload();
    await page.getByRole('button', { name: `Show p${round}.png` }).waitFor();
    await page.waitForFunction(() => {
      const list = document.querySelector('[data-virtuoso-scroller]');
      return list.scrollHeight - list.scrollTop - list.clientHeight < 2;
    });
    await page.waitForTimeout(600);
    const below = await page.locator('[data-virtuoso-scroller]').evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight);
    assert(below < 2, `${below} px are below, in round ${round}`);
  }
});
