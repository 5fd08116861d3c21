import { useInfiniteQuery } from '@tanstack/react-query';
import { useRef } from 'react';
import { call } from '../api/session';
import type { Person, Report } from '../api/shapes';
import { Button } from '../look/Button';
import { Dialog } from '../look/Dialog';
import { Bones, Trouble } from '../look/State';
import { t } from '../texts';
import { moment } from '../texts/formats';

interface Said {
  id: string;
  content: string;
  createdAt: string;
  user: Person;
}

interface Page {
  data: Said[];
  next: number | null;
}

/** A room as it reads, for who may read it without being in it; what was reported stands out. */
export function Reading({ report: { room, messageId }, onClose }: { report: Report; onClose: () => void }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['rooms', room.id, 'read'],
    queryFn: ({ pageParam }) => call<Page>('GET', `/api/rooms/${room.id}/messages`, { query: { limit: 100, before: pageParam } }),
    initialPageParam: null as number | null,
    getNextPageParam: ({ next }) => next,
    staleTime: 0,
  });
  const isFound = useRef(false);
  return (
    <Dialog title={room.name} about={t('reports.around.about')} onClose={onClose} width="md" isTall>
      <Trouble error={error} onRetry={refetch} />
      {!data && !error && <Bones />}
      {hasNextPage && <Button kind="ghost" size="sm" isBusy={isFetchingNextPage} onClick={() => fetchNextPage()} className="mx-auto mb-3 flex">{t('messages.older')}</Button>}
      <ol className="flex flex-col gap-1">
        {data?.pages.toReversed().flatMap((page) => page.data).map(({ id, content, createdAt, user }) => (
          <li key={id} ref={(row) => {
            if (!row || id !== messageId || isFound.current) return;
            isFound.current = true;
            row.scrollIntoView({ block: 'center' });
          }} className={`rounded-lg px-3 py-1.5 ${id === messageId ? 'bg-bad-soft' : ''}`}>
            <p className="text-sm text-faint"><bdi className="font-medium text-ink">{user.name}</bdi> · <time dateTime={createdAt}>{moment(createdAt)}</time></p>
            <p dir="auto" className="text-base wrap-anywhere whitespace-pre-wrap">{content}</p>
          </li>
        ))}
      </ol>
    </Dialog>
  );
}
