/** What a text is made of. It becomes elements of React, never markup: what it says is data. */
export type Part =
  | { kind: 'text'; text: string }
  | { kind: 'link'; text: string; href: string }
  | { kind: 'mention'; text: string; username: string }
  | { kind: 'code'; text: string }
  | { kind: 'block'; text: string };

const PATTERN = /```\n?([\s\S]+?)\n?```|`([^`\n]+)`|(https?:\/\/[^\s<>"]+)|(?<![\p{L}\p{N}_@])@([\p{L}\p{N}_.-]{2,50})/gu;
/** At the end of a link it belongs to the sentence. */
const TRAILING = /[.,;:!?'"»”]+$/;

export function parts(text: string): Part[] {
  const found: Part[] = [];
  let from = 0;
  const plain = (to: number) => {
    if (to > from) found.push({ kind: 'text', text: text.slice(from, to) });
  };
  for (const match of text.matchAll(PATTERN)) {
    const [whole, block, code, link, username] = match;
    const part = block !== undefined ? ({ kind: 'block', text: block } as const)
      : code !== undefined ? ({ kind: 'code', text: code } as const)
        : link !== undefined ? linkOf(link)
          : ({ kind: 'mention', text: whole.replace(/[.-]+$/, ''), username: username!.replace(/[.-]+$/, '') } as const);
    if (!part) continue;
    plain(match.index);
    found.push(part);
    from = match.index + (part.kind === 'link' || part.kind === 'mention' ? part.text.length : whole.length);
  }
  plain(text.length);
  return found;
}

function linkOf(address: string): Part | undefined {
  let text = address.replace(TRAILING, '');
  // A bracket that was not opened in the link closes what is around it.
  while (text.endsWith(')') && text.split('(').length < text.split(')').length) text = text.slice(0, -1).replace(TRAILING, '');
  if (!URL.canParse(text)) return undefined;
  return { kind: 'link', text, href: text };
}

const EMOJI = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D\p{Extended_Pictographic}|\p{Emoji_Modifier})*\s*){1,6}$/u;
/** A few pictures alone are shown large. */
export const isPictures = (text: string) => EMOJI.test(text);
