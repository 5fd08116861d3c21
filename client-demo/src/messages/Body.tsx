// biome-ignore-all lint/suspicious/noArrayIndexKey: a text that is another one is cut anew.
import { Fragment, memo } from 'react';
import { useSelected } from '../chat';
import { useDirectory } from '../people/directory';
import { t } from '../texts';
import { moment } from '../texts/formats';
import { type Inline, isPictures, type Part, parts } from './text';

/** The words of a message. */
export const Body = memo(function Body({ text, me, editedAt }: { text: string; me: string; editedAt?: string | null }) {
  return (
    <div dir="auto" className={`wrap-anywhere whitespace-pre-wrap ${isPictures(text) ? 'text-2xl' : 'text-md'}`}>
      {parts(text).map((part, at) => <Block key={at} part={part} me={me} />)}
      {editedAt && <span className="ms-1.5 text-xs text-faint not-italic" title={moment(editedAt)}>{t('message.edited')}</span>}
    </div>
  );
});

/** At the page's side, and inside from the text's own: an English list stays one on an Arabic page. */
const SET = 'inline-block max-w-full text-start align-top';

function Block({ part, me }: { part: Part; me: string }) {
  switch (part.kind) {
    case 'block':
      return (
        <code dir="ltr" className="my-1 block overflow-x-auto rounded-lg bg-side px-3 py-2 text-start font-mono text-sm whitespace-pre ring-1 ring-line">
          {part.language && <span className="mb-1 block font-sans text-2xs text-faint select-none">{part.language}</span>}
          {part.text}
        </code>
      );
    case 'quote':
      return (
        <div className="my-1">
          <blockquote className={`${SET} border-s-3 border-edge ps-3 text-soft`}>
            {part.lines.map((line, at) => <Fragment key={at}>{at > 0 && '\n'}<Words parts={line} me={me} /></Fragment>)}
          </blockquote>
        </div>
      );
    case 'list':
      return (
        <div className="my-1">
          <ul className={`${SET} list-['–__'] ps-4.5`}>
            {part.lines.map((line, at) => <li key={at}><Words parts={line} me={me} /></li>)}
          </ul>
        </div>
      );
    default:
      return <Word part={part} me={me} />;
  }
}

const Words = ({ parts: words, me }: { parts: Inline[]; me: string }) => words.map((part, at) => <Word key={at} part={part} me={me} />);

function Word({ part, me }: { part: Inline; me: string }) {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'link':
      return (
        <a href={part.href} target="_blank" rel="noopener noreferrer nofollow" className="text-accent-ink underline decoration-accent/40 underline-offset-2 hover:decoration-current">
          {part.text}
        </a>
      );
    case 'mention':
      return <Mention text={part.text} username={part.username} me={me} />;
    case 'code':
      return <code dir="ltr" className="rounded bg-hover px-1 py-px font-mono text-sm ring-1 ring-line">{part.text}</code>;
    case 'bold':
      return <strong className="font-semibold"><Words parts={part.inside} me={me} /></strong>;
    case 'italic':
      return <em><Words parts={part.inside} me={me} /></em>;
    case 'struck':
      return <del className="text-soft"><Words parts={part.inside} me={me} /></del>;
  }
}

/** The text alone does not tell whether there is somebody of that name: who is not known here stays text. */
function Mention({ text, username, me }: { text: string; username: string; me: string }) {
  const isMe = username.toLowerCase() === me.toLowerCase();
  const isKnown = useSelected(useDirectory(), (directory) => directory.knows(username));
  if (!isMe && !isKnown) return text;
  return <bdi className={`rounded px-0.5 font-medium ${isMe ? 'bg-warn-soft text-warn' : 'bg-accent-soft text-accent-ink'}`}>{text}</bdi>;
}
