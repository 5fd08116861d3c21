const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Whether a text calls somebody by `@username`: `@ann.` at the end of a sentence does, `@ann.b` calls another one. */
export function mentions(text: string, username: string): boolean {
  if (!username || !text.includes('@')) return false;
  return new RegExp(`(?<![\\p{L}\\p{N}_@])@${literal(username)}(?![.-]*[\\p{L}\\p{N}_])`, 'iu').test(text);
}
