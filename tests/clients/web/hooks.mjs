// examples/react-hooks: the hooks in an app of one's own, built as its README says, talk with the web client's people.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build, preview } from '../../../client-demo/node_modules/vite/dist/node/index.js';
import { unreliable } from '../proxy.mjs';
import { CHAT_URL, PASSWORD, composer, launch, open, quit, register, say, shows, signUp, spotless, unique } from './page.mjs';

const configFile = fileURLToPath(new URL('../../../examples/react-hooks/vite.config.ts', import.meta.url));
let [app, proxy, folder] = [];
const ends = [];

before(async () => {
  await launch();
  proxy = await unreliable({ after: (end) => ends.push(end) }, CHAT_URL);
  folder = await mkdtemp(join(tmpdir(), 'react-hooks-'));
  Object.assign(process.env, { CHAT_URL: proxy.url, OUT: folder });
  await build({ configFile, logLevel: 'error' });
  app = await preview({ configFile, logLevel: 'silent', build: { outDir: folder }, preview: { host: '127.0.0.1', port: 0 } });
});
after(async () => {
  await quit();
  app?.httpServer.closeAllConnections();
  await app?.close();
  for (const end of ends) end();
  await rm(folder, { recursive: true, force: true });
});

test('an app on the hooks: its people and those of the web client talk, also after the line was cut', async (t) => {
  const [here, there] = [await open(t, { url: app.resolvedUrls.local[0].replace(/\/$/, '') }), await open(t)];
  const ann = await register(`a${unique()}`);
  await signUp(there, `b${unique()}`);

  await here.getByLabel('Email or username').fill(ann.username);
  await here.getByLabel('Password').fill('wrong');
  await here.getByRole('button', { name: 'Log in' }).click();
  await here.getByRole('alert').getByText(/Invalid email or password/).waitFor();
  await here.getByLabel('Password').fill(PASSWORD);
  await here.getByRole('button', { name: 'Log in' }).click();
  await here.getByRole('status').getByText('online, 2 here').waitFor();

  const item = (text) => here.getByRole('listitem').filter({ hasText: text });
  const write = async (text) => {
    await here.getByLabel('Message', { exact: true }).fill(text);
    await here.getByRole('button', { name: 'Send' }).click();
  };
  const [first, answer, missed, kept] = Array.from({ length: 4 }, unique);
  await write(first);
  await shows(there, first);
  await composer(there).pressSequentially('I');
  await here.getByText('typing…').waitFor();
  await say(there, answer);
  await item(answer).waitFor();

  proxy.down();
  await here.getByRole('status').getByText('connecting').waitFor();
  await say(there, missed);
  await shows(there, missed);
  await write(kept);
  await item(kept).getByText('(sending)').waitFor();
  proxy.up();
  await here.getByRole('status').getByText('online').waitFor();
  await shows(there, kept);
  for (const text of [first, answer, missed, kept]) {
    await item(text).waitFor();
    assert.equal(await item(text).count(), 1, text);
  }
  await here.getByText('(sending)').waitFor({ state: 'detached' });
  spotless(here, there);
});
