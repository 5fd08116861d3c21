import { useQueryClient } from '@tanstack/react-query';
import { Compass, Hash, Plus, Search } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { putRoom } from '../api/queries';
import { asRefusal, type Refusal } from '../api/refusal';
import { call } from '../api/session';
import type { RoomRecord } from '../api/shapes';
import { useMe } from '../app/me';
import { go, hashOf } from '../app/routes';
import { referenceOf } from '../app/Sidebar';
import { Button } from '../look/Button';
import { Page } from '../look/Page';
import { Paged } from '../look/Paged';
import { Empty, Trouble } from '../look/State';
import { t } from '../texts';
import { CreateRoom } from './CreateRoom';

export default function Browse() {
  const me = useMe();
  const [text, setText] = useState('');
  const wanted = useDeferredValue(text.trim());
  const [isCreating, setCreating] = useState(false);
  const create = <Button kind="primary" icon={<Plus size={16} />} onClick={() => setCreating(true)}>{t('room.create')}</Button>;
  return (
    <Page title={t('browse')} about={t('browse.about')} action={!me.isGuest && create}>
      <label className="mb-5 flex h-10 items-center gap-2.5 rounded-lg border border-edge bg-canvas px-3 shadow-card focus-within:border-accent focus-within:ring-3 focus-within:ring-accent/20">
        <Search size={16} className="text-faint" aria-hidden="true" />
        <span className="sr-only">{t('browse.find')}</span>
        <input dir="auto" value={text} onChange={(event) => setText(event.target.value)} placeholder={t('browse.find')} className="min-w-0 flex-1 bg-transparent text-base outline-none" />
      </label>
      <Paged<RoomRecord>
        name={['rooms', 'found']}
        path="/api/rooms"
        query={{ q: wanted || undefined, kind: 'public' }}
        row={(room) => <RoomRow key={room.id} room={room} />}
        empty={<Empty icon={<Compass size={22} />} title={wanted ? t('browse.none') : t('browse.empty')} action={!me.isGuest && create}>{t('browse.empty.about')}</Empty>}
      />
      {isCreating && <CreateRoom onClose={() => setCreating(false)} />}
    </Page>
  );
}

function RoomRow({ room }: { room: RoomRecord }) {
  const queries = useQueryClient();
  const [state, setState] = useState<{ isBusy: boolean; refusal?: Refusal }>({ isBusy: false });
  const isInside = room.me !== null && room.me.state !== 'invited';
  const route = { page: 'room', room: referenceOf(room) } as const;
  const join = async () => {
    setState({ isBusy: true });
    try {
      putRoom(queries, await call<RoomRecord>('POST', `/api/rooms/${room.id}/join`), true);
      queries.invalidateQueries({ queryKey: ['rooms', 'found'] });
      go(route);
    } catch (error) {
      setState({ isBusy: false, refusal: asRefusal(error) });
    }
  };
  return (
    <li className="flex flex-wrap items-center gap-3 px-4 py-3">
      <span className="grid size-9 shrink-0 place-items-center rounded-lg bg-hover text-soft"><Hash size={17} aria-hidden="true" /></span>
      <div className="min-w-0 flex-1">
        <a href={hashOf(route)} className="block truncate text-md font-medium hover:underline"><bdi>{room.name}</bdi></a>
        <p className="truncate text-sm text-faint">
          {[room.memberCount === null ? '' : t('room.members', { n: room.memberCount }), room.description].filter(Boolean).join(' · ')}
        </p>
      </div>
      {isInside ? <Button size="sm" kind="ghost" onClick={() => go(route)}>{t('open')}</Button>
        : <Button size="sm" isBusy={state.isBusy} onClick={join} aria-label={t('room.join.which', { room: room.name })}>{t('join')}</Button>}
      <Trouble error={state.refusal} className="w-full" />
    </li>
  );
}
