import { describe, expect, it } from 'vitest';
import { phrase, preferred } from '.';
import { ar } from './ar';
import { en, type Key, type Phrase } from './en';

const holes = (found: Phrase) => {
  const forms = typeof found === 'string' ? [found] : Object.values(found);
  return new Set(forms.flatMap((form) => [...form.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)));
};
const keys = Object.keys(en) as Key[];

describe('texts', () => {
  it('take the form that the language has for a number', () => {
    const of = (n: number) => phrase(ar['room.unread'], { n }, 'ar');
    expect(of(1)).toBe('رسالة واحدة غير مقروءة');
    expect(of(2)).toBe('رسالتان غير مقروءتين');
    expect(new Set([0, 1, 2, 3, 11, 100].map((n) => new Intl.PluralRules('ar').select(n)))).toHaveProperty('size', 6);
    expect(phrase(en['room.unread'], { n: 1 }, 'en')).toBe('1 unread message');
    expect(phrase(en['room.unread'], { n: 1234 }, 'en')).toBe('1,234 unread messages');
  });

  it('have all six Arabic forms wherever there are forms', () => {
    const incomplete = keys.filter((key) => typeof ar[key] !== 'string' && Object.keys(ar[key]).length < 6);
    expect(incomplete).toEqual([]);
    expect(keys.filter((key) => typeof en[key] !== typeof ar[key])).toEqual([]);
  });

  it('name the same values in every language', () => {
    const differing = keys.filter((key) => [...holes(ar[key])].some((hole) => !holes(en[key]).has(hole))
      || [...holes(en[key])].some((hole) => hole !== 'n' && !holes(ar[key]).has(hole)));
    expect(differing).toEqual([]);
  });

  it('put values in as they are', () => {
    expect(phrase('{name} and {other}', { name: '{other}', other: '$&' }, 'en')).toBe('{other} and $&');
    expect(phrase('{missing}', {}, 'en')).toBe('{missing}');
  });

  it('begin in a language that there is', () => {
    expect(preferred(['de-DE', 'ar-EG', 'en'])).toBe('ar');
    expect(preferred(['xx'])).toBe('en');
  });
});
