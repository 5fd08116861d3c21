import { memo, type PointerEvent, type ReactNode, useSyncExternalStore } from 'react';
import type { RoomRecord } from '../api/shapes';
import { useMe } from '../app/me';
import { type Held, type Pending, type RoomFeed, useChat } from '../chat';
import { Attachment } from '../files/Attachment';
import { UploadCard } from '../files/UploadCard';
import { Avatar } from '../look/Avatar';
import { useDirectory, usePerson } from '../people/directory';
import { t } from '../texts';
import { clock, day, moment } from '../texts/formats';
import { Actions } from './Actions';
import { Body } from './Body';
import { Editor } from './Editor';
import type { Focus } from './focus';
import { authorOf } from './rows';
import { Unsent } from './Unsent';

const EMOTE = '/me ';

interface Props {
  room: RoomRecord;
  message: Held;
  focus: Focus;
  blocked: ReadonlySet<string>;
  isHead: boolean;
  day: string | undefined;
  isFirstNew: boolean;
}

export const MessageRow = memo(function MessageRow({ room, message, focus, blocked, isHead, day: dayOf, isFirstNew }: Props) {
  const { isMine } = useChat();
  const isHot = useSyncExternalStore(focus.subscribe, () => (focus.hovered ?? focus.active) === message.id);
  const isActive = useSyncExternalStore(focus.subscribe, () => focus.active === message.id);
  const isEdited = useSyncExternalStore(focus.subscribe, () => focus.edited === message.id);
  const own = isMine(message);
  const author = authorOf(message);
  const onPointerUp = (event: PointerEvent) => {
    if (event.pointerType === 'touch') focus.activate(isActive ? undefined : message.id);
  };
  return (
    <>
      {dayOf && <Divider>{day(dayOf)}</Divider>}
      {isFirstNew && <NewLine />}
      <div
        data-message={message.id}
        data-seq={message.seq}
        tabIndex={isActive ? 0 : -1}
        onPointerUp={onPointerUp}
        className={`group relative px-3 outline-none focus-visible:bg-hover sm:px-5 ${isHead ? 'pt-2.5 pb-0.5' : 'py-0.5'} ${isHot ? 'bg-hover/70' : ''}`}
      >
        <Line {...{ message, isHead }} isOwn={own}>
          {blocked.has(author) ? <p className="text-base text-faint italic">{t('message.blocked')}</p>
            : isEdited ? <Editor {...{ room, message, focus }} />
              : <Content message={message} />}
        </Line>
        {isHot && !isEdited && !message.is_deleted && <Actions {...{ room, message, focus }} isOwn={own} />}
      </div>
    </>
  );
});

function Content({ message }: { message: Held }) {
  const { username } = useMe();
  const { attachment, edited_at, is_deleted, type } = message;
  if (is_deleted) return <p className="text-base text-faint italic">{t('message.deleted')}</p>;
  const text = type === 'emote' && message.message.startsWith(EMOTE) ? message.message.slice(EMOTE.length) : message.message;
  const isCaption = attachment && message.message !== attachment.name;
  return (
    <>
      {(!attachment || isCaption) && (
        <div className={type === 'emote' ? 'text-soft italic' : ''}>
          <Body text={text} me={username} editedAt={edited_at} />
        </div>
      )}
      {attachment && <Attachment attachment={attachment} />}
    </>
  );
}

function Line({ message, isHead, isOwn, children }: { message: Held; isHead: boolean; isOwn: boolean; children: ReactNode }) {
  const { User, character, created_at } = message;
  const author = authorOf(message);
  const person = usePerson(isHead ? message.user_id : null);
  const directory = useDirectory();
  const speaker = person?.name ?? User.name;
  const name = character?.name ?? speaker;
  const at = clock(created_at);
  if (!isHead) {
    return (
      <div className="flex gap-3">
        <span aria-hidden="true" className="w-9 shrink-0 pt-0.75 text-center text-2xs text-faint opacity-0 group-hover:opacity-100">{at.replace(/\s?[AP]M$/i, '')}</span>
        <div className="min-w-0 flex-1">
          <span className="sr-only">{name} {at}</span>
          {children}
        </div>
      </div>
    );
  }
  return (
    <div className="flex gap-3">
      <span className="pt-0.5">
        <Avatar
          id={character ? `${author}:${character.id}` : author}
          name={name}
          url={character ? undefined : person?.avatarUrl}
          size="lg"
          isSquare={Boolean(character)}
          onBroken={() => message.user_id && directory.renew(message.user_id)}
        />
      </span>
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <bdi className="max-w-full truncate text-md font-semibold">{name}</bdi>
          {character && <span className="text-xs text-faint"><bdi>{t('message.as', { name: speaker })}</bdi></span>}
          {User.guest && <span className="rounded bg-hover px-1.5 text-2xs font-medium text-faint">{t('guest')}</span>}
          {isOwn && <span className="sr-only">{t('you')}</span>}
          <time dateTime={created_at} title={moment(created_at)} className="text-xs text-faint">{at}</time>
        </p>
        {children}
      </div>
    </div>
  );
}

export function PendingRow({ feed, pending, isHead, onRecompose }: { feed: RoomFeed; pending: Pending; isHead: boolean; onRecompose: (text: string) => void }) {
  const me = useMe();
  const { text, upload, character, state } = pending;
  return (
    <div data-pending={pending.clientOffset} data-state={state} className={`px-3 sm:px-5 ${isHead ? 'pt-2.5 pb-0.5' : 'py-0.5'}`}>
      <div className="flex gap-3">
        <span className="w-9 shrink-0 pt-0.5">
          {isHead && <Avatar id={character ? `${me.id}:${character.id}` : me.id} name={character?.name ?? me.name} url={character ? undefined : me.avatarUrl} size="lg" isSquare={Boolean(character)} />}
        </span>
        <div className="min-w-0 flex-1">
          {isHead && <p><bdi className="text-md font-semibold">{character?.name ?? me.name}</bdi></p>}
          <div className={state === 'sending' ? 'opacity-65' : ''}>
            {text && <Body text={text} me={me.username} />}
            {upload && <UploadCard upload={upload} isFailed={state === 'failed'} onCancel={() => feed.discard(pending.clientOffset)} />}
          </div>
          <Unsent {...{ feed, pending, onRecompose }} />
        </div>
      </div>
    </div>
  );
}

const Divider = ({ children }: { children: string }) => (
  <div className="flex items-center gap-3 px-5 pt-5 pb-2">
    <span className="h-px flex-1 bg-line" />
    <h3 className="text-xs font-medium text-faint">{children}</h3>
    <span className="h-px flex-1 bg-line" />
  </div>
);

const NewLine = () => (
  <div className="flex items-center gap-3 px-5 py-1.5 text-bad" data-new-line="">
    <span className="h-px flex-1 bg-current opacity-40" />
    <h3 className="text-xs font-semibold">{t('messages.new')}</h3>
    <span className="h-px flex-1 bg-current opacity-40" />
  </div>
);
