import { Paperclip, SendHorizontal } from 'lucide-react';
import { type ClipboardEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { CharacterChoice, useChosenCharacter } from '../account/CharacterChoice';
import type { RoomRecord } from '../api/shapes';
import { useMe } from '../app/me';
import { type Pending, useTyping } from '../chat';
import { AttachedFiles } from '../files/AttachedFiles';
import type { useAttached } from '../files/useAttached';
import { IconButton } from '../look/Button';
import { t } from '../texts';
import { number } from '../texts/formats';
import { readDraft, writeDraft } from './drafts';
import { grow } from './grow';
import { isTooLong, Length } from './Length';
import { useMentions } from './useMentions';

interface Props {
  room: RoomRecord;
  /** What could not be sent, to be written anew. */
  again: { text: string } | undefined;
  onTaken: () => void;
  onSend: (text: string, character: Pending['character']) => void;
  /** Slow mode: until the next message may go. */
  secondsLeft: number;
  /** Where files may be sent. */
  attached?: ReturnType<typeof useAttached>;
}

const fine = matchMedia('(pointer: fine)');

export function Composer({ room, again, onTaken, onSend, secondsLeft, attached }: Props) {
  const me = useMe();
  const typing = useTyping(room.id);
  const [text, setText] = useState(() => readDraft(me.id, room.id));
  const { character, choose } = useChosenCharacter(room.id);
  const area = useRef<HTMLTextAreaElement>(null);
  const mentions = useMentions(room, area, text);

  useEffect(() => {
    if (fine.matches) area.current?.focus({ preventScroll: true });
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each text has its height.
  useEffect(() => grow(area.current), [text]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is taken once.
  useEffect(() => {
    if (!again) return;
    change([again.text, text].filter((one) => one.trim()).join('\n'));
    area.current?.focus();
    onTaken();
  }, [again]);
  useEffect(() => () => typing.stopped(), [typing]);
  const count = attached?.files.length ?? 0;
  const canSend = (Boolean(text.trim()) || count > 0) && secondsLeft === 0 && !isTooLong(text);
  useEffect(() => {
    if (count > 0) area.current?.focus({ preventScroll: true });
  }, [count]);

  function change(next: string) {
    setText(next);
    writeDraft(me.id, room.id, next);
    if (next.trim()) typing.typed();
    else typing.stopped();
  }
  function send() {
    if (!canSend) return;
    onSend(text, character);
    setText('');
    writeDraft(me.id, room.id, '');
    area.current?.focus();
  }
  function onKeyDown(event: KeyboardEvent) {
    // Who writes with an input method ends a word by Enter.
    if (event.nativeEvent.isComposing || mentions.takesKey(event)) return;
    if (event.key === 'Enter' && !event.shiftKey && fine.matches) {
      event.preventDefault();
      send();
    } else if (event.key === 'ArrowUp' && text === '') {
      event.preventDefault();
      dispatchEvent(new Event('chat:edit-last'));
    }
  }
  function onPaste(event: ClipboardEvent) {
    const files = [...event.clipboardData.files];
    if (files.length === 0 || !attached) return;
    event.preventDefault();
    attached.attach(files);
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      className="rounded-xl border border-edge bg-raised p-1.5 shadow-card transition-[border-color,box-shadow] focus-within:border-accent focus-within:ring-3 focus-within:ring-accent/15"
    >
      {mentions.list}
      {attached && <AttachedFiles attached={attached} onRemoved={() => area.current?.focus()} />}
      <div className="flex items-end gap-1">
        {attached && <Attach onFiles={attached.attach} />}
        {!me.isGuest && <CharacterChoice character={character} onChoose={choose} />}
        <textarea
          ref={area}
          data-composer=""
          {...mentions.field}
          dir="auto"
          rows={1}
          value={text}
          aria-label={t('composer.label', { room: room.name })}
          placeholder={character ? t('composer.as', { name: character.name }) : t(room.kind === 'direct' ? 'composer.to' : 'composer.in', { room: room.name })}
          onChange={(event) => change(event.target.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
          onBlur={() => typing.stopped()}
          className="max-h-48 min-w-0 flex-1 resize-none bg-transparent px-2 placeholder:truncate py-1.75 text-md outline-none touch:text-[16px]"
        />
        <button
          type="submit"
          aria-label={secondsLeft > 0 ? t('composer.slow', { n: secondsLeft }) : t('send')}
          disabled={!canSend}
          className="grid size-9 shrink-0 place-items-center rounded-lg bg-accent text-white transition-colors hover:bg-accent-strong disabled:bg-transparent disabled:text-faint touch:size-10"
        >
          {secondsLeft > 0 ? <span className="text-sm font-medium tabular-nums">{number(secondsLeft)}</span>
            : <SendHorizontal size={17} className="rtl:-scale-x-100" />}
        </button>
      </div>
      <Length text={text} />
    </form>
  );
}

function Attach({ onFiles }: { onFiles: (files: File[]) => void }) {
  const picker = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton label={t('files.attach')} side="top" onClick={() => picker.current?.click()} className="size-9!"><Paperclip size={18} /></IconButton>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        aria-label={t('files.attach')}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = '';
        }}
      />
    </>
  );
}
