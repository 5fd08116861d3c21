// A community as it might be, for the pictures: people, rooms, talk, files, reports.
import { CHAT_URL, call, register } from './page.mjs';
import { encode } from './png.mjs';

/** A picture of our own making: hills at dusk. */
export function picture(width = 960, height = 600, hue = 0) {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const far = height * (0.58 + 0.08 * Math.sin(x / 130 + hue) + 0.03 * Math.sin(x / 37));
      const near = height * (0.76 + 0.06 * Math.sin(x / 90 + 2 + hue));
      const sky = Math.floor((y / height) * 5) / 5;
      const sun = Math.hypot(x - width * 0.68, y - height * 0.44) < height * 0.09;
      const colour = y > near ? [38, 54, 62] : y > far ? [72, 92, 104] : sun ? [255, 236, 200]
        : [250 - 40 * sky, 150 + 70 * sky, 120 + 60 * (1 - sky) + hue * 20];
      pixels.set(colour.map(Math.round), (y * width + x) * 3);
    }
  }
  return encode(width, height, pixels);
}

export const post = (who, room, content, more = {}) => call(who.token, 'POST', `/api/rooms/${room}/messages`, { content, ...more });

export async function send(who, room, name, bytes, content) {
  const form = new FormData();
  form.append('file', new Blob([bytes]), name);
  if (content) form.append('content', content);
  const answer = await fetch(`${CHAT_URL}/api/rooms/${room}/files`, { method: 'POST', headers: { authorization: `Bearer ${who.token}` }, body: form });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.json();
}

const PEOPLE = [['mira', 'Mira Okafor'], ['jonas', 'Jonas Keller'], ['layla', 'Layla Haddad'], ['tomasz', 'Tomasz Wolski'], ['yuki', 'Yuki Tanaka'], ['sam', 'Sam Rivera']];

export async function seed(suffix = '') {
  const people = {};
  for (const [username, name] of PEOPLE) people[username] = await register(username + suffix, name);
  const { mira, jonas, layla, tomasz, yuki, sam } = people;
  await call(mira.token, 'PATCH', '/api/me', { bio: 'Gardener, baker, keeper of the key to the tool shed.' });
  const avatar = (who, hue) => fetch(`${CHAT_URL}/api/me/avatar`, { method: 'PUT', headers: { authorization: `Bearer ${who.token}`, 'content-type': 'image/png' }, body: picture(256, 256, hue) });
  await avatar(layla, 2.2);

  const make = (who, name, description, kind = 'public') => call(who.token, 'POST', '/api/rooms', { name, description, kind });
  const garden = await make(mira, 'Garden', 'Beds, bees and who waters on Friday');
  const kitchen = await make(jonas, 'Kitchen table', 'Recipes, leftovers, Sunday dinners');
  const trips = await make(layla, 'Day trips', 'Trains, trails and picnics');
  const council = await make(mira, 'Council', 'Minutes and money', 'private');
  await make(tomasz, 'Workshop', 'Borrow a drill, return it sharper');
  await make(yuki, 'Board games', 'Thursdays at seven');
  for (const who of [jonas, layla, tomasz, yuki]) await call(who.token, 'POST', `/api/rooms/${garden.id}/join`);
  for (const who of [mira, layla, sam]) await call(who.token, 'POST', `/api/rooms/${kitchen.id}/join`);
  for (const who of [mira, jonas]) await call(who.token, 'POST', `/api/rooms/${trips.id}/join`);
  await call(mira.token, 'PUT', `/api/rooms/${garden.id}/members/${tomasz.id}`, { role: 'moderator' });
  for (const who of [jonas, layla]) {
    await call(mira.token, 'PUT', `/api/rooms/${council.id}/invites/${who.id}`);
    if (who === jonas) await call(who.token, 'POST', `/api/rooms/${council.id}/join`);
  }
  const gandalf = await call(tomasz.token, 'POST', '/api/me/characters', { name: 'The Old Scarecrow' });

  const g = garden.id;
  await post(tomasz, g, 'Morning! The first frost was last night, the dahlias are done for.');
  await post(mira, g, 'Oh no. I will dig them up this afternoon.');
  await post(mira, g, 'Does anybody have crates? Four or five would do.');
  await post(yuki, g, 'I have three from the market, and a bag of dry leaves: https://example.org/storing-dahlias says they keep the tubers from rotting.');
  await post(layla, g, 'I can be there at four, with the big car');
  await send(jonas, g, 'hills.png', picture(), 'The view from bed seven this morning');
  await post(tomasz, g, 'I have watched over this field for a hundred winters. Bring the crates.', { characterId: gandalf.id });
  await post(jonas, g, '/me salutes the scarecrow');
  await send(mira, g, 'planting-plan-2027.pdf', Buffer.from(`%PDF-1.4\n${' '.repeat(186_000)}%%EOF\n`));
  await post(mira, g, `@layla${suffix} could you look over the plan before Friday? The \`beans\` and the \`peas\` swap places.`);
  const rude = await post(yuki, g, 'BUY CHEAP SEEDS at totally-real-seeds.example, best price!!!');
  await call(mira.token, 'PUT', `/api/me/reports/${rude.id}`, { reason: 'spam', note: 'Not like Yuki at all, maybe the account was taken over?' });
  await call(jonas.token, 'PUT', `/api/me/reports/${rude.id}`, { reason: 'spam' });
  await post(layla, g, 'Will do, on the train tonight.');
  await post(jonas, kitchen.id, 'Soup on Sunday? I have far too many pumpkins.');
  await post(sam, kitchen.id, 'Yes please. I bring bread.');
  for (const text of ['The 8:12 still has seats', 'Meet at platform two', 'And bring a scarf']) await post(layla, trips.id, text);
  const direct = await call(layla.token, 'PUT', `/api/me/directs/${mira.id}`);
  await post(layla, direct.id, 'Are you coming to the council on Tuesday?');
  await post(mira, direct.id, 'Yes, with the numbers. Finally.');
  await call(mira.token, 'PUT', `/api/rooms/${garden.id}/mutes/${sam.id}`, { seconds: 86400, reason: 'Three warnings about advertising' });
  return { ...people, garden, kitchen, trips, council, direct, gandalf };
}
