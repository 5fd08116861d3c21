// Runs every ```js example of COMMUNITY_CHAT_WEBSOCKET_API.md and of README.md against a server:
// what the documents claim is what it does. Environment as in README.md beside this file.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { io as connect } from 'socket.io-client';

const { CHAT_URL: url = 'http://127.0.0.1:5000', CHAT_USERS = '[]', CHAT_ROOM: room } = process.env;
const [user] = JSON.parse(CHAT_USERS);
const PATIENCE = 20_000;
const here = fileURLToPath(new URL('.', import.meta.url));

if (!user?.token) {
  console.error('CHAT_USERS must list a user { id, userid, name, email, token }');
  process.exit(1);
}

const documents = [
  ['COMMUNITY_CHAT_WEBSOCKET_API.md', runSnippet],
  ['README.md', runScript],
];

/** The ```js blocks of a document, each with the heading and the line that it stands at. */
function examples(text) {
  const found = [];
  let heading = '';
  let open = null;
  text.split('\n').forEach((line, at) => {
    const fence = line.match(/^```(\w*)\s*$/);
    if (open && line.startsWith('```')) {
      if (open.kind === 'js') found.push({ heading, line: open.line, code: open.lines.join('\n') });
      open = null;
    } else if (fence) open = { kind: fence[1], line: at + 1, lines: [] };
    else if (open) open.lines.push(line);
    else if (/^#+ /.test(line)) heading = line.replace(/^#+ /, '');
  });
  return found;
}

/** An example that is given a connected socket. */
async function runSnippet({ code, line }) {
  const opened = [];
  const io = (...target) => {
    const socket = connect(...target);
    opened.push(socket);
    return socket;
  };
  const failed = [];
  const assert = (holds, ...about) => {
    if (holds) return;
    const [, at] = new Error().stack.split('\n')[2]?.match(/<anonymous>:(\d+):\d+\)?$/) ?? [];
    const where = at ? `line ${line + Number(at) - 2}: ${code.split('\n')[at - 3]?.trim()}` : 'an assertion';
    failed.push([where, ...about.map((value) => JSON.stringify(value))].join(' '));
  };
  const quiet = { ...console, assert, log() {} };
  const names = ['socket', 'io', 'url', 'token', 'userId', 'room', 'console'];
  const AsyncFunction = (async () => {}).constructor;
  try {
    const run = new AsyncFunction(...names, code);
    const socket = io(`${url}/api/community/chat`, { auth: { token: user.token }, forceNew: true });
    await within(connected(socket), 'the connection');
    await within(run(socket, io, url, user.token, user.id, room, quiet), 'the example');
  } finally {
    for (const socket of opened) socket.disconnect();
  }
  if (failed.length > 0) throw new Error(failed.join('\n'));
}

/** An example that is a Node script of its own. */
async function runScript({ code }) {
  const environment = { ...process.env, CHAT_URL: url, CHAT_TOKEN: user.token };
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { cwd: here, env: environment });
  let errors = '';
  child.stderr.on('data', (part) => (errors += part));
  child.stdout.resume();
  const ended = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  try {
    const status = await within(ended, 'the script');
    if (status !== 0 || errors.includes('Assertion failed')) throw new Error(errors || `it ended with ${status}`);
  } finally {
    child.kill();
  }
}

const connected = (socket) =>
  new Promise((resolve, reject) => socket.once('connect', resolve).once('connect_error', reject));

function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${PATIENCE} ms`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

let passed = 0;
let failed = 0;
for (const [name, run] of documents) {
  const found = examples(await readFile(new URL(`../../${name}`, import.meta.url), 'utf8'));
  if (found.length === 0) {
    failed += 1;
    console.error(`FAILED ${name}: it has no examples`);
  }
  for (const example of found) {
    try {
      await run(example);
      passed += 1;
    } catch (error) {
      failed += 1;
      console.error(`FAILED ${name}:${example.line} "${example.heading}"\n  ${error.message}`);
    }
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
