import { useState } from 'react';
import { newKey } from '../api/http';
import { MOST_UPLOAD_BYTES } from '../app/settings';
import type { RoomFeed, Upload } from '../chat';
import { t } from '../texts';
import { bytes } from '../texts/formats';

const SHOWN = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];
const MOST_AT_ONCE = 10;

export interface Attached extends Upload {
  key: string;
}

/** What was chosen and not sent: who looks into another room finds it again. */
const kept = new WeakMap<RoomFeed, Attached[]>();

/** Files that go with the next message. */
export function useAttached(feed: RoomFeed) {
  const [files, setFiles] = useState(() => kept.get(feed) ?? []);
  const [refused, setRefused] = useState<string[]>([]);
  const hold = (next: Attached[], why: string[] = []) => {
    kept.set(feed, next);
    setFiles(next);
    setRefused(why);
  };
  return {
    files,
    refused,
    attach(chosen: File[]) {
      const tooLarge = chosen.filter(({ size }) => size > MOST_UPLOAD_BYTES);
      const fitting = chosen.filter((file) => !tooLarge.includes(file));
      const room = MOST_AT_ONCE - files.length;
      const why = tooLarge.map(({ name, size }) => t('files.too-large', { name, size: bytes(size), most: bytes(MOST_UPLOAD_BYTES) }));
      if (fitting.length > room) why.push(t('files.too-many', { n: MOST_AT_ONCE }));
      hold([...files, ...fitting.slice(0, room).map(attached)], why);
    },
    remove(key: string) {
      const gone = files.find((one) => one.key === key);
      if (gone?.preview) URL.revokeObjectURL(gone.preview);
      hold(files.filter((one) => one !== gone));
    },
    /** They are somebody else's from here on. */
    take(): Upload[] {
      hold([]);
      return files;
    },
  };
}

const attached = (file: File): Attached => ({
  key: newKey(),
  file,
  progress: 0,
  preview: SHOWN.includes(file.type) ? URL.createObjectURL(file) : undefined,
});
