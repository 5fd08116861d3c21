import type { Key, Phrase } from './en'; import { en } from './en'; export const ar: Record<Key, Phrase> = en; export const refusals: Record<string, string> = {};
