import { ScrollText } from 'lucide-react';
import type { AuditEntry } from '../api/shapes';
import { Paged } from '../look/Paged';
import { Empty } from '../look/State';
import { AuditRow } from '../moderation/AuditRow';
import { t } from '../texts';

export const Audit = () => (
  <Paged<AuditEntry>
    name={['audit']}
    path="/api/moderation/audit"
    row={(entry) => <AuditRow key={entry.id} entry={entry} isRoomNamed />}
    empty={<Empty icon={<ScrollText size={22} />} title={t('audit.none')} />}
  />
);
