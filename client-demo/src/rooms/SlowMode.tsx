import { useQueryClient } from '@tanstack/react-query';
import { putRoom } from '../api/queries';
import { call } from '../api/session';
import type { RoomRecord } from '../api/shapes';
import { Choice } from '../look/Field';
import { Trouble } from '../look/State';
import { useAction } from '../look/useAction';
import { t } from '../texts';
import { span } from '../texts/formats';

const PAUSES = [0, 5, 10, 30, 60, 300, 900, 3600, 21600];

export function SlowMode({ room }: { room: RoomRecord }) {
  const queries = useQueryClient();
  const { run, isBusy, refusal } = useAction();
  const now = room.slowModeSeconds;
  const pauses = PAUSES.includes(now) ? PAUSES : [...PAUSES, now].toSorted((one, other) => one - other);
  const set = (seconds: number) =>
    run(async () => putRoom(queries, await call<RoomRecord>('PUT', `/api/rooms/${room.id}/slow-mode`, { body: { seconds } })));
  return (
    <div className="flex flex-col gap-2">
      <Choice label={t('slow')} hint={t('slow.about')} value={now} disabled={isBusy} onChange={(event) => set(Number(event.target.value))}>
        {pauses.map((seconds) => <option key={seconds} value={seconds}>{seconds === 0 ? t('slow.off') : t('slow.each', { span: span(seconds * 1000) })}</option>)}
      </Choice>
      <Trouble error={refusal} />
    </div>
  );
}
