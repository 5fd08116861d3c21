import { useQueryClient } from '@tanstack/react-query';
import { call } from '../api/session';
import type { RoomRecord } from '../api/shapes';
import { Choice, Field } from '../look/Field';
import { Confirm } from '../look/Confirm';
import { t } from '../texts';
import { span } from '../texts/formats';

interface Props {
  room: Pick<RoomRecord, 'id' | 'kind'>;
  who: { id: string; name: string };
  onClose: () => void;
  onDone?: () => void;
}

const MINUTE = 60;
const LENGTHS = [5 * MINUTE, 60 * MINUTE, 24 * 60 * MINUTE, 7 * 24 * 60 * MINUTE, 30 * 24 * 60 * MINUTE];

const Reason = () => <Field label={t('reason')} name="reason" maxLength={500} hint={t('reason.person')} />;

function useAgain({ room, onDone }: Props) {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: ['rooms', room.id] }).then(onDone);
}

export function MuteDialog(props: Props) {
  const { room, who, onClose } = props;
  const again = useAgain(props);
  return (
    <Confirm
      title={t('mute.who', { name: who.name })}
      about={t('mute.about')}
      action={t('mute')}
      onClose={onClose}
      onDone={({ seconds, reason }) =>
        call('PUT', `/api/rooms/${room.id}/mutes/${who.id}`, { body: { seconds: Number(seconds), ...(reason && { reason }) } }).then(again)}
    >
      <Choice label={t('mute.length')} name="seconds" defaultValue={LENGTHS[1]}>
        {LENGTHS.map((seconds) => <option key={seconds} value={seconds}>{span(seconds * 1000)}</option>)}
      </Choice>
      <Reason />
    </Confirm>
  );
}

export function BanDialog(props: Props) {
  const { room, who, onClose } = props;
  const again = useAgain(props);
  return (
    <Confirm
      title={t('ban.who', { name: who.name })}
      about={t(room.kind === 'main' ? 'ban.about.main' : 'ban.about')}
      action={t('ban')}
      isDanger
      onClose={onClose}
      onDone={({ reason }) => call('PUT', `/api/rooms/${room.id}/bans/${who.id}`, { body: reason ? { reason } : {} }).then(again)}
    >
      <Reason />
    </Confirm>
  );
}

export function KickDialog(props: Props) {
  const { room, who, onClose } = props;
  const again = useAgain(props);
  return (
    <Confirm
      title={t('kick.who', { name: who.name })}
      about={t('kick.about')}
      action={t('kick')}
      isDanger
      onClose={onClose}
      onDone={({ reason }) => call('DELETE', `/api/rooms/${room.id}/members/${who.id}`, { query: { reason } }).then(again)}
    >
      <Reason />
    </Confirm>
  );
}
