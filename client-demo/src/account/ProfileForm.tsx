import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../api/session';
import type { DirectFrom, Myself } from '../api/shapes';
import { useMe } from '../app/me';
import { Button } from '../look/Button';
import { Area, Choice, Field } from '../look/Field';
import { Trouble } from '../look/State';
import { useAction } from '../look/useAction';
import { t } from '../texts';
import { AvatarForm } from './AvatarForm';

const DIRECT_FROM: DirectFrom[] = ['everyone', 'shared', 'nobody'];

export function ProfileForm() {
  const me = useMe();
  const queries = useQueryClient();
  const [name, setName] = useState(me.name);
  const [bio, setBio] = useState(me.bio ?? '');
  const [directFrom, setDirectFrom] = useState<DirectFrom>(me.directFrom ?? 'everyone');
  const { run, isBusy, refusal, isDone, reset } = useAction();
  const fields = refusal?.fields ?? {};
  const isChanged = name !== me.name || bio !== (me.bio ?? '') || directFrom !== me.directFrom;
  const save = () => run(async () => {
    queries.setQueryData(['me'], await call<Myself>('PATCH', '/api/me', { body: { name, bio, directFrom } }));
  });
  return (
    <div className="flex flex-col gap-8">
      <AvatarForm />
      <form
        className="flex flex-col gap-5"
        onChange={reset}
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Field label={t('profile.name')} value={name} onChange={(event) => setName(event.target.value)} maxLength={100} required error={fields.name} />
        <Field label={t('entry.username')} value={me.username} readOnly disabled />
        <Field label={t('entry.email')} value={me.email ?? ''} hint={t('profile.email.hint')} readOnly disabled />
        <Area label={t('profile.bio')} hint={t('profile.bio.hint')} value={bio} onChange={(event) => setBio(event.target.value)} maxLength={500} error={fields.bio} />
        <Choice label={t('profile.direct')} value={directFrom} onChange={(event) => setDirectFrom(event.target.value as DirectFrom)} error={fields.directFrom}>
          {DIRECT_FROM.map((one) => <option key={one} value={one}>{t(`profile.direct.${one}`)}</option>)}
        </Choice>
        {Object.keys(fields).length === 0 && <Trouble error={refusal} />}
        <div className="flex items-center gap-3">
          <Button kind="primary" type="submit" isBusy={isBusy} disabled={!isChanged}>{t('save')}</Button>
          {isDone && <span role="status" className="text-sm text-good">{t('saved')}</span>}
        </div>
      </form>
    </div>
  );
}
