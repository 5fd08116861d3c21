import { fileURLToPath } from 'node:url';

const from = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const server = process.env.CHAT_URL ?? 'http://127.0.0.1:5000';
const inClient = (name: string) => [name, from(`../../client-demo/node_modules/${name}`)];

// What an app of yours has installed itself is taken from client-demo here.
export default {
  root: from('.'),
  resolve: {
    alias: {
      'chat-client': from('../chat-client/chat-client.js'),
      ...Object.fromEntries(['react-dom', 'react', 'socket.io-client'].map(inClient)),
    },
  },
  build: { outDir: process.env.OUT ?? from('../../target/react-hooks'), emptyOutDir: true },
  server: { fs: { allow: [from('../..')] }, proxy: { '/api': server, '/socket.io': { target: server, ws: true } } },
};
