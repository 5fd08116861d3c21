import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { asRefusal, type Refusal } from '../api/refusal';
import type { RoomRecord } from '../api/shapes';
import { type Held, useChat } from '../chat';
import { Button } from '../look/Button';
import { Trouble } from '../look/State';
import { t } from '../texts';
import type { Focus } from './focus';
import { grow } from './grow';
import { isTooLong, Length } from './Length';
import { useMentions } from './useMentions';

/** Changes a message where it stands. */
export function Editor({ room, message, focus }: { room: RoomRecord; message: Held; focus: Focus }) {
  const feed = useChat().feed(message.room_id);
  const [text, setText] = useState(focus.draft ?? message.message);
  const [refusal, setRefusal] = useState<Refusal>();
  const [isBusy, setBusy] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const mentions = useMentions(room, area, text);
  const canSave = Boolean(text.trim()) && !isTooLong(text);
  useEffect(() => {
    const field = area.current;
    field?.focus({ preventScroll: true });
    field?.setSelectionRange(field.value.length, field.value.length);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each text has its height.
  useEffect(() => grow(area.current), [text]);
  async function save() {
    if (!canSave) return;
    if (text === message.message) return done();
    setBusy(true);
    try {
      await feed.edit(message.id, text);
      done();
    } catch (error) {
      setRefusal(asRefusal(error));
      setBusy(false);
    }
  }
  function done() {
    focus.stopEditing(message.id);
    document.querySelector<HTMLElement>('[data-composer]')?.focus();
  }
  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing || mentions.takesKey(event)) return;
    if (event.key === 'Escape') done();
    else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      save();
    }
  }
  return (
    <div className="my-1">
      {mentions.list}
      <textarea
        ref={area}
        {...mentions.field}
        dir="auto"
        rows={1}
        aria-label={t('message.edit')}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          focus.draft = event.target.value;
        }}
        onKeyDown={onKeyDown}
        className="block max-h-60 w-full resize-none rounded-lg border border-accent bg-canvas px-3 py-2 text-md outline-none ring-3 ring-accent/20"
      />
      <Length text={text} />
      <Trouble error={refusal} className="mt-2" />
      <div className="mt-2 flex items-center gap-2 text-xs text-faint">
        <Button kind="primary" size="sm" isBusy={isBusy} disabled={!canSave} onClick={save}>{t('save')}</Button>
        <Button kind="ghost" size="sm" onClick={done}>{t('cancel')}</Button>
        <span className="hidden sm:inline">{t('message.edit.keys')}</span>
      </div>
    </div>
  );
}
