import { Download } from 'lucide-react';
import { useState } from 'react';
import { Refusal } from '../api/refusal';
import { call, session } from '../api/session';
import { Button } from '../look/Button';
import { Confirm } from '../look/Confirm';
import { Choice, Field } from '../look/Field';
import { Part } from '../look/Page';
import { Trouble } from '../look/State';
import { useAction } from '../look/useAction';
import { t } from '../texts';

/** What is known of oneself, to take along or to have erased. */
export function Data() {
  const { run, isBusy, refusal } = useAction();
  const [isErasing, setErasing] = useState(false);
  const save = () => run(async () => {
    const all = await call('GET', '/api/me/export');
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([JSON.stringify(all, null, 2)], { type: 'application/json' }));
    link.download = 'community-chat.json';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
  return (
    <>
      <Part title={t('data.export')} about={t('data.export.about')}>
        <Button icon={<Download size={16} />} isBusy={isBusy} onClick={save}>{t('data.export.do')}</Button>
        <Trouble error={refusal} className="mt-3" />
      </Part>
      <Part title={t('data.erase')} about={t('data.erase.about')}>
        <Button kind="danger" onClick={() => setErasing(true)}>{t('data.erase.do')}</Button>
      </Part>
      {isErasing && (
        <Confirm
          title={t('data.erase')}
          about={t('data.erase.sure')}
          action={t('data.erase.do')}
          isDanger
          onClose={() => setErasing(false)}
          onDone={async ({ password, messages }) => {
            await call('PUT', '/api/me/erasure', { body: { password, messages } });
            session.end(new Refusal(t('data.erased'), 'erased'));
          }}
        >
          <Choice label={t('data.erase.messages')} name="messages" defaultValue="anonymise">
            <option value="anonymise">{t('data.erase.anonymise')}</option>
            <option value="remove">{t('data.erase.remove')}</option>
          </Choice>
          <Field label={t('entry.password')} name="password" type="password" autoComplete="current-password" required />
        </Confirm>
      )}
    </>
  );
}
