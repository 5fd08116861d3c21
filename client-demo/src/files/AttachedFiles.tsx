import { FileText, X } from 'lucide-react';
import { useState } from 'react';
import { Trouble } from '../look/State';
import { t } from '../texts';
import { bytes } from '../texts/formats';
import type { Attached, useAttached } from './useAttached';

/** What goes with the next message, above the field where its words are written. */
export function AttachedFiles({ attached: { files, refused, remove }, onRemoved }: { attached: ReturnType<typeof useAttached>; onRemoved: () => void }) {
  return (
    <>
      {refused.map((why) => <Trouble key={why} error={new Error(why)} className="mb-1.5" />)}
      {files.length > 0 && (
        <ul aria-label={t('files.attached')} className="flex max-h-48 flex-wrap gap-2.5 overflow-y-auto px-1 pt-2 pb-2.5">
          {files.map((one) => (
            <li key={one.key} className="relative">
              <Card attached={one} />
              <button
                type="button"
                aria-label={t('files.remove', { name: one.file.name })}
                onClick={() => {
                  remove(one.key);
                  onRemoved();
                }}
                className="absolute -end-1.5 -top-1.5 grid size-5.5 place-items-center rounded-full bg-ink text-canvas shadow-card transition-transform hover:scale-110 touch:size-7"
              >
                <X size={13} strokeWidth={2.5} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Card({ attached: { file, preview } }: { attached: Attached }) {
  const [isBroken, setBroken] = useState(false);
  if (preview && !isBroken) {
    return <img src={preview} alt={file.name} title={file.name} onError={() => setBroken(true)} className="size-16 rounded-lg object-cover ring-1 ring-line" />;
  }
  return (
    <div className="flex h-16 w-52 max-w-full items-center gap-2.5 rounded-lg border border-line bg-side px-3">
      <FileText size={20} className="shrink-0 text-faint" aria-hidden="true" />
      <div className="min-w-0">
        <p className="truncate text-sm font-medium"><bdi>{file.name}</bdi></p>
        <p className="text-xs text-faint">{bytes(file.size)}</p>
      </div>
    </div>
  );
}
