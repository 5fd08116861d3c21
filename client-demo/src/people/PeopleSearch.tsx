import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { call } from '../api/session';
import type { Listing, Person } from '../api/shapes';
import { useMe } from '../app/me';
import { Avatar } from '../look/Avatar';
import { Button } from '../look/Button';
import { Field } from '../look/Field';
import { Bones, Trouble } from '../look/State';
import { t } from '../texts';

/** The server finds by two letters or more. */
const LEAST = 2;

interface Props {
  action: string;
  onChoose: (person: Person) => void;
  isBusy?: boolean;
  /** Of whom it is done already. */
  done?: ReadonlySet<string>;
  doneText?: string;
}

export function PeopleSearch({ action, onChoose, isBusy = false, done, doneText }: Props) {
  const me = useMe();
  const [text, setText] = useState('');
  const wanted = useDeferredValue(text.trim().replace(/^@/, ''));
  const isLong = wanted.length >= LEAST;
  const { data, error, isFetching } = useQuery({
    queryKey: ['people', 'found', wanted],
    queryFn: ({ signal }) => call<Listing<Person>>('GET', '/api/users', { query: { q: wanted, limit: 20 }, signal }),
    enabled: isLong,
    placeholderData: keepPreviousData,
  });
  const found = (data?.data ?? []).filter(({ id }) => id !== me.id);
  /** Nobody else can be meant. */
  const only = found.length === 1 && isLong && !isFetching && !done?.has(found[0]?.id ?? '') ? found[0] : undefined;
  return (
    <div className="[--around:var(--raised)]">
      <Field
        label={t('people.find')}
        isLabelHidden
        placeholder={t('people.find')}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.nativeEvent.isComposing && only && !isBusy) onChoose(only);
        }}
        autoFocus
        autoComplete="off"
      />
      <div className="mt-3 h-72 overflow-y-auto" aria-busy={isFetching}>
        <Trouble error={error} />
        {!isLong && <p className="py-10 text-center text-base text-faint">{t('people.hint')}</p>}
        {isLong && !data && !error && <Bones count={3} />}
        {isLong && data && found.length === 0 && <p className="py-10 text-center text-base text-soft">{t('people.none', { text: wanted })}</p>}
        {isLong && (
          <ul className="flex flex-col">
            {found.map((person) => (
              <li key={person.id} className="flex items-center gap-3 rounded-lg px-2 py-2 hover:bg-hover">
                <Avatar id={person.id ?? ''} name={person.name} url={person.avatarUrl} size="lg" presence={person.status} />
                <span className="min-w-0 flex-1">
                  <bdi className="block truncate text-base font-medium">{person.name}</bdi>
                  <span className="block truncate text-sm text-faint"><bdi>@{person.username}</bdi></span>
                </span>
                {person.id && done?.has(person.id)
                  ? <span className="text-sm text-faint">{doneText}</span>
                  : <Button size="sm" disabled={isBusy} onClick={() => onChoose(person)}>{action}</Button>}
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
