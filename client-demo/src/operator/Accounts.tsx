import { useQueryClient } from '@tanstack/react-query';
import { Ellipsis, Lock, LockOpen, LogOut, Search, UserRoundCog, UsersRound } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { call } from '../api/session';
import type { AccountRow, UserRole } from '../api/shapes';
import { useMe } from '../app/me';
import { Avatar } from '../look/Avatar';
import { IconButton } from '../look/Button';
import { Confirm } from '../look/Confirm';
import { Field } from '../look/Field';
import { Heading, Item, Line, Menu } from '../look/Menu';
import { Paged } from '../look/Paged';
import { Empty, Trouble } from '../look/State';
import { useAction } from '../look/useAction';
import { t } from '../texts';
import { date } from '../texts/formats';

const ROLES: UserRole[] = ['user', 'support', 'admin'];

export function Accounts() {
  const [text, setText] = useState('');
  const wanted = useDeferredValue(text.trim());
  return (
    <>
      <label className="mb-5 flex h-10 max-w-md items-center gap-2.5 rounded-lg border border-edge bg-canvas px-3 shadow-card focus-within:border-accent focus-within:ring-3 focus-within:ring-accent/20">
        <Search size={16} className="text-faint" aria-hidden="true" />
        <span className="sr-only">{t('people.find')}</span>
        <input dir="auto" value={text} onChange={(event) => setText(event.target.value)} placeholder={t('people.find')} className="min-w-0 flex-1 bg-transparent text-base outline-none" />
      </label>
      <Paged<AccountRow>
        name={['accounts']}
        path="/api/moderation/users"
        query={{ q: wanted.length > 1 ? wanted : undefined }}
        row={(account) => <Account key={account.user.id} account={account} />}
        empty={<Empty icon={<UsersRound size={22} />} title={t('people.none', { text: wanted })} />}
      />
    </>
  );
}

function Account({ account: { user, email, role, status, lock, createdAt } }: { account: AccountRow }) {
  const me = useMe();
  const queries = useQueryClient();
  const { run, refusal } = useAction();
  const [isLocking, setLocking] = useState(false);
  const again = () => queries.invalidateQueries({ queryKey: ['accounts'] });
  const act = (method: string, path: string, body?: unknown) =>
    run(() => call(method, `/api/moderation/${path}/${user.id}`, body ? { body } : {}).then(again));
  const isAdmin = me.role === 'admin' && user.id !== me.id;
  const isLocked = status === 'locked';
  const about = [`@${user.username}`, email, date(createdAt), isLocked && (lock?.reason ? t('accounts.locked.why', { reason: lock.reason }) : t('accounts.locked'))];
  return (
    <li className="flex flex-wrap items-center gap-3 px-4 py-3">
      <Avatar id={user.id ?? ''} name={user.name} url={user.avatarUrl} size="lg" presence={user.status} />
      <div className="min-w-0 flex-1">
        <p className="flex items-center gap-2">
          <bdi className="truncate text-base font-medium">{user.name}</bdi>
          {role !== 'user' && <span className="rounded-full bg-accent-soft px-2 text-2xs font-medium text-accent-ink">{t(`role.${role}`)}</span>}
          {isLocked && <Lock size={13} className="shrink-0 text-bad" aria-hidden="true" />}
        </p>
        <p className="truncate text-sm text-faint">{about.filter(Boolean).join(' · ')}</p>
      </div>
      {(isAdmin || isLocked) && (
        <Menu trigger={<IconButton label={t('accounts.menu', { name: user.name })}><Ellipsis size={17} /></IconButton>}>
          {isLocked
            ? <Item icon={<LockOpen size={15} />} onSelect={() => act('DELETE', 'locks')}>{t('accounts.unlock')}</Item>
            : <Item icon={<Lock size={15} />} isDanger onSelect={() => setLocking(true)}>{t('accounts.lock')}</Item>}
          {isAdmin && <Item icon={<LogOut size={15} />} onSelect={() => act('DELETE', 'sessions')}>{t('accounts.end')}</Item>}
          {isAdmin && (
            <>
              <Line />
              <Heading>{t('accounts.role')}</Heading>
              {ROLES.map((one) => (
                <Item key={one} icon={<UserRoundCog size={15} />} isChecked={role === one} onSelect={() => act('PUT', 'roles', { role: one })}>{t(`role.${one}`)}</Item>
              ))}
            </>
          )}
        </Menu>
      )}
      <Trouble error={refusal} className="w-full" />
      {isLocking && (
        <Confirm title={t('accounts.lock.who', { name: user.name })} about={t('accounts.lock.about')} action={t('accounts.lock')} isDanger onClose={() => setLocking(false)}
          onDone={({ reason }) => call('PUT', `/api/moderation/locks/${user.id}`, { body: reason ? { reason } : {} }).then(again)}>
          <Field label={t('reason')} name="reason" maxLength={500} />
        </Confirm>
      )}
    </li>
  );
}
