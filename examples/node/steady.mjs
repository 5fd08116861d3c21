import { createInterface } from 'node:readline';
import { io } from 'socket.io-client';
import { connectChat } from '../chat-client/chat-client.js';

const { CHAT_URL = 'http://localhost:5000', CHAT_TOKEN } = process.env;

const chat = connectChat(io, CHAT_URL, {
  getToken: () => CHAT_TOKEN,
  onChange(room, changed) {
    for (const { is_deleted, edited_at, User, message } of changed) {
      if (!is_deleted) console.log(`${User.name}${edited_at ? ' (edited)' : ''}: ${message}`);
    }
  },
  onStatus: (status, error) => console.error(`- ${status} ${error?.message ?? ''}`),
});

const say = (line) => chat.send(line).catch(({ message }) => console.error(`- not sent: ${line} (${message})`));
process.argv.slice(2).forEach(say);
createInterface({ input: process.stdin }).on('line', say);
