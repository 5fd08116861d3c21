import { useQueryClient } from '@tanstack/react-query';
import { MailOpen } from 'lucide-react';
import { putRoom } from '../api/queries';
import { call } from '../api/session';
import type { Invitation, RoomRecord } from '../api/shapes';
import { useMe } from '../app/me';
import { go } from '../app/routes';
import { referenceOf } from './references';
import { RoomIcon } from './RoomIcon';
import { Button } from '../look/Button';
import { Page } from '../look/Page';
import { Paged } from '../look/Paged';
import { Empty, Trouble } from '../look/State';
import { useAction } from '../look/useAction';
import { t } from '../texts';
import { ago } from '../texts/formats';

export default function Invitations() {
  return (
    <Page title={t('invitations')} about={t('invitations.about')}>
      <Paged<Invitation>
        name={['rooms', 'invitations']}
        path="/api/me/invites"
        row={(invitation) => <InvitationRow key={invitation.room.id} invitation={invitation} />}
        empty={<Empty icon={<MailOpen size={22} />} title={t('invitations.none')}>{t('invitations.none.about')}</Empty>}
      />
    </Page>
  );
}

function InvitationRow({ invitation: { room, by, invitedAt } }: { invitation: Invitation }) {
  const [me, queries] = [useMe(), useQueryClient()];
  const { run, isBusy, refusal } = useAction();
  const answer = (work: () => Promise<unknown>) => run(async () => {
    await work();
    queries.invalidateQueries({ queryKey: ['rooms'] });
    queries.invalidateQueries({ queryKey: ['me'] });
  });
  const accept = () => answer(async () => {
    const joined = await call<RoomRecord>('POST', `/api/rooms/${room.id}/join`);
    putRoom(queries, joined, true);
    go({ page: 'room', room: referenceOf(joined) });
  });
  const decline = () => answer(() => call('DELETE', `/api/rooms/${room.id}/invites/${me.id}`));
  return (
    <li className="flex flex-wrap items-center gap-3 px-4 py-3">
      <RoomIcon room={room} size={18} />
      <div className="min-w-40 flex-1">
        <p className="text-md font-medium wrap-anywhere"><bdi>{room.name}</bdi></p>
        <p className="text-sm wrap-anywhere text-faint">{by ? t('invitations.by', { name: by.name, when: ago(invitedAt) }) : ago(invitedAt)}</p>
      </div>
      <div className="flex gap-2 max-sm:w-full">
        <Button size="sm" kind="primary" isBusy={isBusy} onClick={accept} className="max-sm:flex-1">{t('invited.accept')}</Button>
        <Button size="sm" disabled={isBusy} onClick={decline} className="max-sm:flex-1">{t('invited.decline')}</Button>
      </div>
      <Trouble error={refusal} className="w-full" />
    </li>
  );
}
