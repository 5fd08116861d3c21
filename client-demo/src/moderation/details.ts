import type { AuditEntry } from '../api/shapes';
import { t } from '../texts';
import type { Key } from '../texts/en';
import { span } from '../texts/formats';

type Detail = AuditEntry['detail'];

const lasting = (seconds: unknown) => span(Number(seconds) * 1000);
const roles = ({ before, role }: Detail) => t('audit.change', { before: t(`role.${before}` as Key), after: t(`role.${role}` as Key) });

/** Of each action what its `detail` says, in words (docs/wire/own.md, "Audit actions"). */
const WORDS: Record<string, (detail: Detail) => string> = {
  'role-changed': roles,
  'account-role-changed': roles,
  'member-muted': ({ seconds }) => t('audit.for', { span: lasting(seconds) }),
  'slow-mode-changed': ({ seconds }) => t('audit.before', { what: seconds === 0 ? t('slow.off') : t('slow.each', { span: lasting(seconds) }) }),
  'room-edited': ({ name, description }) => t('audit.before', { what: [name, description].filter(Boolean).join(' – ') }),
  'room-deleted': ({ name }) => String(name),
  'sessions-ended': ({ sessions }) => t('audit.sessions', { n: Number(sessions) }),
  'report-closed': ({ outcome }) => t(outcome === 'acted' ? 'reports.was-acted' : 'reports.was-dismissed'),
  'words-changed': ({ block, allow }) => t('audit.words', { block: Number(block), allow: Number(allow) }),
};

/** An erasure empties what was noted, and a newer server may note what we have no words for. */
export function detailText({ action, detail }: Pick<AuditEntry, 'action' | 'detail'>): string {
  return Object.keys(detail).length > 0 ? (WORDS[action]?.(detail) ?? '') : '';
}
