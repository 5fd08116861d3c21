import express from 'express';
import jwt from 'jsonwebtoken';
import { page, recent, stats } from './chat.mjs';
import { Users } from './models.mjs';

async function protect(req, res, next) {
  const refuse = (reason) => res.status(401).json({ message: `Unauthorized - ${reason}` });
  const token = /^Bearer (\S+)$/.exec(req.headers.authorization ?? '')?.[1];
  if (!token) return refuse('No token provided');
  try {
    const { userId } = jwt.verify(token, process.env.ACCESS_TOKEN_SECRET, { algorithms: ['HS256'] });
    req.user = await Users.findByPk(userId);
  } catch (error) {
    return refuse(error.name === 'TokenExpiredError' ? 'Token expired' : 'Invalid token');
  }
  if (!req.user) return refuse('User not found');
  next();
}

const answer = (fault, work) => async (req, res) => {
  try {
    res.json({ success: true, ...(await work(req)) });
  } catch {
    res.status(500).json({ error: fault });
  }
};

const pageOf = ({ query }) => parseInt(query.page) || 1;
const limitOf = ({ query }) => parseInt(query.limit) || 50;

export const chatRoutes = express.Router();

chatRoutes.get('/', protect, answer('Failed to fetch messages', (req) =>
  page(pageOf(req), limitOf(req))));

chatRoutes.get('/recent', answer('Failed to fetch messages', async (req) => ({
  data: await recent(limitOf(req)),
})));

chatRoutes.get('/stats', answer('Failed to fetch statistics', async () => ({
  data: await stats(),
})));

chatRoutes.get('/:userId', protect, answer('Failed to fetch messages', (req) =>
  page(pageOf(req), limitOf(req), { user_id: req.params.userId })));
