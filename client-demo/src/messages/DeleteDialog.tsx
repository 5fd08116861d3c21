import { type Held, useChat } from '../chat';
import { Confirm } from '../look/Confirm';
import { Field } from '../look/Field';
import { t } from '../texts';

export function DeleteDialog({ message, isOwn, onClose }: { message: Held; isOwn: boolean; onClose: () => void }) {
  const chat = useChat();
  return (
    <Confirm
      title={t('message.delete')}
      about={t('message.delete.about')}
      action={t('delete')}
      isDanger
      onClose={onClose}
      onDone={({ reason }) => chat.feed(message.room_id).remove(message.id, reason?.trim() || undefined)}
    >
      <blockquote dir="auto" className="line-clamp-4 rounded-lg border-s-3 border-edge bg-hover px-3 py-2 text-base wrap-anywhere text-soft">
        {message.message}
      </blockquote>
      {!isOwn && <Field label={t('reason')} name="reason" maxLength={500} hint={t('reason.hint')} />}
    </Confirm>
  );
}
