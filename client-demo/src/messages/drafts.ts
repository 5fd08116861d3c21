/** What was begun and not sent, by person and room. It outlives the page; a device that is full loses drafts alone. */
const keyOf = (me: string, room: string) => `chat:draft:${me}:${room}`;

export const readDraft = (me: string, room: string): string => localStorage.getItem(keyOf(me, room)) ?? '';

export function writeDraft(me: string, room: string, text: string) {
  try {
    if (text.trim()) localStorage.setItem(keyOf(me, room), text);
    else localStorage.removeItem(keyOf(me, room));
  } catch {
    // The storage is full.
  }
}

export function forgetDrafts(me: string) {
  const of = keyOf(me, '');
  for (const key of Object.keys(localStorage)) if (key.startsWith(of)) localStorage.removeItem(key);
}
