import { session } from '../api/session';
import type { Chat, Pending } from '../chat';
import { forgetDrafts } from '../messages/drafts';

const keyOf = ({ me }: Chat) => `chat:unsent:${me}`;

/** Texts that are not stored yet outlive a reload of this tab, and a session that ended without having been asked to. */
export function keep(chat: Chat): () => void {
  const write = () => {
    const unsent = chat.unsent();
    if (unsent.length > 0) sessionStorage.setItem(keyOf(chat), JSON.stringify(unsent));
    else sessionStorage.removeItem(keyOf(chat));
  };
  addEventListener('pagehide', write);
  return () => {
    removeEventListener('pagehide', write);
    if (session.wasLeft()) leaveNothing(chat);
    else write();
  };
}

/** Who signs out may leave the machine to somebody else. */
function leaveNothing(chat: Chat) {
  sessionStorage.removeItem(keyOf(chat));
  if (chat.me) forgetDrafts(chat.me);
}

export function restore(chat: Chat) {
  const kept = sessionStorage.getItem(keyOf(chat));
  sessionStorage.removeItem(keyOf(chat));
  if (!kept) return;
  for (const [roomId, pending] of JSON.parse(kept) as [string, Pending[]][]) chat.feed(roomId).restore(pending);
}
