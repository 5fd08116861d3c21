import { Upload } from 'lucide-react';
import { type DragEvent, type ReactNode, useRef, useState } from 'react';
import { t } from '../texts';

/** The whole conversation takes what is dropped on it. */
export function DropTarget({ isOn, onFiles, children }: { isOn: boolean; onFiles: (files: File[]) => void; children: ReactNode }) {
  const [isOver, setOver] = useState(false);
  const depth = useRef(0);
  const hasFiles = (event: DragEvent) => isOn && event.dataTransfer.types.includes('Files');
  const count = (event: DragEvent, step: number) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth.current += step;
    setOver(depth.current > 0);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files are also chosen by a button and pasted.
    <div
      className="relative flex min-h-0 flex-1 flex-col"
      onDragEnter={(event) => count(event, 1)}
      onDragLeave={(event) => count(event, -1)}
      onDragOver={(event) => hasFiles(event) && event.preventDefault()}
      onDrop={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        depth.current = 0;
        setOver(false);
        onFiles([...event.dataTransfer.files]);
      }}
    >
      {children}
      {isOver && (
        <div className="pointer-events-none absolute inset-3 z-20 grid animate-appear place-items-center rounded-2xl border-2 border-dashed border-accent bg-accent-soft/90 text-accent-ink">
          <p className="flex items-center gap-2.5 text-lg font-semibold"><Upload size={20} />{t('files.drop')}</p>
        </div>
      )}
    </div>
  );
}
