import { t } from '../texts';

/** One, two, or several. */
export function typingText(names: string[]): string {
  const [one = '', two = ''] = names;
  if (names.length === 0) return '';
  if (names.length === 1) return t('typing.one', { one });
  return names.length === 2 ? t('typing.two', { one, two }) : t('typing.several', { n: names.length });
}
