import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Ban, MicOff, ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import { myRooms } from '../api/queries';
import { call } from '../api/session';
import type { Report } from '../api/shapes';
import { useMe } from '../app/me';
import { hashOf } from '../app/routes';
import { keyOf } from '../chat';
import { Avatar } from '../look/Avatar';
import { Button } from '../look/Button';
import { Confirm } from '../look/Confirm';
import { Area, Choice } from '../look/Field';
import { Paged } from '../look/Paged';
import { Empty, Trouble } from '../look/State';
import { useAction } from '../look/useAction';
import { BanDialog, MuteDialog } from '../moderation/Sanctions';
import { rightsIn } from '../moderation/rights';
import { t } from '../texts';
import type { Key } from '../texts/en';
import { ago, list } from '../texts/formats';
import { Reading } from './Reading';

/** What was reported and waits for somebody to look at it. */
export function Reports() {
  const [status, setStatus] = useState<'open' | 'closed'>('open');
  return (
    <>
      <div className="mb-5 w-48">
        <Choice label={t('reports.status')} isLabelHidden value={status} onChange={(event) => setStatus(event.target.value as 'open' | 'closed')}>
          <option value="open">{t('reports.open')}</option>
          <option value="closed">{t('reports.closed')}</option>
        </Choice>
      </div>
      <Paged<Report>
        name={['reports']}
        path="/api/moderation/reports"
        query={{ status }}
        row={(report) => <ReportRow key={report.id} report={report} />}
        empty={<Empty icon={<ShieldCheck size={22} />} title={t('reports.none')}>{t('reports.none.about')}</Empty>}
      />
    </>
  );
}

function ReportRow({ report }: { report: Report }) {
  const me = useMe();
  const queries = useQueryClient();
  const { run, isBusy, refusal } = useAction();
  const [isClosing, setClosing] = useState(false);
  const [isActed, setActed] = useState(false);
  const again = () => Promise.all([queries.invalidateQueries({ queryKey: ['reports'] }), queries.invalidateQueries({ queryKey: ['me'] })]);
  const close = (outcome: string, note?: string) =>
    call('PUT', `/api/moderation/reports/${report.id}`, { body: { status: 'closed', outcome, ...(note && { note }) } }).then(again);
  const remove = () => run(async () => {
    await call('DELETE', `/api/messages/${report.messageId}`);
    await close('acted');
  });
  const reasons = Object.entries(report.reasons).map(([reason, n]) => `${t(`report.${reason}` as Key)}${n > 1 ? ` × ${n}` : ''}`);
  return (
    <li className="p-4">
      <div className="flex flex-wrap items-center gap-3">
        <Avatar id={keyOf(report.author)} name={report.author.name} url={report.author.avatarUrl} size="lg" />
        <div className="min-w-40 flex-1">
          <div className="text-base wrap-anywhere"><bdi className="font-medium">{report.author.name}</bdi> · <Where report={report} /></div>
          <p className="text-sm text-faint">{list(reasons)} · {ago(report.lastAt)}</p>
        </div>
        <span className="rounded-full bg-bad-soft px-2.5 py-0.5 text-xs font-medium text-bad">{t('reports.voices', { n: report.count })}</span>
      </div>
      <blockquote dir="auto" className="my-3 rounded-lg border-s-3 border-edge bg-hover px-3 py-2 text-md wrap-anywhere whitespace-pre-wrap">
        {report.text ?? t('reports.no-text')}
      </blockquote>
      {report.reporters?.filter(({ note }) => note).map(({ user, note }) => (
        <p key={user.id} className="mb-3 text-sm wrap-anywhere text-soft"><bdi className="font-medium">{user.name}</bdi>: <bdi>{note}</bdi></p>
      ))}
      <Trouble error={refusal} className="mb-2" />
      {report.status === 'open' ? (
        <div className="flex flex-wrap items-center gap-2">
          {!report.isDeleted && keyOf(report.author) !== me.id && <Button size="sm" kind="danger" isBusy={isBusy} onClick={remove}>{t('reports.delete')}</Button>}
          {(report.isDeleted || isActed) && <Button size="sm" isBusy={isBusy} onClick={() => run(() => close('acted'))}>{t('reports.acted')}</Button>}
          <Button size="sm" onClick={() => setClosing(true)}>{t('reports.dismiss')}</Button>
          <AgainstAuthor report={report} onDone={() => setActed(true)} />
        </div>
      ) : (
        <p className="text-sm text-faint">{[t(report.outcome === 'acted' ? 'reports.was-acted' : 'reports.was-dismissed'), report.closedBy?.name, report.note].filter(Boolean).join(' · ')}</p>
      )}
      {isClosing && (
        <Confirm title={t('reports.dismiss')} about={t('reports.dismiss.about')} action={t('reports.dismiss')} onClose={() => setClosing(false)} onDone={({ note }) => close('dismissed', note)}>
          <Area label={t('reports.note')} name="note" maxLength={500} />
        </Confirm>
      )}
    </li>
  );
}

const useMine = ({ room }: Report) => useQuery(myRooms(false)).data?.find(({ id }) => id === room.id);

/** The room that it was said in: a way there for who is in it; who may read it from outside does that here. */
function Where({ report }: { report: Report }) {
  const me = useMe();
  const mine = useMine(report);
  const [isReading, setReading] = useState(false);
  const { room } = report;
  if (room.kind === 'direct') return t('directs');
  if (mine?.me?.state !== 'member' && me.role === 'admin') {
    return (
      <>
        <Button kind="link" onClick={() => setReading(true)} className="inline! font-normal! whitespace-normal!"><bdi>{room.name}</bdi></Button>
        {isReading && <Reading report={report} onClose={() => setReading(false)} />}
      </>
    );
  }
  return <a className="text-accent-ink hover:underline" href={hashOf({ page: 'room', room: room.id })}><bdi>{room.name}</bdi></a>;
}

/** What may be done about who wrote it, in that room. */
function AgainstAuthor({ report, onDone }: { report: Report; onDone: () => void }) {
  const me = useMe();
  const mine = useMine(report);
  const [open, setOpen] = useState<'mute' | 'ban'>();
  const [done, setDone] = useState<'mute' | 'ban'>();
  const { room, author } = report;
  const who = { id: keyOf(author), name: author.name };
  const { moderate } = rightsIn(mine ?? { kind: room.kind, me: null, archivedAt: null }, me);
  if (!moderate || who.id === me.id) return null;
  const props = {
    room, who,
    onClose: () => setOpen(undefined),
    onDone: () => {
      setDone(open);
      onDone();
    },
  };
  return (
    <>
      <Button size="sm" icon={<MicOff size={14} />} onClick={() => setOpen('mute')}>{t('mute')}</Button>
      <Button size="sm" icon={<Ban size={14} />} onClick={() => setOpen('ban')}>{t('ban')}</Button>
      {done && <span role="status" className="text-sm text-good">{t(done === 'mute' ? 'reports.muted' : 'reports.banned', { name: who.name })}</span>}
      {open === 'mute' && <MuteDialog {...props} />}
      {open === 'ban' && <BanDialog {...props} />}
    </>
  );
}
