import { likeness } from '../people/found';

/** The beginning of a name that stands at the caret, and what a whole one would replace. */
export interface Asked {
  word: string;
  from: number;
  to: number;
}

export interface Candidate {
  id: string | null;
  username: string;
  name: string;
}

const MOST_CHARS = 50;
const BEGUN = /(?<![\p{L}\p{N}_@])@([\p{L}\p{N}_.-]{0,50})$/u;
const REST = /^[\p{L}\p{N}_.-]*/u;
/** Others cannot be written as one word. */
const WRITABLE = /^[\p{L}\p{N}_.-]{1,49}[\p{L}\p{N}_]$/u;

export function wordAt(text: string, caret: number): Asked | undefined {
  const found = BEGUN.exec(text.slice(Math.max(0, caret - MOST_CHARS - 2), caret));
  if (!found || caret > text.length) return undefined;
  const [whole, word = ''] = found;
  const from = caret - whole.length;
  if (isInCode(text.slice(0, from))) return undefined;
  return { word, from, to: caret + REST.exec(text.slice(caret, caret + MOST_CHARS))![0].length };
}

/** After an odd number of fences, or of backticks in the line. */
const isInCode = (before: string) =>
  before.split('```').length % 2 === 0 || before.slice(before.lastIndexOf('\n') + 1).replaceAll('```', '').split('`').length % 2 === 0;

export const isWhole = ({ username }: Candidate, word: string) => username.toLowerCase() === word.toLowerCase();

/** Who answers to it, each once; who is known here stands before who was looked up, so that nobody moves when those come. */
export function candidates<One extends Candidate>(here: One[], lookedUp: One[], { word }: Asked, me: string, most: number): One[] {
  const seen = new Set([me.toLowerCase()]);
  const isNew = ({ username }: One) => {
    const key = username.toLowerCase();
    return WRITABLE.test(username) && !seen.has(key) && Boolean(seen.add(key));
  };
  return [here, lookedUp].flatMap((people) =>
    people.filter(isNew)
      .map((one) => ({ one, at: isWhole(one, word) ? -1 : word ? likeness(one, word) : 0 }))
      .filter(({ at }) => at < 3)
      .sort((one, other) => one.at - other.at)
      .map(({ one }) => one)).slice(0, most);
}
