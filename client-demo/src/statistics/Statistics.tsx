import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call } from '../api/session';
import type { RoomFigures, RoomRecord } from '../api/shapes';
import { go } from '../app/routes';
import { referenceOf } from '../rooms/references';
import { Choice } from '../look/Field';
import { Page } from '../look/Page';
import { Bone, Trouble } from '../look/State';
import { t } from '../texts';
import { Chart } from './Chart';
import { everyDay, sum } from './days';
import { Figure } from './Figure';

const SPANS = [7, 30, 90, 365];

export default function Statistics({ room, rooms }: { room: string; rooms: RoomRecord[] }) {
  const [days, setDays] = useState(30);
  const { data, error, refetch } = useQuery({
    queryKey: ['statistics', room, days],
    queryFn: () => call<RoomFigures>('GET', `/api/rooms/${encodeURIComponent(room)}/stats`, { query: { days } }),
    placeholderData: (before) => before,
  });
  const here = rooms.find(({ id, slug }) => id === room || slug === room);
  const choices = rooms.filter(({ kind, me }) => kind !== 'direct' && me?.state !== 'invited');
  const all = data && everyDay(data.messagesPerDay, days);
  return (
    <Page title={t('statistics')} about={t('statistics.about')} isWide>
      <div className="mb-6 flex flex-wrap gap-3">
        <div className="w-full sm:w-56"><Choice label={t('statistics.room')} isLabelHidden value={here ? referenceOf(here) : room} onChange={(event) => go({ page: 'statistics', room: event.target.value })}>
          {choices.map((one) => <option key={one.id} value={referenceOf(one)}>{one.name}</option>)}
        </Choice></div>
        <div className="w-full sm:w-44"><Choice label={t('statistics.span')} isLabelHidden value={days} onChange={(event) => setDays(Number(event.target.value))}>
          {SPANS.map((span) => <option key={span} value={span}>{t('statistics.days', { n: span })}</option>)}
        </Choice></div>
      </div>
      <Trouble error={error} onRetry={refetch} />
      {!all && !error && <Bone className="h-80 w-full rounded-xl" />}
      {all && (
        <>
          <dl className="mb-6 grid grid-cols-2 gap-3 lg:grid-cols-4">
            <Figure name={t('statistics.messages')} value={data.totalMessages} />
            <Figure name={t('statistics.people')} value={data.totalUsers} />
            <Figure name={t('statistics.messages.span')} value={sum(all, 'count')} />
            <Figure name={t('statistics.active')} value={sum(all.slice(-7), 'authors') / Math.min(7, days)} isRate />
          </dl>
          <div className="grid grid-cols-1 gap-4">
            <Chart title={t('statistics.per-day')} days={all} value="count" label={(n) => t('statistics.messages.n', { n })} />
            <Chart title={t('statistics.authors')} days={all} value="authors" label={(n) => t('statistics.people.n', { n })} />
          </div>
        </>
      )}
    </Page>
  );
}
