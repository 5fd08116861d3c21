import { Archive, MicOff } from 'lucide-react';
import { useCallback, useState } from 'react';
import { asRefusal } from '../api/refusal';
import type { RoomRecord } from '../api/shapes';
import { useMe } from '../app/me';
import { type Pending, useChat, useRoom } from '../chat';
import { DropTarget } from '../files/DropTarget';
import { useAttached } from '../files/useAttached';
import { Trouble } from '../look/State';
import { Composer } from '../messages/Composer';
import { MessageList } from '../messages/MessageList';
import { TypingLine } from '../messages/TypingLine';
import { t } from '../texts';
import { moment } from '../texts/formats';
import { useNow } from './useNow';
import { useSlowMode } from './useSlowMode';

export function Conversation({ room }: { room: RoomRecord }) {
  const chat = useChat();
  const me = useMe();
  const view = useRoom(room.id);
  const attached = useAttached(view.feed);
  const slow = useSlowMode(room);
  const [again, setAgain] = useState<{ text: string }>();
  const closed = useClosed(room);
  const canSend = !closed;
  const canUpload = canSend && !me.isGuest;
  /** Each file is a message of its own; the words stand above the first. */
  function send(text: string, character?: Pending['character']) {
    const uploads = canUpload ? attached.take() : [];
    if (uploads.length === 0) view.send(text, { character });
    slow.wrote();
    for (const [at, upload] of uploads.entries()) view.send(at === 0 ? text : '', { character, upload });
  }
  const recompose = useCallback((text: string) => setAgain({ text }), []);
  return (
    <DropTarget isOn={canUpload} onFiles={attached.attach}>
      {view.state === 'failed' ? (
        <div className="grid flex-1 place-items-center p-6">
          <Trouble error={asRefusal(view.feed.error)} onRetry={() => chat.open(room.id)} />
        </div>
      ) : (
        <MessageList room={room} view={view} onRecompose={recompose} />
      )}
      <div className="shrink-0 px-3 pb-3 sm:px-5 sm:pb-4">
        {closed ?? (
          <Composer
            room={room}
            again={again}
            onTaken={() => setAgain(undefined)}
            onSend={send}
            secondsLeft={slow.secondsLeft}
            {...(canUpload && { attached })}
          />
        )}
        <TypingLine roomId={room.id} />
      </div>
    </DropTarget>
  );
}

/** Why nothing can be written here at the moment. */
function useClosed(room: RoomRecord) {
  const mutedUntil = room.me?.mutedUntil;
  const now = useNow(mutedUntil ? new Date(mutedUntil).getTime() : undefined);
  if (room.archivedAt) return <Closed icon={<Archive size={15} />}>{t('room.archived')}</Closed>;
  if (mutedUntil && new Date(mutedUntil).getTime() > now) {
    return <Closed icon={<MicOff size={15} />}>{t('room.muted', { until: moment(mutedUntil) })}</Closed>;
  }
  return undefined;
}

const Closed = ({ icon, children }: { icon: React.ReactNode; children: string }) => (
  <p className="flex min-h-12 items-center justify-center gap-2 rounded-xl border border-line bg-side px-4 text-base text-soft">
    {icon}{children}
  </p>
);
