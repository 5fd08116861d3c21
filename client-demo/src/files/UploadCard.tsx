import { FileText, X } from 'lucide-react';
import type { Upload } from '../chat';
import { IconButton } from '../look/Button';
import { t } from '../texts';
import { bytes } from '../texts/formats';

/** A file on its way. */
export function UploadCard({ upload: { file, progress, preview }, isFailed, onCancel }: { upload: Upload; isFailed: boolean; onCancel: () => void }) {
  const percent = Math.round(progress * 100);
  return (
    <div className="mt-1 w-72 max-w-full overflow-hidden rounded-xl border border-line bg-raised">
      {preview && <img src={preview} alt="" className="max-h-52 w-full object-cover" />}
      <div className="flex items-center gap-3 p-3">
        {!preview && <FileText size={20} className="shrink-0 text-faint" aria-hidden="true" />}
        <div className="min-w-0 flex-1">
          <p className="truncate text-base font-medium"><bdi>{file.name}</bdi></p>
          <p className="text-xs text-faint">{bytes(file.size)}</p>
        </div>
        {!isFailed && <IconButton label={t('files.cancel', { name: file.name })} size="sm" onClick={onCancel}><X size={16} /></IconButton>}
      </div>
      {!isFailed && (
        <progress aria-label={t('files.progress', { name: file.name })} value={percent} max={100} className="block h-1 w-full appearance-none [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-hover [&::-webkit-progress-value]:bg-accent [&::-webkit-progress-value]:transition-[width]" />
      )}
    </div>
  );
}
