import { memo } from 'react';
import { t } from '../texts';
import { moment } from '../texts/formats';
import { isPictures, parts } from './text';

/** The words of a message. */
export const Body = memo(function Body({ text, me, editedAt }: { text: string; me: string; editedAt?: string | null }) {
  return (
    <div dir="auto" className={`wrap-anywhere whitespace-pre-wrap ${isPictures(text) ? 'text-2xl' : 'text-md'}`}>
      {parts(text).map((part, at) => {
        const key = `${at}`;
        switch (part.kind) {
          case 'text':
            return part.text;
          case 'link':
            return (
              <a key={key} href={part.href} target="_blank" rel="noopener noreferrer nofollow" className="text-accent-ink underline decoration-accent/40 underline-offset-2 hover:decoration-current">
                {part.text}
              </a>
            );
          case 'mention': {
            const isMe = part.username.toLowerCase() === me.toLowerCase();
            return <span key={key} className={`rounded px-0.5 font-medium ${isMe ? 'bg-warn-soft text-warn' : 'bg-accent-soft text-accent-ink'}`}>{part.text}</span>;
          }
          case 'code':
            return <code key={key} dir="ltr" className="rounded bg-hover px-1 py-px font-mono text-sm ring-1 ring-line">{part.text}</code>;
          default:
            return <code key={key} dir="ltr" className="my-1 block overflow-x-auto rounded-lg bg-side px-3 py-2 font-mono text-sm whitespace-pre ring-1 ring-line">{part.text}</code>;
        }
      })}
      {editedAt && <span className="ms-1.5 text-xs text-faint not-italic" title={moment(editedAt)}>{t('message.edited')}</span>}
    </div>
  );
});
