import { type ReactNode, useState } from 'react';
import type { Refusal } from '../api/refusal';
import { session } from '../api/session';
import { ALLOWS_GUESTS } from '../app/settings';
import { Button } from '../look/Button';
import { Field } from '../look/Field';
import { Trouble } from '../look/State';
import { t } from '../texts';
import { Appearance } from './Appearance';
import { signInFaults, signUpFaults } from './checks';
import { EntryForm } from './EntryForm';
import { Mark } from './Mark';
import { isSignUpWanted } from './joining';

type View = 'sign-in' | 'sign-up' | 'guest';

export function Entry({ reason }: { reason?: Refusal | undefined }) {
  const [view, setView] = useState<View>(isSignUpWanted() ? 'sign-up' : 'sign-in');
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
        <Line tint="tint-3" initials="MO" text={t('welcome.one')} />
        <Line tint="tint-2" initials="JK" text={t('welcome.two')} />
        <Line tint="tint-1" initials="LA" text={t('welcome.three')} />
        <p className="mt-10 text-2xl font-semibold tracking-tight text-balance">{t('welcome.title')}</p>
        <p className="mt-3 text-md text-soft">{t('welcome.about')}</p>
      </div>
    </aside>
  );
}

const Line = ({ tint, initials, text }: { tint: string; initials: string; text: string }) => (
  <div className="mb-3 flex items-end gap-3">
    <span className={`grid size-9 place-items-center rounded-full text-sm font-semibold ${tint}`}>{initials}</span>
    <span className="rounded-2xl rounded-es-md bg-raised px-4 py-2.5 text-md shadow-card ring-1 ring-line">{text}</span>
  </div>
);

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
      <EntryForm
        title={t('entry.sign-in')}
        about={t('entry.sign-in.about')}
        action={t('entry.sign-in')}
        check={signInFaults}
        send={({ identifier = '', password = '' }) => session.signIn(identifier, password)}
      >
        {(errors) => (
          <>
            <Field label={t('entry.identifier')} name="identifier" autoFocus autoComplete="username" autoCapitalize="none" required error={errors.identifier} />
            <Field label={t('entry.password')} name="password" type="password" autoComplete="current-password" required error={errors.password} />
          </>
        )}
      </EntryForm>
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
      <EntryForm
        title={t('entry.sign-up')}
        about={t('entry.sign-up.about')}
        action={t('entry.sign-up')}
        check={signUpFaults}
        send={({ username = '', email = '', password = '' }) => session.signUp({ username, email, password })}
      >
        {(errors) => (
          <>
            <Field label={t('entry.username')} hint={t('entry.username.hint')} name="username" autoFocus autoComplete="username" autoCapitalize="none" required maxLength={50} error={errors.username} />
            <Field label={t('entry.email')} name="email" type="email" autoComplete="email" required error={errors.email} />
            <Field label={t('entry.password')} hint={t('entry.password.hint')} name="password" type="password" autoComplete="new-password" required error={errors.password} />
          </>
        )}
      </EntryForm>
      <Otherwise><Switch to="sign-in" about={t('entry.member')} label={t('entry.sign-in')} onView={onView} /></Otherwise>
    </>
  );
}

function Guest({ onView }: Views) {
  return (
    <>
      <EntryForm
        title={t('entry.guest')}
        about={t('entry.guest.about')}
        action={t('entry.guest.enter')}
        send={({ name = '' }) => session.comeAsGuest(name)}
      >
        {(errors) => <Field label={t('entry.name')} hint={t('entry.name.hint')} placeholder={t('entry.name.none')} name="name" autoFocus autoComplete="nickname" maxLength={50} error={errors.name} />}
      </EntryForm>
      <Otherwise><Switch to="sign-in" about={t('entry.member')} label={t('entry.sign-in')} onView={onView} /></Otherwise>
    </>
  );
}
