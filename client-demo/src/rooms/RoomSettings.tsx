import { useState } from 'react';
import type { RoomRecord } from '../api/shapes';
import { useMe } from '../app/me';
import { Dialog } from '../look/Dialog';
import { Barrings, Invites, RoomAudit } from '../moderation/RoomLists';
import { rightsIn } from '../moderation/rights';
import { t } from '../texts';
import { CloseRoom } from './CloseRoom';
import { EditRoom } from './EditRoom';
import { SlowMode } from './SlowMode';

type View = 'general' | 'bans' | 'mutes' | 'invites' | 'audit';

/** All that owners and moderators may do about a room. */
export default function RoomSettings({ room, onClose }: { room: RoomRecord; onClose: () => void }) {
  const rights = rightsIn(room, useMe());
  const views: View[] = ['general', 'mutes', 'bans', ...(rights.invite ? (['invites'] as const) : []), 'audit'];
  const [view, setView] = useState<View>('general');
  return (
    <Dialog title={t('room.settings')} about={room.name} onClose={onClose} width="md" isTall tabs={<Views views={views} view={view} onView={setView} />}>
      <div id="room-settings" role="tabpanel" aria-labelledby={`tab-${view}`}>
        {view === 'general' && (
          <div className="flex flex-col gap-8">
            {rights.edit && <EditRoom room={room} />}
            <SlowMode room={room} />
            {rights.close && <CloseRoom room={room} onClosed={onClose} />}
          </div>
        )}
        {(view === 'bans' || view === 'mutes') && <Barrings room={room} kind={view} />}
        {view === 'invites' && <Invites room={room} />}
        {view === 'audit' && <RoomAudit room={room} />}
      </div>
    </Dialog>
  );
}

/** What does not fit fades out at the edge, over the space that is left there. */
function Views({ views, view, onView }: { views: View[]; view: View; onView: (view: View) => void }) {
  return (
    <div role="tablist" aria-label={t('room.settings')} className="mask-x-from-[calc(100%-1.5rem)] flex shrink-0 scroll-px-8 gap-1 overflow-x-auto px-6 pt-3 pb-2">
      {views.map((one) => (
        <button
          key={one}
          type="button"
          role="tab"
          id={`tab-${one}`}
          aria-selected={view === one}
          aria-controls="room-settings"
          onClick={(event) => {
            event.currentTarget.scrollIntoView({ block: 'nearest', inline: 'nearest' });
            onView(one);
          }}
          className="h-8 shrink-0 rounded-lg px-3 text-base text-soft transition-colors hover:bg-hover aria-selected:bg-pressed aria-selected:font-medium aria-selected:text-ink"
        >
          {t(`room.tab.${one}`)}
        </button>
      ))}
    </div>
  );
}
