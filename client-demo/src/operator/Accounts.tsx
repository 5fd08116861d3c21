import { useQueryClient } from '@tanstack/react-query';
import { Ellipsis, Lock, LockOpen, LogOut, UserRoundCog, UsersRound } from 'lucide-react';
import { Fragment, useDeferredValue, useState } from 'react';
import { call } from '../api/session';
import type { AccountRow, UserRole } from '../api/shapes';
import { useMe } from '../app/me';
import { Avatar } from '../look/Avatar';
import { IconButton } from '../look/Button';
import { Confirm } from '../look/Confirm';
import { Field, Search } from '../look/Field';
import { Heading, Item, Line, Menu } from '../look/Menu';
import { Paged } from '../look/Paged';
import { Empty, Trouble } from '../look/State';
import { useAction } from '../look/useAction';
import { t } from '../texts';
import type { Key } from '../texts/en';
import { date } from '../texts/formats';

const ROLES: UserRole[] = ['user', 'support', 'admin'];

export function Accounts() {
  const [text, setText] = useState('');
  const wanted = useDeferredValue(text.trim());
  return (
    <>
      <div className="max-w-md"><Search label={t('people.find')} value={text} onChange={setText} /></div>
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

type Asked = 'lock' | 'sessions' | UserRole | undefined;

function Account({ account }: { account: AccountRow }) {
  const { user, email, role, status, lock, createdAt } = account;
  const me = useMe();
  const queries = useQueryClient();
  const { run, refusal } = useAction();
  const [asked, setAsked] = useState<Asked>();
  const [done, setDone] = useState<Key>();
  const act = async (said: Key, method: string, path: string, body?: unknown) => {
    setDone(undefined);
    await call(method, `/api/moderation/${path}/${user.id}`, body ? { body } : {});
    await queries.invalidateQueries({ queryKey: ['accounts'] });
    setDone(said);
  };
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
        <p className="text-sm wrap-anywhere text-faint">
          {about.filter((part) => part !== null && part !== false).map((part, at) => <Fragment key={part}>{at > 0 && ' · '}<bdi>{part}</bdi></Fragment>)}
        </p>
      </div>
      {(isAdmin || isLocked) && (
        <Menu trigger={<IconButton label={t('accounts.menu', { name: user.name })}><Ellipsis size={17} /></IconButton>}>
          {isLocked
            ? <Item icon={<LockOpen size={15} />} onSelect={() => run(() => act('accounts.unlock.done', 'DELETE', 'locks'))}>{t('accounts.unlock')}</Item>
            : <Item icon={<Lock size={15} />} isDanger onSelect={() => setAsked('lock')}>{t('accounts.lock')}</Item>}
          {isAdmin && <Item icon={<LogOut size={15} />} onSelect={() => setAsked('sessions')}>{t('accounts.end')}</Item>}
          {isAdmin && (
            <>
              <Line />
              <Heading>{t('accounts.role')}</Heading>
              {ROLES.map((one) => (
                <Item key={one} icon={<UserRoundCog size={15} />} isChecked={role === one} onSelect={() => role !== one && setAsked(one)}>{t(`role.${one}`)}</Item>
              ))}
            </>
          )}
        </Menu>
      )}
      {done && <p role="status" className="w-full text-sm text-good">{t(done)}</p>}
      <Trouble error={refusal} className="w-full" />
      {asked && <Sure account={account} asked={asked} onClose={() => setAsked(undefined)} act={act} />}
    </li>
  );
}

interface SureProps {
  account: AccountRow;
  asked: NonNullable<Asked>;
  onClose: () => void;
  act: (said: Key, method: string, path: string, body?: unknown) => Promise<void>;
}

/** What cannot be taken back at once is asked for twice. */
function Sure({ account: { user, role }, asked, onClose, act }: SureProps) {
  const { name } = user;
  if (asked === 'lock') {
    return (
      <Confirm title={t('accounts.lock.who', { name })} about={t('accounts.lock.about')} action={t('accounts.lock')} isDanger onClose={onClose}
        onDone={({ reason }) => act('accounts.lock.done', 'PUT', 'locks', reason ? { reason } : {})}>
        <Field label={t('reason')} name="reason" maxLength={500} />
      </Confirm>
    );
  }
  if (asked === 'sessions') {
    return (
      <Confirm title={t('accounts.end.who', { name })} about={t('accounts.end.about')} action={t('accounts.end')} isDanger onClose={onClose}
        onDone={() => act('accounts.end.done', 'DELETE', 'sessions')} />
    );
  }
  return (
    <Confirm title={t('accounts.role.who', { name })} about={t('accounts.role.about', { before: t(`role.${role}`), after: t(`role.${asked}`) })}
      action={t('accounts.role.do')} onClose={onClose} onDone={() => act('accounts.role.done', 'PUT', 'roles', { role: asked })} />
  );
}
