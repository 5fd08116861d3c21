import type { Phrase } from './en';

export const pages = {
  'browse.about': 'Public rooms that anybody may join.',
} satisfies Record<string, Phrase>;
