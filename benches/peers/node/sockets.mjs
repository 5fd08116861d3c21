import { Refused, edit, page, remove, send } from './chat.mjs';
import { Users } from './models.mjs';

const ROOM = 'main-chat';

export function attachChat(namespace) {
  const everyone = () => namespace.to(ROOM);

  namespace.on('connection', (socket) => {
    socket.data.userId = socket.handshake.auth?.userId;
    socket.join(ROOM);

    const notice = (message) => ({ message, timestamp: new Date() });
    everyone().emit('user-joined', notice('A user has joined the chat'));
    socket.on('disconnect', () => {
      everyone().emit('user-left', notice('A user has left the chat'));
    });

    const on = (event, fault, answer) => {
      socket.on(event, async (...args) => {
        const callback = typeof args.at(-1) === 'function' ? args.pop() : () => {};
        try {
          callback({ success: true, ...(await answer(args[0])) });
        } catch (error) {
          callback({ success: false, error: error instanceof Refused ? error.message : fault });
        }
      });
    };

    on('authenticate-user', 'Failed to authenticate', async (payload) => {
      const userId = payload?.userId;
      if (!userId) throw new Refused('UserId is required');
      const user = await Users.findByPk(userId, {
        attributes: ['id', 'userid', 'name', 'email', 'community_rating'],
      });
      if (!user) throw new Refused('User not found');
      socket.data.userId = user.id;
      return { data: user, message: 'Authenticated successfully' };
    });

    on('load-messages', 'Failed to load messages', (payload) => {
      const { page: pageNumber = 1, limit = 50 } = payload ?? {};
      return page(Number(pageNumber), Number(limit));
    });

    on('send-message', 'Failed to send message', async (payload) => {
      const message = await send(socket.data.userId, payload);
      everyone().emit('message-received', message);
      return { data: message, message: 'Message sent successfully' };
    });

    on('edit-message', 'Failed to edit message', async (payload) => {
      const message = await edit(socket.data.userId, payload);
      everyone().emit('message-edited', message);
      return { data: message, message: 'Message updated successfully' };
    });

    on('delete-message', 'Failed to delete message', async (payload) => {
      everyone().emit('message-deleted', await remove(socket.data.userId, payload));
      return { message: 'Message deleted successfully' };
    });

    on('typing', 'Failed to update typing status', async (payload) => {
      const { userId } = socket.data;
      if (!userId) throw new Refused('User not authenticated');
      const user = await Users.findByPk(userId, { attributes: ['id', 'userid', 'name'] });
      socket.to(ROOM).emit('user-typing', { userId, isTyping: payload?.isTyping, user });
    });
  });
}
