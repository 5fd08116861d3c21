import { type FormEvent, type ReactNode, useState } from 'react';
import { asRefusal, type Refusal } from '../api/refusal';
import { session } from '../api/session';
import { ALLOWS_GUESTS } from '../app/settings';
import { Button } from '../look/Button';
import { Field } from '../look/Field';
import { Trouble } from '../look/State';
import { t } from '../texts';
import { Appearance } from './Appearance';
import { Mark } from './Mark';

type View = 'sign-in' | 'sign-up' | 'guest';

export function Entry({ reason }: { reason?: Refusal | undefined }) {
  const [view, setView] = useState<View>('sign-in');
  return (
    <main className="grid h-full grid-cols-1 overflow-y-auto bg-canvas lg:grid-cols-[1fr_1.1fr]">
      <div className="flex min-h-full flex-col px-5 py-6 sm:px-10">
        <header className="flex items-center gap-2.5">
          <Mark />
          <span className="text-md font-semibold tracking-tight">{t('app.name')}</span>
          <span className="flex-1" />
          <Appearance />
        </header>
        <div className="mx-auto flex w-full max-w-sm flex-1 flex-col justify-center py-10">
          {reason && view === 'sign-in' && <Trouble error={reason} className="mb-6" />}
          {view === 'sign-in' && <SignIn onView={setView} />}
          {view === 'sign-up' && <SignUp onView={setView} />}
          {view === 'guest' && <Guest onView={setView} />}
        </div>
      </div>
      <Welcome />
    </main>
  );
}

/** What one may expect, where there is room to say so. */
function Welcome() {
  return (
    <aside aria-hidden="true" className="hidden flex-col justify-center border-s border-line bg-side px-14 lg:flex">
      <div className="max-w-md">
        <Line tint="tint-3" initials="MO" width="w-56" text={t('welcome.one')} />
        <Line tint="tint-2" initials="JK" width="w-72" text={t('welcome.two')} />
        <Line tint="tint-1" initials="LA" width="w-64" text={t('welcome.three')} />
        <p className="mt-10 text-2xl font-semibold tracking-tight text-balance">{t('welcome.title')}</p>
        <p className="mt-3 text-md text-soft">{t('welcome.about')}</p>
      </div>
    </aside>
  );
}

const Line = ({ tint, initials, text }: { tint: string; initials: string; width: string; text: string }) => (
  <div className="mb-3 flex items-end gap-3">
    <span className={`grid size-9 place-items-center rounded-full text-sm font-semibold ${tint}`}>{initials}</span>
    <span className="rounded-2xl rounded-es-md bg-raised px-4 py-2.5 text-md shadow-card ring-1 ring-line">{text}</span>
  </div>
);

/** A form that is sent once at a time, and says what was wrong beside the field that it concerns. */
function Form({ title, about, action, send, children }: {
  title: string;
  about: string;
  action: string;
  send: (values: Record<string, string>) => Promise<void>;
  children: (errors: Record<string, string>) => ReactNode;
}) {
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>();
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>;
    setBusy(true);
    setRefusal(undefined);
    await send(values).catch((error) => {
      setRefusal(asRefusal(error));
      setBusy(false);
    });
  }
  const fields = refusal?.fields ?? {};
  /** What somebody is about to mend is not held against them any longer. */
  const mend = (event: FormEvent<HTMLFormElement>) => {
    const { name } = event.target as HTMLInputElement;
    if (refusal && (name in fields || Object.keys(fields).length === 0)) setRefusal(refusal.without(name));
  };
  return (
    <form onSubmit={submit} onInput={mend} className="flex flex-col gap-4" aria-label={title}>
      <div className="mb-2">
        <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
        <p className="mt-1 text-md text-soft">{about}</p>
      </div>
      {children(fields)}
      {refusal && Object.keys(fields).length === 0 && <Trouble error={refusal} />}
      <Button kind="primary" size="lg" type="submit" isBusy={isBusy} className="mt-1 w-full">{action}</Button>
    </form>
  );
}

function Otherwise({ children }: { children: ReactNode }) {
  return <div className="mt-6 flex flex-col gap-2 text-base text-soft">{children}</div>;
}

const Switch = ({ to, about, label, onView }: { to: View; about: string; label: string; onView: (view: View) => void }) => (
  <p>{about} <Button kind="link" onClick={() => onView(to)} className="text-base!">{label}</Button></p>
);

type Views = { onView: (view: View) => void };

function SignIn({ onView }: Views) {
  return (
    <>
      <Form
        title={t('entry.sign-in')}
        about={t('entry.sign-in.about')}
        action={t('entry.sign-in')}
        send={({ identifier = '', password = '' }) => session.signIn(identifier, password)}
      >
        {(errors) => (
          <>
            <Field label={t('entry.identifier')} name="identifier" autoFocus autoComplete="username" autoCapitalize="none" required error={errors.identifier} />
            <Field label={t('entry.password')} name="password" type="password" autoComplete="current-password" required error={errors.password} />
          </>
        )}
      </Form>
      <Otherwise>
        <Switch to="sign-up" about={t('entry.new')} label={t('entry.sign-up')} onView={onView} />
        {ALLOWS_GUESTS && <Switch to="guest" about={t('entry.looking')} label={t('entry.guest')} onView={onView} />}
      </Otherwise>
    </>
  );
}

function SignUp({ onView }: Views) {
  return (
    <>
      <Form
        title={t('entry.sign-up')}
        about={t('entry.sign-up.about')}
        action={t('entry.sign-up')}
        send={({ username = '', email = '', password = '' }) => session.signUp({ username, email, password })}
      >
        {(errors) => (
          <>
            <Field label={t('entry.username')} hint={t('entry.username.hint')} name="username" autoFocus autoComplete="username" autoCapitalize="none" required maxLength={50} error={errors.username} />
            <Field label={t('entry.email')} name="email" type="email" autoComplete="email" required error={errors.email} />
            <Field label={t('entry.password')} hint={t('entry.password.hint')} name="password" type="password" autoComplete="new-password" required minLength={6} error={errors.password} />
          </>
        )}
      </Form>
      <Otherwise><Switch to="sign-in" about={t('entry.member')} label={t('entry.sign-in')} onView={onView} /></Otherwise>
    </>
  );
}

function Guest({ onView }: Views) {
  return (
    <>
      <Form
        title={t('entry.guest')}
        about={t('entry.guest.about')}
        action={t('entry.guest.enter')}
        send={({ name = '' }) => session.comeAsGuest(name)}
      >
        {(errors) => <Field label={t('entry.name')} name="name" autoFocus autoComplete="nickname" maxLength={50} error={errors.name} />}
      </Form>
      <Otherwise><Switch to="sign-in" about={t('entry.member')} label={t('entry.sign-in')} onView={onView} /></Otherwise>
    </>
  );
}
