import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/** Where the server runs while one develops: `CHAT_URL=… npm run dev`. */
const server = process.env.CHAT_URL ?? 'http://127.0.0.1:5000';

/** The server sends these as they are: it packs nothing itself. */
const packed: Plugin = {
  name: 'packed',
  apply: 'build',
  writeBundle({ dir = '' }) {
    for (const name of readdirSync(`${dir}/assets`)) {
      const content = readFileSync(`${dir}/assets/${name}`);
      if (content.length < 1024) continue;
      const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
      writeFileSync(`${dir}/assets/${name}.br`, brotliCompressSync(content, quality));
      writeFileSync(`${dir}/assets/${name}.gz`, gzipSync(content, { level: 9 }));
    }
  },
};

/** In development there is no server that says this in the page. */
const told: Plugin = {
  name: 'told',
  apply: 'serve',
  transformIndexHtml: (html) => html.replace('{socket_path}', '/socket.io').replace('{guests}', process.env.CHAT_GUESTS ?? 'no').replace('{upload_bytes}', '10485760').replace('{message_chars}', '5000'),
};

export default defineConfig({
  plugins: [react(), tailwindcss(), packed, told],
  resolve: {
    alias: { 'chat-client': fileURLToPath(new URL('../examples/chat-client/chat-client.js', import.meta.url)) },
  },
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
  server: {
    fs: { allow: ['..'] },
    proxy: { '/api': server, '/socket.io': { target: server, ws: true } },
  },
  test: { include: ['src/**/*.test.ts'] },
});
