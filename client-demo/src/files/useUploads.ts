import { useCallback } from 'react';
import { newKey } from '../api/http';
import { useChat } from '../chat';

const SHOWN = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

/** Each file becomes a message of its own, and is on its way at once. */
export function useUploads(roomId: string) {
  const chat = useChat();
  return useCallback((files: File[]) => {
    for (const file of files) {
      const preview = SHOWN.includes(file.type) ? URL.createObjectURL(file) : undefined;
      chat.feed(roomId).send({
        clientOffset: newKey(),
        text: '',
        at: Date.now(),
        state: 'sending',
        upload: { file, progress: 0, preview },
      });
    }
  }, [chat, roomId]);
}
