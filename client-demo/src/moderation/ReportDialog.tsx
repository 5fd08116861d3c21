import { useRef, useState } from 'react';
import { call } from '../api/session';
import type { Held } from '../chat';
import { Confirm } from '../look/Confirm';
import { Area, Choice } from '../look/Field';
import { Dialog, DialogActions } from '../look/Dialog';
import { Button } from '../look/Button';
import { t } from '../texts';

const REASONS = ['spam', 'abuse', 'illegal', 'other'] as const;

export function ReportDialog({ message, onClose }: { message: Held; onClose: () => void }) {
  const [isSent, setSent] = useState(false);
  // The form closes itself when it is done; then the thanks stay.
  const wasSent = useRef(false);
  if (isSent) {
    return (
      <Dialog title={t('report.sent')} about={t('report.sent.about')} onClose={onClose}>
        <DialogActions><Button kind="primary" onClick={onClose}>{t('close')}</Button></DialogActions>
      </Dialog>
    );
  }
  return (
    <Confirm
      title={t('report.title')}
      about={t('report.about')}
      action={t('report')}
      onClose={() => !wasSent.current && onClose()}
      onDone={async ({ reason, note }) => {
        await call('PUT', `/api/me/reports/${message.id}`, { body: { reason, ...(note && { note }) } });
        wasSent.current = true;
        setSent(true);
      }}
    >
      <Choice label={t('report.reason')} name="reason" defaultValue="spam">
        {REASONS.map((one) => <option key={one} value={one}>{t(`report.${one}`)}</option>)}
      </Choice>
      <Area label={t('report.note')} name="note" maxLength={500} />
    </Confirm>
  );
}
