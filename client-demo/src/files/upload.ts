import { Refusal, refusalOf } from '../api/refusal';
import { session } from '../api/session';
import type { Pending } from '../chat';

const FINISHED = 1;
const ended = () => new Refusal('The upload was stopped', 'closed');

/** XMLHttpRequest, since `fetch` tells nothing of what has gone out. Tried again under the same name it is stored once. */
export async function upload(roomId: string, pending: Pending, tell: (progress: number) => void, stopped: AbortSignal): Promise<void> {
  const token = await session.token();
  if (stopped.aborted) throw ended();
  const form = new FormData();
  form.append('clientOffset', pending.clientOffset);
  if (pending.text) form.append('content', pending.text);
  if (pending.character) form.append('characterId', String(pending.character.id));
  form.append('file', pending.upload!.file, pending.upload!.file.name);
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open('POST', `/api/rooms/${roomId}/files`);
    if (token) request.setRequestHeader('Authorization', `Bearer ${token}`);
    request.responseType = 'json';
    request.upload.onprogress = ({ loaded, total, lengthComputable }) => lengthComputable && tell(loaded / total);
    request.onload = () => {
      tell(FINISHED);
      if (request.status < 300) done();
      else failed(refusalOf(request.status, request.response ?? {}));
    };
    request.onabort = () => failed(ended());
    stopped.addEventListener('abort', () => request.abort());
    request.onerror = () => failed(new Refusal('The server cannot be reached', 'unreachable'));
    request.send(form);
  });
}
