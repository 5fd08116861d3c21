import { fn, col } from 'sequelize';
import { CommunityChats, Users } from './models.mjs';

const LONGEST = 5000;
const LARGEST_PAGE = 1000;

const author = { model: Users, as: 'User', attributes: ['id', 'userid', 'name'] };
const attributes = { exclude: ['room_id'] };
const visible = { is_deleted: false };

const withAuthor = (id) => CommunityChats.findByPk(id, { attributes, include: author });

export class Refused extends Error {}

const refuse = (text) => {
  throw new Refused(text);
};

const refuseBlank = (message) => {
  if (!message || message.trim().length === 0) refuse('Message cannot be empty');
};

const refuseLong = (message) => {
  if (message.length > LONGEST) refuse(`Message is too long (max ${LONGEST} characters)`);
};

const refuseAnonymous = (userId) => {
  if (!userId) refuse('User not authenticated');
};

export async function send(userId, { message }) {
  refuseAnonymous(userId);
  refuseBlank(message);
  refuseLong(message);
  const { id } = await CommunityChats.create({ user_id: userId, message: message.trim() });
  return withAuthor(id);
}

async function ownMessage(userId, messageId, ownership) {
  const row = await CommunityChats.findByPk(messageId);
  if (!row) refuse('Message not found');
  if (row.user_id !== userId) refuse(ownership);
  return row;
}

export async function edit(userId, { messageId, message }) {
  refuseAnonymous(userId);
  refuseBlank(message);
  const row = await ownMessage(userId, messageId, 'You can only edit your own messages');
  if (row.is_deleted) refuse('Message not found');
  refuseLong(message);
  await row.update({ message: message.trim(), edited_at: new Date() });
  return withAuthor(row.id);
}

export async function remove(userId, { messageId }) {
  refuseAnonymous(userId);
  const row = await ownMessage(userId, messageId, 'You can only delete your own messages');
  await row.update({ is_deleted: true, message: '[Message deleted]' });
  return { id: row.id, is_deleted: true };
}

export async function page(pageNumber, pageSize, where = {}) {
  const limit = Math.min(pageSize, LARGEST_PAGE);
  const { count, rows } = await CommunityChats.findAndCountAll({
    where: { ...visible, ...where },
    attributes,
    include: author,
    order: [['created_at', 'ASC']],
    limit,
    offset: (pageNumber - 1) * limit,
  });
  const totalPages = Math.ceil(count / limit);
  return { data: rows, pagination: { total: count, page: pageNumber, limit, totalPages } };
}

export async function recent(limit) {
  const rows = await CommunityChats.findAll({
    where: visible,
    attributes,
    include: author,
    order: [['created_at', 'DESC']],
    limit: Math.min(limit, LARGEST_PAGE),
  });
  return rows.reverse();
}

export async function stats() {
  const day = fn('to_char', fn('timezone', 'UTC', col('created_at')), 'YYYY-MM-DD');
  const [totalMessages, totalUsers, days] = await Promise.all([
    CommunityChats.count({ where: visible }),
    CommunityChats.count({ where: visible, distinct: true, col: 'user_id' }),
    CommunityChats.findAll({
      where: visible,
      attributes: [[day, 'date'], [fn('COUNT', col('id')), 'count']],
      group: [day],
      order: [[day, 'DESC']],
      limit: 30,
      raw: true,
    }),
  ]);
  const messagesPerDay = days.map(({ date, count }) => ({ date, count: Number(count) }));
  return { totalMessages, totalUsers, messagesPerDay };
}
