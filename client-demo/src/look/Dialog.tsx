import { X } from 'lucide-react';
import { type ReactNode, useId, useRef } from 'react';
import { t } from '../texts';
import { IconButton } from './Button';
import { Place } from './place';
import { useModal } from './useModal';

interface Props {
  title: string;
  about?: string;
  onClose: () => void;
  children: ReactNode;
  width?: 'sm' | 'md';
  /** Stands above what is scrolled. */
  tabs?: ReactNode;
  /** As high whatever is in it, so that it does not jump under the hand. */
  isTall?: boolean;
}

/** The browser's own: it keeps the focus, gives it back, closes by Escape, and lies above all else. */
export function Dialog({ title, about, onClose, children, width = 'sm', tabs, isTall = false }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const place = useModal(ref);
  const name = useId();
  return (
    <dialog
      ref={ref}
      aria-labelledby={name}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => event.target === ref.current && onClose()}
      className={`m-auto w-[calc(100vw-2rem)] animate-rise rounded-2xl bg-raised p-0 text-ink shadow-float backdrop:animate-appear
        backdrop:bg-scrim ${width === 'sm' ? 'max-w-md' : 'max-w-lg'}`}
    >
      <Place value={place}>
        <div className={`flex flex-col ${isTall ? 'h-[min(35rem,80dvh)]' : 'max-h-[calc(100dvh-4rem)]'}`}>
          <header className="flex items-start gap-3 px-6 pt-5 pb-1">
            <div className="min-w-0 flex-1">
              <h2 id={name} className="text-lg wrap-anywhere font-semibold tracking-tight">{title}</h2>
              {about && <p className="mt-1 text-base wrap-anywhere text-soft">{about}</p>}
            </div>
            <IconButton label={t('close')} onClick={onClose} className="-me-2"><X size={18} /></IconButton>
          </header>
          {tabs}
          <div className="min-h-0 flex-1 overflow-y-auto px-6 pt-3 pb-6">{children}</div>
        </div>
      </Place>
    </dialog>
  );
}

export const DialogActions = ({ children }: { children: ReactNode }) => (
  <div className="mt-6 flex flex-wrap justify-end gap-2">{children}</div>
);
