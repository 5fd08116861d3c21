import type { ChatError } from 'chat-client';
import type { Pending } from './feed';
import type { Observable } from './observable';

export type UploadFile = (pending: Pending, tell: (progress: number) => void, stopped: AbortSignal) => Promise<unknown>;

/** The socket may learn later than the upload that the line is cut. */
const LATER = 1_000;

/**
 * One file of a room after another, so that they come in the order in which they were sent; each over as many
 * connections as it takes. While the connection stands, a server that cannot be reached refuses this file.
 */
export function inOrder(upload: UploadFile, connection: Observable & { status: string }, later = LATER): UploadFile {
  let last: Promise<unknown> = Promise.resolve();

  async function send(...[pending, tell, stopped]: Parameters<UploadFile>) {
    while (!stopped.aborted) {
      try {
        return await upload(pending, tell, stopped);
      } catch (error) {
        if (stopped.aborted) return;
        await new Promise((go) => setTimeout(go, later));
        if ((error as ChatError).code !== 'unreachable' || connection.status === 'online') throw error;
        tell(0);
        await online(connection);
      }
    }
  }
  return (...sent) => {
    const answer = last.then(() => send(...sent));
    last = answer.catch(() => {});
    return answer;
  };
}

const online = (connection: Observable & { status: string }) =>
  new Promise<void>((go) => {
    const look = () => {
      if (connection.status !== 'online') return;
      stop();
      go();
    };
    const stop = connection.subscribe(look);
  });
