/** What a text is made of. It becomes elements of React, never markup: what it says is data. */
export type Plain =
  | { kind: 'text'; text: string }
  | { kind: 'link'; text: string; href: string }
  | { kind: 'mention'; text: string; username: string };
export type Inline = Plain | { kind: 'code'; text: string } | { kind: 'bold' | 'italic' | 'struck'; inside: Plain[] };
export type Part =
  | Inline
  | { kind: 'block'; text: string; language?: string }
  | { kind: 'quote' | 'list'; lines: Inline[][] };

/** Each is written so that no text is gone over twice: somebody sends 5,000 backticks. */
const FENCED = /```(?:([^\s`]{1,30})[^\S\n]*\n|\n)?((?:(?!\n?```)[\s\S])+)\n?```/g;
const LINK = /(?:[hH]ttps?:\/\/|(?<![\p{L}\p{N}_@./-])[wW]ww\.(?=[\p{L}\p{N}]))[^\s<>"]+/u;
const MENTION = /(?<![\p{L}\p{N}_@])@[\p{L}\p{N}_.-]{2,50}/u;
const CODE = /`[^`\n]+`/u;
/** Closed in its line, around words and not between them: 2*3*4, x**2 and snake_case_names are none. */
const BOLD = /(?<![\w*])\*\*(?![\s*])[^*`\n]+(?<!\s)\*\*(?![\w*])/u;
const ITALIC = /(?<![\w*])\*(?![\s*])[^*`\n]+(?<!\s)\*(?![\w*])|(?<![\p{L}\p{N}_\\])_(?![\s_])[^_`\n]+(?<!\s)_(?![\p{L}\p{N}_])/u;
const STRUCK = /(?<!~)~~(?![\s~])[^~`\n]+(?<!\s)~~(?!~)/u;

const either = (...patterns: RegExp[]) => new RegExp(patterns.map(({ source }) => `(${source})`).join('|'), 'gu');
const PLAIN = either(LINK, MENTION);
const INLINE = either(LINK, MENTION, CODE, BOLD, ITALIC, STRUCK);

export function parts(text: string): Part[] {
  const found: Part[] = [];
  let from = 0;
  const upTo = (to: number) => {
    // The lines of a fence are its own.
    const between = text.slice(from, to).replace(from > 0 ? /^\n/ : '', '').replace(to < text.length ? /\n$/ : '', '');
    for (const part of between ? lines(between) : []) found.push(part);
  };
  for (const match of text.matchAll(FENCED)) {
    const [whole, language, code = ''] = match;
    upTo(match.index);
    found.push({ kind: 'block', text: code, ...(language && { language }) });
    from = match.index + whole.length;
  }
  upTo(text.length);
  return found;
}

const MARKS: Record<string, 'quote' | 'list'> = { '> ': 'quote', '- ': 'list' };

/** Lines of one kind, next to each other, are one part. */
function lines(text: string): Part[] {
  const runs: { kind: 'quote' | 'list' | undefined; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    const kind = line.length > 2 ? MARKS[line.slice(0, 2)] : undefined;
    const last = runs.at(-1);
    if (last && last.kind === kind) last.lines.push(line);
    else runs.push({ kind, lines: [line] });
  }
  return runs.flatMap(({ kind, lines: run }): Part[] =>
    kind ? [{ kind, lines: run.map((line) => inline(line.slice(2))) }] : inline(run.join('\n')));
}

const inline = (text: string) => cut<Inline>(text, INLINE, (words, [link, mention, code, bold, italic]) => {
  if (link) return linkOf(words);
  if (mention) return mentionOf(words);
  if (code) return { kind: 'code', text: words.slice(1, -1) };
  if (bold) return { kind: 'bold', inside: plain(words.slice(2, -2)) };
  return italic ? { kind: 'italic', inside: plain(words.slice(1, -1)) } : { kind: 'struck', inside: plain(words.slice(2, -2)) };
});
const plain = (text: string) => cut<Plain>(text, PLAIN, (words, [link]) => (link ? linkOf(words) : mentionOf(words)));

/** What a pattern finds, and the text between. A part that holds less than was found leaves the rest to the text. */
function cut<Kind extends Inline>(text: string, pattern: RegExp, partOf: (words: string, groups: (string | undefined)[]) => Kind | undefined): (Kind | Plain)[] {
  const found: (Kind | Plain)[] = [];
  let from = 0;
  const upTo = (to: number) => {
    if (to > from) found.push({ kind: 'text', text: text.slice(from, to) });
  };
  for (const match of text.matchAll(pattern)) {
    const [words, ...groups] = match;
    const part = partOf(words, groups);
    if (!part) continue;
    upTo(match.index);
    found.push(part);
    from = match.index + (part.kind === 'link' || part.kind === 'mention' ? part.text.length : words.length);
  }
  upTo(text.length);
  return found;
}

function mentionOf(words: string): Plain {
  const text = words.replace(/[.-]+$/, '');
  return { kind: 'mention', text, username: text.slice(1) };
}

function linkOf(address: string): Plain | undefined {
  const text = address.slice(0, endOf(address));
  const isBare = /^www/i.test(text);
  const href = isBare ? `https://${text}` : text;
  if (!URL.canParse(href) || (isBare && !/^www\.[^./]+\.[^./]/i.test(text))) return undefined;
  return { kind: 'link', text, href };
}

/** At the end of a link it belongs to the sentence. */
const TRAILING = new Set('.,;:!?\'"»”');

/** Where a link ends: a bracket that was not opened in it closes what is around it. Walked once. */
function endOf(address: string): number {
  let tooMany = 0;
  for (const letter of address) tooMany += letter === ')' ? 1 : letter === '(' ? -1 : 0;
  let end = address.length;
  for (; end > 0; end -= 1) {
    const last = address[end - 1]!;
    if (last === ')' && tooMany > 0) tooMany -= 1;
    else if (!TRAILING.has(last)) break;
  }
  return end;
}

const EMOJI = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D\p{Extended_Pictographic}|\p{Emoji_Modifier})*\s*){1,6}$/u;
/** A few pictures alone are shown large. */
export const isPictures = (text: string) => EMOJI.test(text);
