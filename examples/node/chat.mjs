import { io } from 'socket.io-client';

const { CHAT_URL = 'http://localhost:5000', CHAT_TOKEN } = process.env;
const socket = io(`${CHAT_URL}/api/community/chat`, { auth: { token: CHAT_TOKEN } });

socket.on('message-received', ({ User, message }) => console.log(`${User.name}: ${message}`));
socket.on('connect_error', ({ message }) => console.error(message));
socket.on('connect', async () => {
  const message = process.argv[2] ?? 'Hello from Node';
  const answer = await socket.timeout(5000).emitWithAck('send-message', { message });
  if (!answer.success) console.error(answer.error);
});
