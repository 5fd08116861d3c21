import { t, wordsFor } from '.';
import type { Refusal } from '../api/refusal';
import { span } from './formats';

/** Whatever it was that ended: one signs in again. */
const OVER = ['session_over', 'session_ended', 'invalid_token', 'token_expired'];

/** A refusal in the reader's language where it has words for it, else in the server's. */
export function words({ code, message, fields, retryIn }: Refusal): string {
  if (code === 'unreachable') return t('refused.unreachable');
  if (code === 'closed') return t('refused.closed');
  if (code === 'account_locked') return t('refused.locked');
  if (OVER.includes(code)) return t('session.ended');
  const text = wordsFor(code) ?? message;
  const named = Object.values(fields);
  if (named.length > 0) return named.join(' ');
  return retryIn && retryIn > 1000 && code === 'too_many_attempts' ? `${text} (${span(retryIn)})` : text;
}
