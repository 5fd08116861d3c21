const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\-]/g, '\\$&');

/** Whether a text calls somebody by `@username`. */
export function isCalled(text: string, username: string): boolean {
  if (!username || !text.includes('@')) return false;
  return new RegExp(`(?<![\\p{L}\\p{N}_@])@${literal(username)}(?![\\p{L}\\p{N}_])`, 'iu').test(text);
}
