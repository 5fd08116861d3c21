import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Laptop, Smartphone } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { all } from '../api/queries';
import { call } from '../api/session';
import type { SessionRecord } from '../api/shapes';
import { Button } from '../look/Button';
import { Field } from '../look/Field';
import { Part, Rows } from '../look/Page';
import { Bones, Trouble } from '../look/State';
import { useAction } from '../look/useAction';
import { t } from '../texts';
import { ago, moment } from '../texts/formats';
import { deviceOf } from './device';

export function Security() {
  return (
    <>
      <Sessions />
      <Password />
    </>
  );
}

function Sessions() {
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery({ queryKey: ['sessions'], queryFn: () => all<SessionRecord>('/api/me/sessions') });
  const { run, isBusy, refusal } = useAction();
  const others = () => run(async () => {
    await call('DELETE', '/api/me/sessions');
    await queries.invalidateQueries({ queryKey: ['sessions'] });
  });
  return (
    <Part title={t('sessions')} about={t('sessions.about')} action={<Button size="sm" isBusy={isBusy} onClick={others}>{t('sessions.end-others')}</Button>}>
      <Trouble error={refusal} className="mb-3" />
      {!data && <Trouble error={error} onRetry={refetch} />}
      {!data && !error && <Bones count={2} />}
      {data && <Rows>{data.toSorted((one, other) => Number(other.current) - Number(one.current)).map((one) => <SessionRow key={one.id} one={one} />)}</Rows>}
    </Part>
  );
}

function SessionRow({ one }: { one: SessionRecord }) {
  const queries = useQueryClient();
  const { run, isBusy, refusal } = useAction();
  const { name, isMobile } = deviceOf(one.userAgent ?? '');
  const Icon = isMobile ? Smartphone : Laptop;
  const end = () => run(async () => {
    await call('DELETE', `/api/me/sessions/${one.id}`);
    await queries.invalidateQueries({ queryKey: ['sessions'] });
  });
  return (
    <li className="flex flex-wrap items-center gap-3 px-4 py-3">
      <span className="grid size-9 shrink-0 place-items-center rounded-lg bg-hover text-soft"><Icon size={18} aria-hidden="true" /></span>
      <div className="min-w-0 flex-1">
        <p className="truncate text-base font-medium">{name || t('sessions.unknown')}</p>
        <p className="text-sm text-faint">{[one.address, t('sessions.began', { when: moment(one.createdAt) }), t('sessions.used', { when: ago(one.lastUsedAt) })].filter(Boolean).join(' · ')}</p>
      </div>
      {one.current ? <span className="rounded-full bg-accent-soft px-2.5 py-0.5 text-xs font-medium text-accent-ink">{t('sessions.this')}</span>
        : <Button size="sm" isBusy={isBusy} onClick={end}>{t('sessions.end')}</Button>}
      <Trouble error={refusal} className="w-full" />
    </li>
  );
}

function Password() {
  const { run, isBusy, refusal, isDone } = useAction();
  const [form, setForm] = useState(0);
  const fields = refusal?.fields ?? {};
  const wrong = refusal?.code === 'wrong_password' ? refusal.message : undefined;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const body = Object.fromEntries(new FormData(event.currentTarget));
    run(async () => {
      await call('PUT', '/api/auth/update-password', { body });
      setForm((so) => so + 1);
    });
  };
  return (
    <Part title={t('password')} about={t('password.about')}>
      <form key={form} onSubmit={submit} className="flex flex-col gap-4">
        <Field label={t('password.current')} name="currentPassword" type="password" autoComplete="current-password" required error={fields.currentPassword ?? wrong} />
        <Field label={t('password.new')} hint={t('entry.password.hint')} name="newPassword" type="password" autoComplete="new-password" required minLength={6} error={fields.newPassword} />
        {!wrong && Object.keys(fields).length === 0 && <Trouble error={refusal} />}
        <div className="flex items-center gap-3">
          <Button type="submit" isBusy={isBusy}>{t('password.change')}</Button>
          {isDone && <span role="status" className="text-sm text-good">{t('password.changed')}</span>}
        </div>
      </form>
    </Part>
  );
}
