import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { putRoom } from '../api/queries';
import { call } from '../api/session';
import type { RoomRecord } from '../api/shapes';
import { Button } from '../look/Button';
import { Area, Field } from '../look/Field';
import { Trouble } from '../look/State';
import { useAction } from '../look/useAction';
import { t } from '../texts';

export function EditRoom({ room }: { room: RoomRecord }) {
  const queries = useQueryClient();
  const [name, setName] = useState(room.name);
  const [description, setDescription] = useState(room.description);
  const { run, isBusy, refusal, isDone, reset } = useAction();
  const isChanged = name !== room.name || description !== room.description;
  const fields = refusal?.fields ?? {};
  const save = () => run(async () => putRoom(queries, await call<RoomRecord>('PATCH', `/api/rooms/${room.id}`, { body: { name, description } })));
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
      onChange={reset}
    >
      <Field label={t('room.name')} value={name} onChange={(event) => setName(event.target.value)} maxLength={100} required error={fields.name} />
      <Area label={t('room.description')} value={description} onChange={(event) => setDescription(event.target.value)} maxLength={1000} error={fields.description} />
      {Object.keys(fields).length === 0 && <Trouble error={refusal} />}
      <div className="flex items-center gap-3">
        <Button kind="primary" type="submit" isBusy={isBusy} disabled={!isChanged}>{t('save')}</Button>
        {isDone && !isChanged && <span role="status" className="text-sm text-good">{t('saved')}</span>}
      </div>
    </form>
  );
}
