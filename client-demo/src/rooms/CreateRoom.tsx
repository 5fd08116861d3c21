import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { newKey } from '../api/http';
import { putRoom } from '../api/queries';
import { call } from '../api/session';
import type { RoomRecord } from '../api/shapes';
import { referenceOf } from './references';
import { go } from '../app/routes';
import { Confirm } from '../look/Confirm';
import { Area, Field } from '../look/Field';
import { t } from '../texts';
import { KindChoice } from './KindChoice';

export function CreateRoom({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  // Sent twice, it makes one room.
  const [key] = useState(newKey);
  return (
    <Confirm
      title={t('room.create')}
      about={t('room.create.about')}
      action={t('room.create.do')}
      onClose={onClose}
      onDone={async ({ name, description, kind }) => {
        const room = await call<RoomRecord>('POST', '/api/rooms', { key, body: { name, description, kind } });
        putRoom(queries, room, true);
        go({ page: 'room', room: referenceOf(room) });
      }}
    >
      {(errors) => (
        <>
          <Field label={t('room.name')} name="name" required maxLength={100} autoFocus autoComplete="off" error={errors.name} />
          <Area label={t('room.description')} name="description" maxLength={1000} rows={2} error={errors.description} />
          <KindChoice />
        </>
      )}
    </Confirm>
  );
}
