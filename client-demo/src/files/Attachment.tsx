import { Download, FileText, ImageOff } from 'lucide-react';
import { useState } from 'react';
import type { Held } from '../chat';
import { t } from '../texts';
import { bytes } from '../texts/formats';
import { Lightbox } from './Lightbox';
import { links, useLink } from './links';

type File = NonNullable<Held['attachment']>;

const [WIDEST, HIGHEST] = [360, 280];

/** As large as it is shown: the page does not jump when the picture comes. */
export function shownSize(width: number, height: number) {
  const scale = Math.min(1, WIDEST / width, HIGHEST / height);
  return { width: Math.max(48, Math.round(width * scale)), height: Math.max(48, Math.round(height * scale)) };
}

export function Attachment({ attachment }: { attachment: File }) {
  const isPicture = attachment.width !== null && attachment.height !== null && attachment.mediaType.startsWith('image/');
  return isPicture ? <Picture attachment={attachment} /> : <FileCard attachment={attachment} />;
}

function Picture({ attachment }: { attachment: File }) {
  const { id, name, width, height } = attachment;
  const link = useLink(id);
  const [tries, setTries] = useState(0);
  const [isOpen, setOpen] = useState(false);
  const size = shownSize(width ?? 1, height ?? 1);
  const isBroken = tries > 1;
  return (
    <>
      <button
        type="button"
        aria-label={t('files.show', { name })}
        onClick={() => setOpen(true)}
        className="mt-1 block max-w-full overflow-hidden rounded-xl bg-hover ring-1 ring-line transition-opacity hover:opacity-95"
        style={{ width: size.width, aspectRatio: `${size.width} / ${size.height}` }}
      >
        {isBroken ? <ImageOff className="m-auto text-faint" /> : link && (
          <img
            src={link.thumbnailUrl ?? link.url}
            alt=""
            loading="lazy"
            className="size-full animate-appear object-cover"
            onError={() => {
              setTries((so) => so + 1);
              if (tries === 0) links.renew(id);
            }}
          />
        )}
      </button>
      {isOpen && <Lightbox attachment={attachment} onClose={() => setOpen(false)} />}
    </>
  );
}

function FileCard({ attachment: { id, name, bytes: size } }: { attachment: File }) {
  const link = useLink(id);
  return (
    <a
      href={link?.url}
      download={name}
      className="mt-1 flex w-80 max-w-full items-center gap-3 rounded-xl border border-line bg-raised p-3 shadow-card transition-colors hover:border-edge hover:bg-hover"
    >
      <span className="grid size-10 shrink-0 place-items-center rounded-lg bg-accent-soft text-accent-ink"><FileText size={20} aria-hidden="true" /></span>
      <span className="sr-only">{t('files.download', { name })}, {bytes(size)}</span>
      <span aria-hidden="true" className="min-w-0 flex-1">
        <span className="block truncate text-base font-medium"><bdi>{name}</bdi></span>
        <span className="block text-xs text-faint">{bytes(size)}</span>
      </span>
      <Download size={16} className="shrink-0 text-faint" aria-hidden="true" />
    </a>
  );
}
