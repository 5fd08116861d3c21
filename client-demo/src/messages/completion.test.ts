import { describe, expect, it } from 'vitest';
import { candidates, wordAt } from './completion';

/** The caret is where the bar stands. */
const at = (text: string) => wordAt(text.replace('|', ''), text.indexOf('|'));
const words = (text: string) => at(text)?.word;

describe('the name that is begun at the caret', () => {
  it('begins with @ where a word does', () => {
    expect(['@|', '@mi|', 'hi @mi|', '(@mi|', '\n@mi|', '@ليل|', '@a.b-c_1|'].map(words)).toEqual(['', 'mi', 'mi', 'mi', 'mi', 'ليل', 'a.b-c_1']);
    expect(['|', 'mi|', '@mi |', 'a@mi|', '@@mi|', '|@mi', '@mi\n|', '@mi!|', `@${'a'.repeat(51)}|`].filter((text) => words(text) !== undefined)).toEqual([]);
  });

  it('is replaced as a whole', () => {
    expect(at('hi @mi|ra, you')).toEqual({ word: 'mi', from: 3, to: 8 });
    expect(at('hi @|')).toEqual({ word: '', from: 3, to: 4 });
    expect(at('😀 @mi|')).toEqual({ word: 'mi', from: 3, to: 6 });
  });

  it('is none in code', () => {
    expect(['`@mi|', '```\n@mi|', '```js\nx\n@Inject|', '`a` `@b|'].map(words)).toEqual([undefined, undefined, undefined, undefined]);
    expect(['`a` @mi|', '```\na\n``` @mi|', '`a\n@mi|'].map(words)).toEqual(['mi', 'mi', 'mi']);
  });

  it('is none where the caret is no more', () => {
    expect(wordAt('', 5)).toBeUndefined();
    expect(wordAt('@m', 9)).toBeUndefined();
  });

  it('costs nothing however long the text is', () => {
    const began = process.cpuUsage();
    const text = `${'@a.'.repeat(100_000)}@mi`;
    expect(wordAt(text, text.length)?.word).toBe('mi');
    expect(process.cpuUsage(began).user).toBeLessThan(200_000);
  });
});

describe('who answers to it', () => {
  const person = (username: string, name: string = username) => ({ id: username, username, name });
  const [mira, tom, ann] = [person('mira', 'Mira Okafor'), person('tom', 'Tomáš Mil'), person('ann')];
  const named = (word: string, here = [tom, mira, ann], found = [person('milo')]) =>
    candidates(here, found, { word, from: 0, to: 0 }, 'Ann', 5).map(({ username }) => username);

  it('is found by username, name, and the words of it, as they are spoken', () => {
    expect(named('mi')).toEqual(['mira', 'tom', 'milo']);
    expect(named('MIR')).toEqual(['mira']);
    expect(named('oka')).toEqual(['mira']);
    expect(named('tomas')).toEqual(['tom']);
    expect(named('ira')).toEqual([]);
  });

  it('stands first when the whole name is written', () => {
    expect(named('mir', [person('mira'), person('mir')], [])).toEqual(['mir', 'mira']);
  });

  it('is everybody here before a letter is typed, but oneself', () => {
    expect(named('', [tom, mira, ann], [])).toEqual(['tom', 'mira']);
  });

  it('is named once, and only where the name can be written', () => {
    expect(named('', [mira, person('MIRA'), person('two words'), person(''), person('a'), person('dot.')], [mira])).toEqual(['mira']);
    expect(named('', Array.from({ length: 9 }, (_, n) => person(`p${n}`)), []).length).toBe(5);
  });

  it('keeps its place when others are found', () => {
    expect(named('m', [tom], [])).toEqual(['tom']);
    expect(named('m', [tom], [mira])).toEqual(['tom', 'mira']);
  });
});
