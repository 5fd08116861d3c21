import net from 'node:net';

/** Stands between clients and the server, and loses what it is told to lose. */
export async function unreliable(t, target) {
  const { hostname, port } = new URL(target);
  const pairs = new Set();
  let [refusing, stalled, losing] = [false, false, false];

  const server = net.createServer((near) => {
    const far = net.connect(Number(port), hostname);
    const pair = { cut() { near.destroy(); far.destroy(); pairs.delete(pair); }, near, far, losing: false };
    pairs.add(pair);
    for (const end of [near, far]) end.on('error', () => {}).on('close', () => pair.cut());
    near.on('data', (bytes) => {
      far.write(bytes);
      pair.losing ||= losing;
      losing = false;
    });
    far.on('data', (bytes) => (pair.losing ? pair.cut() : near.write(bytes)));
    if (stalled) for (const end of [near, far]) end.pause();
    if (refusing) pair.cut();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

  const proxy = {
    url: `http://127.0.0.1:${server.address().port}`,
    cut() {
      for (const pair of pairs) pair.cut();
    },
    /** Ends what is there and takes nothing new. */
    down() {
      refusing = true;
      proxy.cut();
    },
    up() {
      refusing = false;
    },
    /** What a client sends next arrives; the answer does not, and the connection ends. */
    loseNextAnswer() {
      losing = true;
    },
    /** Nothing comes through, and nobody is told. */
    stall() {
      stalled = true;
      for (const { near, far } of pairs) [near, far].forEach((end) => end.pause());
    },
    flow() {
      stalled = false;
      for (const { near, far } of pairs) [near, far].forEach((end) => end.resume());
    },
  };
  t.after(() => {
    proxy.cut();
    server.close();
  });
  return proxy;
}
