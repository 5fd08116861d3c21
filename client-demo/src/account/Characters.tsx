import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Drama, Pencil, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { newKey } from '../api/http';
import { call } from '../api/session';
import type { Character } from '../api/shapes';
import { useMe } from '../app/me';
import { Avatar } from '../look/Avatar';
import { Button, IconButton } from '../look/Button';
import { Confirm } from '../look/Confirm';
import { Field } from '../look/Field';
import { Part, Rows } from '../look/Page';
import { Bones, Empty, Trouble } from '../look/State';
import { t } from '../texts';
import { characters } from './CharacterChoice';

type Open = { kind: 'new'; key: string } | { kind: 'edit' | 'delete'; one: Character } | undefined;

export function Characters() {
  const [me, queries] = [useMe(), useQueryClient()];
  const { data, error, refetch } = useQuery(characters);
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const again = () => queries.invalidateQueries({ queryKey: characters.queryKey });
  const create = <Button size="sm" icon={<Plus size={15} />} onClick={() => setOpen({ kind: 'new', key: newKey() })}>{t('characters.new')}</Button>;
  const name = (errors: Record<string, string>, value = '') => <Field label={t('characters.name')} name="name" defaultValue={value} required maxLength={100} autoFocus error={errors.name} />;
  return (
    <Part title={t('characters')} about={t('characters.about')} action={create}>
      <Trouble error={error} onRetry={refetch} />
      {!data && !error && <Bones count={2} />}
      {data?.length === 0 && <Empty icon={<Drama size={22} />} title={t('characters.none')} action={create}>{t('characters.none.about')}</Empty>}
      {data && data.length > 0 && (
        <Rows>
          {data.map((one) => (
            <li key={one.id} className="flex items-center gap-3 px-4 py-3">
              <Avatar id={`${me.id}:${one.id}`} name={one.name} size="lg" isSquare />
              <bdi className="min-w-0 flex-1 truncate text-base font-medium">{one.name}</bdi>
              <IconButton label={t('characters.rename', { name: one.name })} onClick={() => setOpen({ kind: 'edit', one })}><Pencil size={16} /></IconButton>
              <IconButton label={t('characters.delete', { name: one.name })} onClick={() => setOpen({ kind: 'delete', one })}><Trash2 size={16} /></IconButton>
            </li>
          ))}
        </Rows>
      )}
      {open?.kind === 'new' && (
        <Confirm title={t('characters.new')} action={t('characters.create')} onClose={close}
          onDone={({ name: wanted }) => call('POST', '/api/me/characters', { body: { name: wanted }, key: open.key }).then(again)}>
          {(errors) => name(errors)}
        </Confirm>
      )}
      {open?.kind === 'edit' && (
        <Confirm title={t('characters.rename', { name: open.one.name })} action={t('save')} onClose={close}
          onDone={({ name: wanted }) => call('PATCH', `/api/me/characters/${open.one.id}`, { body: { name: wanted } }).then(again)}>
          {(errors) => name(errors, open.one.name)}
        </Confirm>
      )}
      {open?.kind === 'delete' && (
        <Confirm title={t('characters.delete', { name: open.one.name })} about={t('characters.delete.about')} action={t('delete')} isDanger onClose={close}
          onDone={() => call('DELETE', `/api/me/characters/${open.one.id}`).then(again)} />
      )}
    </Part>
  );
}
