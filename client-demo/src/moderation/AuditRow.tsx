import type { AuditEntry } from '../api/shapes';
import { t } from '../texts';
import type { Key } from '../texts/en';
import { ago, moment } from '../texts/formats';

const ACTIONS = new Set([
  'message-deleted', 'message-edited', 'member-muted', 'member-unmuted', 'member-kicked', 'member-banned', 'member-unbanned',
  'role-changed', 'room-edited', 'room-archived', 'room-reopened', 'room-deleted', 'slow-mode-changed', 'account-locked',
  'account-unlocked', 'account-role-changed', 'sessions-ended', 'report-closed', 'words-changed', 'user-exported', 'user-erased',
]);

/** What was done: a newer server may have words that we do not. */
const actionText = (action: string) => (ACTIONS.has(action) ? t(`audit.${action}` as Key) : action);

const detailText = (detail: Record<string, unknown>) =>
  Object.entries(detail).filter(([, value]) => ['string', 'number'].includes(typeof value)).map(([name, value]) => `${name}: ${value}`).join(', ');

export function AuditRow({ entry: { at, by, action, target, reason, detail } }: { entry: AuditEntry }) {
  const more = [reason && `“${reason}”`, detailText(detail)].filter(Boolean).join(' · ');
  return (
    <li className="px-4 py-3">
      <p className="text-base">
        <span className="font-medium">{actionText(action)}</span>
        {target && <> · <bdi>{target.name}</bdi></>}
      </p>
      <p className="text-sm text-faint">
        <bdi>{by?.name ?? t('audit.system')}</bdi> · <time dateTime={at} title={moment(at)}>{ago(at)}</time>
        {more && <> · <bdi>{more}</bdi></>}
      </p>
    </li>
  );
}
