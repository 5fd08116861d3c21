import type { RoomRecord } from '../api/shapes';
import { useChat, useSelected } from '../chat';
import { ReportDialog } from '../moderation/ReportDialog';
import { BanDialog, MuteDialog } from '../moderation/Sanctions';
import { Profile } from '../people/Profile';
import { DeleteDialog } from './DeleteDialog';
import type { Focus } from './focus';
import { authorOf } from './rows';

/** The dialogs about a message. They stand beside the list: a row leaves the page when it is out of sight. */
export function Asked({ room, focus }: { room: RoomRecord; focus: Focus }) {
  const { isMine } = useChat();
  const asked = useSelected(focus, (one) => one.asked);
  if (!asked) return null;
  const { question, message } = asked;
  const onClose = focus.answered;
  const who = { id: authorOf(message), name: message.User.name };
  switch (question) {
    case 'delete':
      return <DeleteDialog message={message} isOwn={isMine(message)} onClose={onClose} />;
    case 'report':
      return <ReportDialog message={message} onClose={onClose} />;
    case 'mute':
      return <MuteDialog room={room} who={who} onClose={onClose} />;
    case 'ban':
      return <BanDialog room={room} who={who} onClose={onClose} />;
    case 'profile':
      return <Profile id={who.id} onClose={onClose} />;
  }
}
