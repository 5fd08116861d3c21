// PNG, as far as our pictures need it: written from pixels, and packed tighter than a browser takes the time for.
import * as zlib from 'node:zlib';

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const MOST_COLOURS = 256;

const TABLE = Uint32Array.from({ length: 256 }, (_, one) => {
  for (let bit = 0; bit < 8; bit += 1) one = one & 1 ? (one >>> 1) ^ 0xedb88320 : one >>> 1;
  return one;
});
const crc32 = (bytes) => {
  let crc = ~0;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 255];
  return ~crc >>> 0;
};

function chunk(kind, data) {
  const body = Buffer.concat([Buffer.from(kind), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

function packed(width, height, colourType, rows, palette) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, colourType, 0, 0, 0], 8);
  const options = { level: 9, memLevel: 9, strategy: zlib.constants.Z_DEFAULT_STRATEGY };
  const data = zlib.deflateSync(rows, options);
  const parts = [chunk('IHDR', head), ...(palette ? [chunk('PLTE', palette)] : []), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([SIGNATURE, ...parts]);
}

/** `pixels` is three bytes each, row after row. */
export function encode(width, height, pixels) {
  const rows = Buffer.alloc((width * 3 + 1) * height);
  for (let y = 0; y < height; y += 1) pixels.copy(rows, y * (width * 3 + 1) + 1, y * width * 3, (y + 1) * width * 3);
  return packed(width, height, 2, rows);
}

/** Three bytes a pixel of a picture that a browser wrote: eight bits a colour, not interlaced. */
export function decode(png) {
  const parts = [];
  let [width, height, channels] = [0, 0, 0];
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    const [kind, data] = [png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + length)];
    if (kind === 'IHDR') [width, height, channels] = [data.readUInt32BE(0), data.readUInt32BE(4), data[9] === 6 ? 4 : 3];
    if (kind === 'IDAT') parts.push(data);
    at += length + 12;
  }
  const [raw, stride] = [zlib.inflateSync(Buffer.concat(parts)), width * channels];
  const rows = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x += 1) {
      const left = x >= channels ? rows[y * stride + x - channels] : 0;
      const up = y > 0 ? rows[(y - 1) * stride + x] : 0;
      const corner = x >= channels && y > 0 ? rows[(y - 1) * stride + x - channels] : 0;
      const guess = [0, left, up, (left + up) >> 1, nearestOf(left, up, corner)][filter];
      rows[y * stride + x] = raw[y * (stride + 1) + 1 + x] + guess;
    }
  }
  if (channels === 3) return { width, height, pixels: rows };
  const pixels = Buffer.alloc(width * height * 3);
  for (let at = 0; at < width * height; at += 1) rows.copy(pixels, at * 3, at * 4, at * 4 + 3);
  return { width, height, pixels };
}

function nearestOf(left, up, corner) {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

/** With 256 colours: those that are most, and for the rest the nearest of them. */
export function shrink(png) {
  const { width, height, pixels } = decode(png);
  const counts = new Map();
  const colourAt = (at) => (pixels[at * 3] << 16) | (pixels[at * 3 + 1] << 8) | pixels[at * 3 + 2];
  for (let at = 0; at < width * height; at += 1) counts.set(colourAt(at), (counts.get(colourAt(at)) ?? 0) + 1);
  const chosen = spread([...counts].sort((one, other) => other[1] - one[1]).map(([colour]) => colour));
  const place = new Map(chosen.map((colour, at) => [colour, at]));
  const nearest = (colour) => {
    let [best, least] = [0, Infinity];
    chosen.forEach((one, at) => {
      const [r, g, b] = [(one >> 16) - (colour >> 16), ((one >> 8) & 255) - ((colour >> 8) & 255), (one & 255) - (colour & 255)];
      const far = r * r * 2 + g * g * 4 + b * b * 3;
      if (far < least) [best, least] = [at, far];
    });
    place.set(colour, best);
    return best;
  };
  const rows = Buffer.alloc((width + 1) * height);
  for (let at = 0; at < width * height; at += 1) {
    const colour = colourAt(at);
    rows[Math.floor(at / width) + 1 + at] = place.get(colour) ?? nearest(colour);
  }
  const palette = Buffer.from(chosen.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  return packed(width, height, 3, rows, palette);
}

/** The most frequent first, as they are; of the others no two that are nearly one. */
function spread(colours) {
  const taken = colours.slice(0, MOST_COLOURS / 2);
  const known = new Set(taken);
  const far = (one, other) => Math.abs((one >> 16) - (other >> 16)) + Math.abs(((one >> 8) & 255) - ((other >> 8) & 255)) + Math.abs((one & 255) - (other & 255));
  for (const apart of [20, 8, 0]) {
    for (const colour of colours) {
      if (taken.length === MOST_COLOURS) return taken;
      if (known.has(colour) || taken.some((one) => far(one, colour) <= apart)) continue;
      known.add(colour);
      taken.push(colour);
    }
  }
  return taken;
}
