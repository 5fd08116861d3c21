import { Ban, Copy, Ellipsis, Flag, MicOff, Pencil, Trash2, UserRound } from 'lucide-react';
import type { RoomRecord } from '../api/shapes';
import { useMe } from '../app/me';
import type { Held } from '../chat';
import { IconButton } from '../look/Button';
import { Item, Line, Menu } from '../look/Menu';
import { rightsIn } from '../moderation/rights';
import { t } from '../texts';
import type { Focus } from './focus';
import { authorOf } from './rows';

/** What can be done with a message, where the pointer or the focus is. */
export function Actions({ room, message, focus, isOwn }: { room: RoomRecord; message: Held; focus: Focus; isOwn: boolean }) {
  const me = useMe();
  const rights = rightsIn(room, me);
  const canEdit = !message.attachment && (isOwn || rights.editOthers) && !room.archivedAt;
  const canDelete = isOwn || rights.deleteOthers;
  const who = { id: authorOf(message), name: message.User.name };
  const canSanction = rights.moderate && !isOwn && who.id !== '';
  return (
    <div className="absolute -top-3.5 end-4 z-10 flex rounded-lg bg-raised p-0.5 shadow-float sm:end-6">
      {canEdit && <IconButton size="sm" side="top" label={t('edit')} onClick={() => focus.edit(message.id)}><Pencil size={15} /></IconButton>}
      {canDelete && <IconButton size="sm" side="top" label={t('delete')} onClick={() => focus.ask('delete', message)}><Trash2 size={15} /></IconButton>}
      <Menu trigger={<IconButton size="sm" side="top" label={t('more')}><Ellipsis size={16} /></IconButton>}>
        <Item icon={<Copy size={15} />} onSelect={() => navigator.clipboard?.writeText(message.message)}>{t('copy')}</Item>
        {message.user_id && !isOwn && <Item icon={<UserRound size={15} />} onSelect={() => focus.ask('profile', message)}>{t('profile.of', { name: who.name })}</Item>}
        {(canSanction || (rights.report && !isOwn)) && <Line />}
        {rights.report && !isOwn && <Item icon={<Flag size={15} />} onSelect={() => focus.ask('report', message)}>{t('report')}</Item>}
        {canSanction && <Item icon={<MicOff size={15} />} onSelect={() => focus.ask('mute', message)}>{t('mute.who', { name: who.name })}</Item>}
        {canSanction && <Item isDanger icon={<Ban size={15} />} onSelect={() => focus.ask('ban', message)}>{t('ban.who', { name: who.name })}</Item>}
      </Menu>
    </div>
  );
}
