import type { Message } from 'chat-client';
import { useEffect } from 'react';
import type { RoomRecord } from '../api/shapes';
import { mentions, Observable, useChat, useObserved } from '../chat';
import { referenceOf } from '../rooms/references';
import { t } from '../texts';
import { useMe } from './me';
import { go } from './routes';

const KEPT = 'chat:notifications';
const LONGEST = 200;

/** Whether this browser may show what comes while one looks elsewhere: asked for, and granted. */
class Wish extends Observable {
  readonly isPossible = typeof Notification !== 'undefined';
  get isOn() {
    return this.isPossible && Notification.permission === 'granted' && localStorage.getItem(KEPT) === 'on';
  }
  async toggle() {
    const wanted = !this.isOn && (await Notification.requestPermission()) === 'granted';
    if (wanted) localStorage.setItem(KEPT, 'on');
    else localStorage.removeItem(KEPT);
    this.changed();
  }
}

const wish = new Wish();
export const useNotificationWish = () => useObserved(wish);

/** Direct messages, and those that call one by name, while the page is not in sight. */
export function useNotifications(rooms: RoomRecord[]) {
  const [chat, me] = [useChat(), useMe()];
  useEffect(() => chat.on<Message>('message-received', (message) => {
    if (!wish.isOn || !document.hidden || chat.isMine(message) || chat.roster.blocked.has(message.user_id ?? '')) return;
    const room = rooms.find(({ id }) => id === message.room_id);
    if (!room || (room.kind !== 'direct' && !mentions(message.message, me.username))) return;
    const who = message.character?.name ?? message.User.name;
    const title = room.kind === 'direct' ? who : t('notifications.in', { who, room: room.name });
    notify(title, message.message.slice(0, LONGEST), room);
  }), [chat, me.username, rooms]);
}

function notify(title: string, body: string, room: RoomRecord) {
  try {
    const shown = new Notification(title, { body, tag: room.id });
    shown.onclick = () => {
      window.focus();
      go({ page: 'room', room: referenceOf(room) });
      shown.close();
    };
  } catch {
    // Chrome on a telephone lets only a service worker do this.
  }
}
