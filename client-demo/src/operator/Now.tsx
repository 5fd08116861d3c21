import { useQuery } from '@tanstack/react-query';
import { CircleCheck, CircleX } from 'lucide-react';
import type { ReactNode } from 'react';
import { call } from '../api/session';
import type { Figures, NodeFigures } from '../api/shapes';
import { Part } from '../look/Page';
import { Bone, Trouble } from '../look/State';
import { Figure } from '../statistics/Figure';
import { t } from '../texts';
import { ago, bytes, number, rate } from '../texts/formats';

const EVERY = 2_000;

/** What goes on, read anew every two seconds. */
export function Now() {
  const { data, error, refetch } = useQuery({
    queryKey: ['figures'],
    queryFn: () => call<Figures>('GET', '/api/moderation/figures'),
    refetchInterval: EVERY,
    staleTime: 0,
  });
  if (!data) return error ? <Trouble error={error} onRetry={refetch} /> : <Bone className="h-80 w-full rounded-xl" />;
  const { nodes, database, bus, totals } = data;
  return (
    <>
      <Trouble error={error} onRetry={refetch} className="mb-4" />
      {totals && (
        <Part title={t('now.totals')}>
          <dl className="grid grid-cols-2 gap-3 lg:grid-cols-5">
            <Figure name={t('now.accounts')} value={totals.accounts} />
            <Figure name={t('now.rooms')} value={totals.rooms} />
            <Figure name={t('now.messages')} value={totals.messages} />
            <Figure name={t('now.files')} text={bytes(totals.fileBytes)} />
            <Figure name={t('now.reports')} value={totals.openReports} isBad={totals.openReports > 0} />
          </dl>
        </Part>
      )}
      {nodes.map((node) => <Node key={node.node} node={node} />)}
      <Part title={t('now.behind')}>
        <ul className="grid gap-3 sm:grid-cols-2">
          <Behind name={`${t('now.database')} · ${database.kind}`} isWell={database.reachable}>{database.bytes === null ? '' : bytes(database.bytes)}</Behind>
          <Behind name={`${t('now.bus')} · ${bus.kind}`} isWell={bus.reachable} />
        </ul>
      </Part>
    </>
  );
}

const milliseconds = (n: number | undefined) => (n === undefined ? '–' : t('now.milliseconds', { n: rate(n) }));

function Node({ node }: { node: NodeFigures }) {
  const { perSecond, waiting, writer } = node;
  const refusals = Object.entries(node.refusals).filter(([, count]) => count > 0).toSorted(([, one], [, other]) => other - one);
  return (
    <Part title={t('now.node')} about={t('now.node.about', { version: node.version, when: ago(node.startedAt) })}>
      <dl className="grid grid-cols-2 gap-3 lg:grid-cols-4">
        <Figure name={t('now.connections')} value={node.connections} />
        <Figure name={t('now.people')} value={node.people} />
        <Figure name={t('now.guests')} value={node.guests} />
        <Figure name={t('now.slow')} value={node.slowReadersClosed} isBad={node.slowReadersClosed > 0} />
        <Figure name={t('now.rate.messages')} value={perSecond.messages} isRate />
        <Figure name={t('now.rate.events')} value={perSecond.events} isRate />
        <Figure name={t('now.rate.deliveries')} value={perSecond.deliveries} isRate />
        <Figure name={t('now.rate.requests')} value={perSecond.requests} isRate />
        <Figure name={t('now.waiting')} text={`${number(waiting.events)} · ${bytes(waiting.bytes)}`} />
        <Figure name={t('now.queue')} value={writer.queue} />
        <Figure name={t('now.commit.half')} text={milliseconds(writer.commitMs?.p50)} />
        <Figure name={t('now.commit.most')} text={milliseconds(writer.commitMs?.p95)} />
      </dl>
      {refusals.length > 0 && (
        <p className="mt-3 flex flex-wrap gap-2 text-sm text-soft">
          <span>{t('now.refusals')}</span>
          {refusals.map(([code, count]) => <span key={code} className="rounded-md bg-hover px-2 tabular-nums"><code className="font-mono text-xs">{code}</code> {number(count)}</span>)}
        </p>
      )}
    </Part>
  );
}

function Behind({ name, isWell, children }: { name: string; isWell: boolean; children?: ReactNode }) {
  const Icon = isWell ? CircleCheck : CircleX;
  return (
    <li className="flex items-center gap-3 rounded-xl border border-line bg-raised p-4 shadow-card">
      <Icon size={18} className={isWell ? 'text-good' : 'text-bad'} aria-hidden="true" />
      <span className="flex-1 text-base font-medium">{name}</span>
      <span className="text-sm text-soft">{isWell ? children || t('now.well') : t('now.away')}</span>
    </li>
  );
}
