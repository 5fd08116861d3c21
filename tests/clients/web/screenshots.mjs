// Pictures of every page, in both themes, on a telephone and on a wide screen: `make screenshots`.
// CHAT_URL, CHAT_ADMIN (a userid, signed in by PASSWORD), SCREENSHOTS (a folder); CHAT_DATABASE (an SQLite file) for a past.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PASSWORD, goes, launch, open, quit, shows, signIn } from './page.mjs';
import { shrink } from './png.mjs';
import { picture, seed } from './seed.mjs';

const folder = process.env.SCREENSHOTS ?? 'screenshots';
const only = process.env.ONLY?.split(',');
mkdirSync(folder, { recursive: true });
const SIZES = { wide: { width: 1440, height: 900 }, small: { width: 360, height: 740 } };

await launch('--force-color-profile=srgb', '--font-render-hinting=none');
const world = await seed(process.env.SUFFIX ?? '');
if (process.env.CHAT_DATABASE) remember(process.env.CHAT_DATABASE);
const room = (one) => `#/rooms/${one.isPrivate ? one.id : one.slug}`;

/** A community that has talked for a month: the server writes nothing into the past. */
function remember(database) {
  const script = `import math,sqlite3,sys,time
db=sqlite3.connect(sys.argv[1],timeout=10)
today=int(time.time())//86400
for (room,) in db.execute("SELECT number FROM chat_rooms").fetchall():
  said=0
  for ago in range(1,60):
    weekend=(today-ago+4)%7 in (0,6)
    count=int((34 if weekend else 18)*(1+.5*math.sin(ago*1.7+room))*(1.3-ago/80))
    db.execute("INSERT OR IGNORE INTO chat_daily (room,day,visible,authors) VALUES (?,?,?,?)",(room,today-ago,count,min(5,max(1,count//5))))
    said+=count
  db.execute("UPDATE chat_rooms SET visible=visible+? WHERE number=?",(said,room))
db.commit()`;
  execFileSync('python3', ['-c', script, database]);
}

async function settle(page) {
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(500);
}

/** What is pictured, as whom, and how one gets there. */
const SCENES = {
  'sign-in': { as: undefined },
  'sign-up': { as: undefined, then: (page) => page.getByRole('button', { name: 'Create an account' }).click() },
  room: { as: 'mira', at: room(world.garden), then: (page) => shows(page, 'on the train tonight') },
  rooms: { as: 'mira', at: '#/' },
  actions: { as: 'mira', at: room(world.garden), async then(page, size) {
    await shows(page, 'on the train tonight');
    const target = page.locator('[data-message]', { hasText: 'CHEAP SEEDS' });
    const more = target.getByRole('button', { name: 'More' });
    for (let tries = 0; tries < 5 && !(await more.isVisible()); tries += 1) {
      if (size === 'small') await target.tap();
      else await target.hover();
      await page.waitForTimeout(300);
    }
    await more.click();
  } },
  direct: { as: 'mira', at: room({ ...world.direct, isPrivate: true }) },
  empty: { as: 'sam', at: '#/rooms/main-chat' },
  create: { as: 'mira', at: room(world.garden), async then(page, size) {
    if (size === 'small') await goes(page, '#/');
    await page.getByRole('button', { name: 'Create a room' }).first().click();
  } },
  browse: { as: 'sam', at: '#/browse' },
  invitation: { as: 'layla', at: '#/invitations' },
  'room-settings': { as: 'mira', at: room(world.garden), async then(page) {
    await page.getByRole('button', { name: 'Room menu' }).click();
    await page.getByRole('menuitem', { name: 'Room settings' }).click();
    await page.getByRole('tab', { name: 'Mutes' }).click();
  } },
  profile: { as: 'mira', at: '#/settings/profile' },
  security: { as: 'mira', at: '#/settings/security' },
  characters: { as: 'tomasz', at: '#/settings/characters' },
  statistics: { as: 'mira', at: room(world.garden).replace('rooms', 'statistics') },
  operator: { as: 'admin', at: '#/operator/now' },
  reports: { as: 'admin', at: '#/operator/reports' },
  arabic: { as: 'mira', language: 'ar', at: room(world.garden), then: (page) => shows(page, 'on the train tonight') },
  // The last: what is attached stays in its room.
  writing: { as: 'mira', at: room(world.garden), async then(page) {
    await shows(page, 'on the train tonight');
    await page.locator('input[type=file]').setInputFiles([
      { name: 'hills.png', mimeType: 'image/png', buffer: picture(400, 300, 1) },
      { name: 'seed-list.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(48_000) },
    ]);
    await page.locator('[data-composer]').pressSequentially('Both for you, @la');
    await page.getByRole('option').first().waitFor();
  } },
};

async function contextOf(as, size, theme, language) {
  const page = await open(undefined, {
    viewport: SIZES[size], colorScheme: theme, locale: language, reducedMotion: 'reduce', ...(size === 'small' && { hasTouch: true, isMobile: true }),
  });
  if (as) {
    const name = as === 'admin' ? process.env.CHAT_ADMIN : world[as].username;
    if (language === 'en') await signIn(page, name, PASSWORD);
    else {
      await page.locator('[name=identifier]').fill(name);
      await page.locator('[name=password]').fill(PASSWORD);
      await page.locator('[type=submit]').click();
    }
    await page.locator('nav').first().waitFor({ state: 'attached' });
  }
  return page;
}

// Somebody is there besides who looks.
const others = [];
for (const as of only ? [] : ['jonas', 'layla']) others.push(await contextOf(as, 'wide', 'light', 'en'));

const pages = new Map();
for (const [name, { as, at = '', language = 'en', then }] of Object.entries(SCENES)) {
  if (only && !only.includes(name)) continue;
  for (const size of Object.keys(SIZES)) {
    for (const theme of ['light', 'dark']) {
      const key = [as, size, theme, language].join();
      if (!as || !pages.has(key)) pages.set(key, await contextOf(as, size, theme, language));
      const page = pages.get(key);
      if (at) {
        await goes(page, '#/browse');
        await page.waitForTimeout(100);
        await goes(page, at);
      }
      await settle(page);
      await then?.(page, size);
      await settle(page);
      const shot = await page.screenshot({ animations: 'disabled', caret: 'hide' });
      writeFileSync(join(folder, `${name}-${size}-${theme}.png`), shrink(shot));
      if (page.faults.length > 0) throw new Error(`${name}: ${page.faults.join('\n')}`);
      if (!as) await page.context().close();
      else await page.keyboard.press('Escape').then(() => page.keyboard.press('Escape'));
    }
  }
}
await quit();
