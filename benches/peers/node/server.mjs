import { createServer } from 'node:http';
import express from 'express';
import { Server } from 'socket.io';
import { chatRoutes } from './rest.mjs';
import { attachChat } from './sockets.mjs';

const app = express();
app.use((req, res, next) => {
  res.set('Access-Control-Allow-Origin', '*');
  if (req.method !== 'OPTIONS') return next();
  res.set('Access-Control-Allow-Methods', 'GET,POST,PUT,PATCH,DELETE');
  res.set('Access-Control-Allow-Headers', req.headers['access-control-request-headers'] ?? '*');
  res.sendStatus(204);
});
app.use('/api/community/chat', chatRoutes);

const server = createServer(app);
const io = new Server(server, {
  cors: { origin: '*' },
  allowEIO3: process.env.ALLOW_EIO3 === '1',
});
attachChat(io.of('/api/community/chat'));

const port = process.env.PORT ?? 5000;
server.listen(port, () => console.log(`listening on ${port}`));
