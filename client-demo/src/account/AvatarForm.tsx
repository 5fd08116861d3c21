import { useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { call } from '../api/session';
import { useMe } from '../app/me';
import { Avatar } from '../look/Avatar';
import { Button } from '../look/Button';
import { Trouble } from '../look/State';
import { useAction } from '../look/useAction';
import { t } from '../texts';

export function AvatarForm() {
  const me = useMe();
  const queries = useQueryClient();
  const picker = useRef<HTMLInputElement>(null);
  const { run, isBusy, refusal } = useAction();
  const change = (work: () => Promise<unknown>) => run(async () => {
    await work();
    await queries.invalidateQueries({ queryKey: ['me'] });
  });
  return (
    <div className="flex flex-wrap items-center gap-5">
      <Avatar id={me.id} name={me.name} url={me.avatarUrl} size="xl" />
      <div className="flex flex-col gap-2">
        <div className="flex flex-wrap gap-2">
          <Button size="sm" isBusy={isBusy} onClick={() => picker.current?.click()}>{t('avatar.choose')}</Button>
          {me.avatarUrl && <Button size="sm" kind="ghost" disabled={isBusy} onClick={() => change(() => call('DELETE', '/api/me/avatar'))}>{t('avatar.remove')}</Button>}
        </div>
        <p className="text-sm text-faint">{t('avatar.hint')}</p>
        <Trouble error={refusal} />
      </div>
      <input
        ref={picker}
        type="file"
        accept="image/png,image/jpeg,image/gif,image/webp"
        hidden
        aria-label={t('avatar.choose')}
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          event.target.value = '';
          const form = new FormData();
          if (file) form.append('file', file);
          if (file) change(() => call('PUT', '/api/me/avatar', { body: form }));
        }}
      />
    </div>
  );
}
