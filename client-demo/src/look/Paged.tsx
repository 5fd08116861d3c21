import { type QueryKey, useInfiniteQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { call } from '../api/session';
import type { Listing } from '../api/shapes';
import { t } from '../texts';
import { Button } from './Button';
import { Rows } from './Page';
import { Bones, Trouble } from './State';

interface Props<Row> {
  name: QueryKey;
  path: string;
  query?: Record<string, string | number | undefined>;
  row: (row: Row) => ReactNode;
  empty: ReactNode;
}

/** A list of the server, page after page. */
export function Paged<Row>({ name, path, query = {}, row, empty }: Props<Row>) {
  const { data, error, isPending, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: [...name, query],
    queryFn: ({ pageParam }) => call<Listing<Row>>('GET', path, { query: { limit: 30, ...query, after: pageParam } }),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  });
  const rows = data?.pages.flatMap((page) => page.data) ?? [];
  if (isPending) return <Bones count={4} />;
  if (error && !data) return <Trouble error={error} onRetry={refetch} />;
  if (rows.length === 0) return empty;
  return (
    <>
      <Rows>{rows.map(row)}</Rows>
      {hasNextPage && <Button kind="ghost" size="sm" isBusy={isFetchingNextPage} onClick={() => fetchNextPage()} className="mx-auto mt-4 flex">{t('show-more')}</Button>}
    </>
  );
}
