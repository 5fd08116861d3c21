import { describe, expect, it } from 'vitest';
import { type Inline, isPictures, type Part, parts } from './text';

const words = (part: Inline | Part): string => {
  if ('inside' in part) return part.inside.map(words).join('');
  return 'lines' in part ? part.lines.map((line) => line.map(words).join('')).join('|') : part.text;
};
const kinds = (text: string) => parts(text).map((part) => [part.kind, words(part)]);

describe('a text', () => {
  it('has links, without the sentence around them', () => {
    expect(kinds('See (https://example.org/a_(b)), or http://x.test.')).toEqual([
      ['text', 'See ('], ['link', 'https://example.org/a_(b)'], ['text', '), or '], ['link', 'http://x.test'], ['text', '.'],
    ]);
    expect(kinds('(https://x.test/a).”)')).toEqual([['text', '('], ['link', 'https://x.test/a'], ['text', ').”)']]);
  });

  it('has links that say no protocol, where they begin as such', () => {
    expect(parts('www.example.com/a, Www.x.org')).toEqual([
      { kind: 'link', text: 'www.example.com/a', href: 'https://www.example.com/a' }, { kind: 'text', text: ', ' },
      { kind: 'link', text: 'Www.x.org', href: 'https://Www.x.org' },
    ]);
    for (const none of ['www.', 'www.a', 'www...', 'awww.so.cute', 'a@www.x.org', 'example.com']) expect(kinds(none)).toEqual([['text', none]]);
  });

  it('has no link to anything but pages', () => {
    expect(kinds('javascript:alert(1) data:text/html,x file:///etc')).toEqual([['text', 'javascript:alert(1) data:text/html,x file:///etc']]);
    expect(kinds('https://[')).toEqual([['text', 'https://[']]);
  });

  it('has code, in which nothing else is', () => {
    expect(kinds('run `@ann **https** x` now')).toEqual([['text', 'run '], ['code', '@ann **https** x'], ['text', ' now']]);
    expect(kinds('```\nlet a;\n```')).toEqual([['block', 'let a;']]);
    expect(kinds('```\n> **a**\n- `b`\n```')).toEqual([['block', '> **a**\n- `b`']]);
    expect(kinds('before\n```\n  a\n\nb\n```\nafter')).toEqual([['text', 'before'], ['block', '  a\n\nb'], ['text', 'after']]);
  });

  it('has code in a language, which is no part of it', () => {
    expect(parts('```js\nlet a;\n```')).toEqual([{ kind: 'block', text: 'let a;', language: 'js' }]);
    expect(parts('```c++ \na\nb```')).toEqual([{ kind: 'block', text: 'a\nb', language: 'c++' }]);
    expect(kinds('```let a;\nlet b;\n```')).toEqual([['block', 'let a;\nlet b;']]);
    expect(kinds('```js```')).toEqual([['block', 'js']]);
    expect(kinds('```js\n```')).toEqual([['block', 'js']]);
  });

  it('names people, and no addresses', () => {
    expect(kinds('@ann.b. and a@b.org, @ليلى!')).toEqual([
      ['mention', '@ann.b'], ['text', '. and a@b.org, '], ['mention', '@ليلى'], ['text', '!'],
    ]);
  });

  it('is bold, italic, struck', () => {
    expect(kinds('**b c** *i* _j_ ~~s~~')).toEqual([
      ['bold', 'b c'], ['text', ' '], ['italic', 'i'], ['text', ' '], ['italic', 'j'], ['text', ' '], ['struck', 's'],
    ]);
    expect(parts('(**@ann www.x.org**)')).toEqual([
      { kind: 'text', text: '(' },
      { kind: 'bold', inside: [{ kind: 'mention', text: '@ann', username: 'ann' }, { kind: 'text', text: ' ' }, { kind: 'link', text: 'www.x.org', href: 'https://www.x.org' }] },
      { kind: 'text', text: ')' },
    ]);
    expect(kinds('这**很**好')).toEqual([['text', '这'], ['bold', '很'], ['text', '好']]);
  });

  it('stays as it is where nothing is closed, or nothing is meant', () => {
    const plain = [
      '**a', 'a**', '** a **', '*a', '_a', '~~a', '~a~', '****', '***a***', '**a\nb**', '2*3*4', 'x**2 + y**2', 'snake_case_name', '__init__', '* a\n* b',
      '>_<', '>:(', '>a', '-5', '--', '-a', '> ', '- ', '*`a`*', '¯\\_(ツ)_/¯',
    ];
    for (const text of plain) expect(kinds(text).filter(([kind]) => kind !== 'text' && kind !== 'code')).toEqual([]);
  });

  it('quotes and lists, by lines', () => {
    expect(kinds('> a **b**\n> c\nd\n- e\n- f')).toEqual([['quote', 'a b|c'], ['text', 'd'], ['list', 'e|f']]);
    expect(kinds('a > b\n\n> > c')).toEqual([['text', 'a > b\n'], ['quote', '> c']]);
  });

  it('loses nothing', () => {
    for (const text of ['', ' ', '<b>', '``` `` `', '@', 'https://', 'a\n\nb', '😀 `x` https://a.test?b=1&c=(2)', '\n\n', '**', '- a', '> b']) {
      const source = (part: Part) => (part.kind === 'code' ? `\`${part.text}\`` : part.kind === 'list' ? `- ${words(part)}` : part.kind === 'quote' ? `> ${words(part)}` : words(part));
      expect(parts(text).map(source).join('')).toBe(text);
    }
  });

  it('of a few pictures alone is large', () => {
    expect(['😀', '👍🏽', '👨‍👩‍👧 🎉', '7', 'ok 😀', ''].map(isPictures)).toEqual([true, true, true, false, false, false]);
  });
});

describe('a text that somebody made to cost much', () => {
  const long = 200_000;
  const filled = (head: string, middle: string, tail = '') => head + middle.repeat(long / middle.length) + tail;
  const costly = [
    ...[')', '.', '(', '()', ').', '…', 'a.'].flatMap((middle) => [filled('https://a', middle), filled('https://a', middle, 'x'), filled('www.a.b', middle, 'x')]),
    ...['`', '``` ', '```a', '*', '**', '**a ', '*a ', '_', '_a ', '~', '~~a ', '@', '@a.', '> ', '- ', '\n', '\n> a', ' ', '😀', 'www.', 'https://'].flatMap((middle) => [filled('', middle), filled('```', middle), filled('a', middle, 'x')]),
  ];

  // Forty times what the server takes. Whatever goes back over it takes minutes of the processor, and not milliseconds.
  it.each(costly.map((text) => [`${text.slice(0, 14)}… ${text.slice(-4)}`, text]))('%j', (_, text) => {
    const began = process.cpuUsage();
    parts(text);
    isPictures(text);
    expect(process.cpuUsage(began).user).toBeLessThan(1_000_000);
  });
});
