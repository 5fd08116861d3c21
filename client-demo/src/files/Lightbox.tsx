import { Download, X } from 'lucide-react';
import { useRef } from 'react';
import type { Held } from '../chat';
import { IconButton } from '../look/Button';
import { Place } from '../look/place';
import { useModal } from '../look/useModal';
import { t } from '../texts';
import { bytes } from '../texts/formats';
import { useLink } from './links';

/** A picture, as large as it goes. */
export function Lightbox({ attachment, onClose }: { attachment: NonNullable<Held['attachment']>; onClose: () => void }) {
  const { id, name, bytes: size } = attachment;
  const link = useLink(id);
  const dialog = useRef<HTMLDialogElement>(null);
  const place = useModal(dialog);
  return (
    <dialog
      ref={dialog}
      aria-label={name}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      className="m-0 h-dvh max-h-none w-screen max-w-none animate-appear bg-transparent p-0 text-white backdrop:animate-appear backdrop:bg-[rgb(10_10_9/0.92)]"
    >
      <Place value={place}>
        <div className="flex h-full flex-col">
          <header className="flex h-14 shrink-0 items-center gap-2 px-4">
            <p className="min-w-0 flex-1 truncate text-base"><bdi>{name}</bdi> <span className="opacity-70">{bytes(size)}</span></p>
            {link && (
              <a href={link.url} download={name} aria-label={t('files.download', { name })} className="grid size-9 place-items-center rounded-md hover:bg-white/15">
                <Download size={18} />
              </a>
            )}
            <IconButton label={t('close')} onClick={onClose} className="size-9! text-white! hover:bg-white/15!"><X size={20} /></IconButton>
          </header>
          {/* biome-ignore lint/a11y/noStaticElementInteractions: Escape and the button close it as well. */}
          {/* biome-ignore lint/a11y/useKeyWithClickEvents: the same. */}
          <div className="grid min-h-0 flex-1 place-items-center p-4 pt-0" onClick={(event) => event.target === event.currentTarget && onClose()}>
            {link && <img src={link.url} alt={name} className="max-h-full max-w-full rounded-lg object-contain" />}
          </div>
        </div>
      </Place>
    </dialog>
  );
}
