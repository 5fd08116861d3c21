import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Compass, Hash, Plus } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { putRoom } from '../api/queries';
import { call } from '../api/session';
import type { RoomRecord } from '../api/shapes';
import { useMe } from '../app/me';
import { go, hashOf } from '../app/routes';
import { referenceOf } from './references';
import { Button } from '../look/Button';
import { Search } from '../look/Field';
import { Page, Rows } from '../look/Page';
import { Bones, Empty, Trouble } from '../look/State';
import { useAction } from '../look/useAction';
import { t } from '../texts';
import { CreateRoom } from './CreateRoom';
import { merged, publicRooms } from './found';

export default function Browse() {
  const me = useMe();
  const [text, setText] = useState('');
  const [isCreating, setCreating] = useState(false);
  const create = <Button kind="primary" icon={<Plus size={16} />} onClick={() => setCreating(true)}>{t('room.create')}</Button>;
  return (
    <Page title={t('browse')} about={t('browse.about')} action={!me.isGuest && create}>
      <Search label={t('browse.find')} value={text} onChange={setText} />
      <Found wanted={useDeferredValue(text.trim())} create={!me.isGuest && create} />
      {isCreating && <CreateRoom onClose={() => setCreating(false)} />}
    </Page>
  );
}

function Found({ wanted, create }: { wanted: string; create: React.ReactNode }) {
  const all = useInfiniteQuery(publicRooms());
  const begun = useInfiniteQuery({ ...publicRooms(wanted), enabled: wanted !== '' });
  const queries = wanted ? [all, begun] : [all];
  const [known, found] = [all, begun].map(({ data }) => data?.pages.flatMap((page) => page.data) ?? []) as [RoomRecord[], RoomRecord[]];
  const rooms = wanted ? merged(found, known, wanted) : known;
  const isLoading = queries.some(({ isPending }) => isPending);
  const failed = queries.find(({ error, data }) => error && !data);
  const further = queries.filter(({ hasNextPage }) => hasNextPage);
  if (failed) return <Trouble error={failed.error} onRetry={failed.refetch} />;
  return (
    <>
      {rooms.length > 0 && <Rows>{rooms.map((room) => <RoomRow key={room.id} room={room} />)}</Rows>}
      {rooms.length === 0 && isLoading && <Bones count={4} />}
      {rooms.length === 0 && !isLoading && <Empty icon={<Compass size={22} />} title={t(wanted ? 'browse.none' : 'browse.empty')} action={create}>{t('browse.empty.about')}</Empty>}
      {further.length > 0 && (
        <Button kind="ghost" size="sm" isBusy={further.some(({ isFetchingNextPage }) => isFetchingNextPage)} onClick={() => further.map(({ fetchNextPage }) => fetchNextPage())} className="mx-auto mt-4 flex">
          {t(wanted ? 'browse.further' : 'show-more')}
        </Button>
      )}
    </>
  );
}

function RoomRow({ room }: { room: RoomRecord }) {
  const queries = useQueryClient();
  const { run, isBusy, refusal } = useAction();
  const isInside = room.me !== null && room.me.state !== 'invited';
  const route = { page: 'room', room: referenceOf(room) } as const;
  const join = () => run(async () => {
    putRoom(queries, await call<RoomRecord>('POST', `/api/rooms/${room.id}/join`), true);
    queries.invalidateQueries({ queryKey: ['rooms', 'found'] });
    go(route);
  });
  return (
    <li className="flex flex-wrap items-center gap-3 px-4 py-3">
      <span className="grid size-9 shrink-0 place-items-center rounded-lg bg-hover text-soft"><Hash size={17} aria-hidden="true" /></span>
      <div className="min-w-0 flex-1">
        <a href={hashOf(route)} className="line-clamp-2 text-md font-medium wrap-anywhere hover:underline"><bdi>{room.name}</bdi></a>
        <p className="line-clamp-2 text-sm wrap-anywhere text-faint">
          {[room.memberCount === null ? '' : t('room.members', { n: room.memberCount }), room.description].filter(Boolean).join(' · ')}
        </p>
      </div>
      {isInside ? <Button size="sm" kind="ghost" onClick={() => go(route)}>{t('open')}</Button>
        : <Button size="sm" isBusy={isBusy} onClick={join} aria-label={t('room.join.which', { room: room.name })}>{t('join')}</Button>}
      <Trouble error={refusal} className="w-full" />
    </li>
  );
}
