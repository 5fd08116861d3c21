import { useState } from 'react';
import { asRefusal, type Refusal } from '../api/refusal';
import { call } from '../api/session';
import type { Person, RoomRecord } from '../api/shapes';
import { Dialog } from '../look/Dialog';
import { Trouble } from '../look/State';
import { PeopleSearch } from '../people/PeopleSearch';
import { t } from '../texts';

export function InviteDialog({ room, onClose }: { room: RoomRecord; onClose: () => void }) {
  const [invited, setInvited] = useState<ReadonlySet<string>>(new Set());
  const [refusal, setRefusal] = useState<Refusal>();
  const invite = ({ id }: Person) => {
    if (!id) return;
    setRefusal(undefined);
    call('PUT', `/api/rooms/${room.id}/invites/${id}`).then(
      () => setInvited((so) => new Set([...so, id])),
      (error) => setRefusal(asRefusal(error)),
    );
  };
  return (
    <Dialog title={t('invite.title', { room: room.name })} about={t('invite.about')} onClose={onClose}>
      <Trouble error={refusal} className="mb-3" />
      <PeopleSearch action={t('invite')} onChoose={invite} done={invited} doneText={t('invite.done')} />
    </Dialog>
  );
}
