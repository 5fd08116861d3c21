import { useSyncExternalStore } from 'react';
import { en, type Key, type Phrase } from './en';

/** The languages there are, and what they call themselves. Others than English are loaded when they are chosen. */
export const LANGUAGES = { en: 'English', ar: 'العربية' } as const;
export type Language = keyof typeof LANGUAGES;

const KEPT = 'chat:language';
const RIGHT_TO_LEFT: Language[] = ['ar'];

interface Spoken {
  language: Language;
  phrases: Record<Key, Phrase>;
  /** What the server's refusals are called, by their code; those that are missing are told in its own words. */
  refusals: Record<string, string>;
}

let spoken: Spoken = { language: 'en', phrases: en, refusals: {} };
const listeners = new Set<() => void>();

export const language = () => spoken.language;
export const direction = (): 'ltr' | 'rtl' => (RIGHT_TO_LEFT.includes(spoken.language) ? 'rtl' : 'ltr');

export type Values = Record<string, string | number>;

/** A phrase with its values in it. Which form it takes, `n` says, by the language's own rules. */
export function t(key: Key, values: Values = {}): string {
  return phrase(spoken.phrases[key], values, spoken.language);
}

export function phrase(found: Phrase, values: Values, of: Language): string {
  const form = typeof found === 'string' ? found : (found[plural(of).select(Number(values.n ?? 0))] ?? found.other);
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? numberIn(of).format(value) : value;
  });
}

export const wordsFor = (code: string): string | undefined => spoken.refusals[code];

export function preferred(wanted: readonly string[]): Language {
  const [first] = wanted.map((tag) => tag.slice(0, 2)).filter((tag): tag is Language => tag in LANGUAGES);
  return first ?? 'en';
}

export async function speak(wanted: Language) {
  spoken = wanted === 'en' ? { language: 'en', phrases: en, refusals: {} } : await import('./ar').then(
    ({ ar, refusals }) => ({ language: wanted, phrases: ar, refusals }),
  );
  document.documentElement.lang = wanted;
  document.documentElement.dir = direction();
  for (const listener of listeners) listener();
}

export function choose(wanted: Language) {
  localStorage.setItem(KEPT, wanted);
  return speak(wanted);
}

export const begin = () => speak((localStorage.getItem(KEPT) as Language | null) ?? preferred(navigator.languages));

export function useLanguage(): Language {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, language);
}

const kept = <Made>(make: (of: Language) => Made) => {
  const made = new Map<Language, Made>();
  return (of: Language): Made => {
    if (!made.has(of)) made.set(of, make(of));
    return made.get(of)!;
  };
};

const plural = kept((of) => new Intl.PluralRules(of));
export const numberIn = kept((of) => new Intl.NumberFormat(of));
