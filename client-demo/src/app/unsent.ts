import type { Chat, Pending } from '../chat';

const keyOf = ({ me }: Chat) => `chat:unsent:${me}`;

/** Texts that are not stored yet outlive a reload of this tab. */
export function keep(chat: Chat): () => void {
  const write = () => {
    const unsent = chat.unsent();
    if (unsent.length > 0) sessionStorage.setItem(keyOf(chat), JSON.stringify(unsent));
    else sessionStorage.removeItem(keyOf(chat));
  };
  addEventListener('pagehide', write);
  return () => removeEventListener('pagehide', write);
}

export function restore(chat: Chat) {
  const kept = sessionStorage.getItem(keyOf(chat));
  sessionStorage.removeItem(keyOf(chat));
  if (!kept) return;
  for (const [roomId, pending] of JSON.parse(kept) as [string, Pending[]][]) chat.feed(roomId).restore(pending);
}
