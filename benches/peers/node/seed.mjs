import bcrypt from 'bcryptjs';
import jwt from 'jsonwebtoken';
import { CommunityChats, Users, sequelize } from './models.mjs';

const [users = 3, messages = 20] = process.argv.slice(2).map(Number);
const password = bcrypt.hashSync('correct horse battery', 10);
const batch = Date.now().toString(36);

const people = await Users.bulkCreate(Array.from({ length: users }, (_, i) => ({
  userid: `${batch}_${i}`,
  name: `Seeded ${i}`,
  dob: '1990-01-01',
  gender: 'rather_not_say',
  email: `${batch}_${i}@example.org`,
  password,
})));

const start = Date.now() - messages * 1000;
const rows = [];
for (let from = 0; from < messages; from += 1000) {
  const part = Array.from({ length: Math.min(1000, messages - from) }, (_, k) => {
    const i = from + k;
    const at = new Date(start + i * 1000);
    const kind = { 3: 'edited', 5: 'deleted' }[i % 10];
    return {
      user_id: people[i % users].id,
      message: kind === 'deleted' ? '[Message deleted]' : `Seeded message ${i}`,
      edited_at: kind === 'edited' ? new Date(at.getTime() + 500) : null,
      is_deleted: i === 7 ? null : kind === 'deleted',
      created_at: at,
      updated_at: at,
    };
  });
  rows.push(...await CommunityChats.bulkCreate(part));
}
await sequelize.close();

const secret = process.env.ACCESS_TOKEN_SECRET;
const ids = (wanted) => rows.filter(wanted).map(({ id }) => id);
console.log(JSON.stringify({
  password: 'correct horse battery',
  users: people.map(({ id, userid, name, email }) => ({
    id,
    userid,
    name,
    email,
    token: secret && jwt.sign({ userId: id }, secret, { expiresIn: '1d' }),
  })),
  messages: {
    visible: ids((row) => row.is_deleted === false),
    edited: ids((row) => row.edited_at),
    deleted: ids((row) => row.is_deleted),
    neither: ids((row) => row.is_deleted === null),
  },
}));
