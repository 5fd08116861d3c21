import { io } from 'socket.io-client';

const { CHAT_URL = 'http://localhost:5000', CHAT_TOKEN } = process.env;
const socket = io(`${CHAT_URL}/api/community/chat`, { auth: { token: CHAT_TOKEN } });
const fail = ({ message }) => {
  console.error(`${CHAT_URL}: ${message}`);
  process.exit(1);
};

socket.on('message-received', ({ User, message }) => console.log(`${User.name}: ${message}`));
socket.on('connect_error', fail);
socket.on('connect', async () => {
  const message = process.argv[2] ?? 'Hello from Node';
  const answer = await socket.timeout(10_000).emitWithAck('send-message', { message }).catch(fail);
  if (!answer.success) fail({ message: answer.error });
});
