// How long the page's main thread is busy at a time: 100 messages a second, and scrolling through 100,000.
// HISTORY (100000), SECONDS (10); prints figures as JSON.
import { strict as assert } from 'node:assert';
import { PASSWORD, call, goes, launch, open, quit, register, signIn, unique } from './page.mjs';
import { fill, pour } from './flood.mjs';

const HISTORY = Number(process.env.HISTORY ?? 100_000);
const SECONDS = Number(process.env.SECONDS ?? 10);
const LIMIT = 50;

/** Every task of the page's main thread while `work` goes on, in ms. */
async function tasks(page, work) {
  const browser = await launch();
  await browser.startTracing(page, { categories: ['toplevel', 'disabled-by-default-devtools.timeline', '__metadata'] });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const runs = traceEvents.filter(({ name, dur }) => dur !== undefined && name === 'ThreadControllerImpl::RunTask');
  const threads = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(({ pid, tid }) => `${pid} ${tid}`);
  // Of several pages' renderers, the one that worked most.
  const byThread = threads.map((thread) => runs.filter(({ pid, tid }) => `${pid} ${tid}` === thread));
  const [ours] = byThread.sort((one, other) => sum(other, 'dur') - sum(one, 'dur'));
  return { tasks: ours.length, wall: told(ours, 'dur'), cpu: told(ours, 'tdur') };
}

const sum = (runs, time) => runs.reduce((so, run) => so + (run[time] ?? 0), 0);

/** Wall time also counts what other programs take of the machine; the thread's own time does not. Idle wake-ups make
 * any percentile look good: so also that of the tasks that did something, a millisecond or more. */
function told(runs, time) {
  const all = runs.map((run) => (run[time] ?? 0) / 1000).sort((one, other) => one - other);
  const working = all.filter((one) => one >= 1);
  const at = (list, part) => Math.round((list[Math.min(list.length - 1, Math.floor(list.length * part))] ?? 0) * 10) / 10;
  return {
    p95: at(all, 0.95), p99: at(all, 0.99), longest: at(all, 1), working: working.length,
    p95OfWorking: at(working, 0.95), overLimit: all.filter((one) => one > LIMIT).length,
  };
}


const id = unique();
const people = await Promise.all(['a', 'b', 'c', 'd'].map((name) => register(name + id)));
const room = await call(people[0].token, 'POST', '/api/rooms', { name: `Long ${id}` });
for (const one of people.slice(1)) await call(one.token, 'POST', `/api/rooms/${room.id}/join`);
let began = Date.now();
await fill(people.slice(1), room.id, HISTORY);
const filled = Date.now() - began;

const page = await open();
await signIn(page, people[0].username, PASSWORD);
await page.locator('nav').waitFor();
await goes(page, `#/rooms/${room.slug}`);
await page.locator('[data-message]').first().waitFor();
const list = page.locator('[data-virtuoso-scroller]');

const figures = { history: HISTORY, filledIn: filled };
figures.arriving = await tasks(page, () => pour(people.slice(1), room.id, 100, SECONDS));
await page.locator(`[data-seq="${HISTORY + 100 * SECONDS}"]`).waitFor(); // The newest is on the screen.

// Up to the first of all: as fast as pages come.
began = Date.now();
const oldest = () => page.locator('[data-message]').first().getAttribute('data-seq').then(Number);
figures.climbing = await tasks(page, async () => {
  for (const end = Date.now() + 120_000; (await oldest()) > 1 && Date.now() < end;) {
    await list.evaluate((node) => { node.scrollTop = 0; });
    await page.waitForTimeout(30);
  }
});
figures.climbing.seconds = Math.round((Date.now() - began) / 100) / 10;
assert.equal(await oldest(), 1, 'the first message is reached');

// Through all of them, in steps of many screens and of single notches.
figures.scrolling = await tasks(page, async () => {
  await list.evaluate(async (node) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let step = 0; step < 240; step += 1) {
      node.scrollTop += step % 40 === 39 ? node.scrollHeight / 7 : 120;
      await frame();
    }
  });
});
figures.heapMB = Math.round((await page.evaluate(() => performance.memory?.usedJSHeapSize ?? 0)) / 1e6);
figures.inThePage = await page.locator('[data-message]').count();
assert.deepEqual(page.faults, []);
console.log(JSON.stringify(figures, null, 1));
for (const name of ['arriving', 'climbing', 'scrolling']) {
  // What the page's own thread takes. How long that is by the clock depends on what else the machine does.
  assert(figures[name].cpu.p95OfWorking <= LIMIT, `${name} keeps the page busy`);
}
await quit();
