import type { ChatError } from 'chat-client';
import type { Pending } from './feed';
import type { Observable } from './observable';

export type UploadFile = (pending: Pending, tell: (progress: number) => void, stopped: AbortSignal) => Promise<unknown>;

type Line = Observable & { status: string };

/** The socket may learn later than the upload that the line is cut. */
const LATER = 1_000;
/** Whoever is to come back within this does; beyond it a person decides. */
const MOST_PATIENCE = 60_000;

/**
 * One file of a room after another, so that they come in the order in which they were sent; each over as many
 * connections as it takes. While the connection stands, a server that cannot be reached refuses this file.
 */
export function inOrder(upload: UploadFile, line: Line, later = LATER): UploadFile {
  let last: Promise<unknown> = Promise.resolve();

  async function send(...[pending, tell, stopped]: Parameters<UploadFile>) {
    while (!stopped.aborted) {
      const cut = watchForCut(line);
      try {
        return await upload(pending, tell, stopped);
      } catch (error) {
        if (stopped.aborted) return;
        const { code, retryIn = Number.POSITIVE_INFINITY } = error as ChatError;
        const isEarly = retryIn <= MOST_PATIENCE;
        await pause(isEarly ? retryIn : later);
        if (!isEarly && !(code === 'unreachable' && cut.happened)) throw error;
        tell(0);
        await online(line);
      } finally {
        cut.forget();
      }
    }
  }
  return (...sent) => {
    const answer = last.then(() => send(...sent));
    last = answer.catch(() => {});
    return answer;
  };
}

const pause = (milliseconds: number) => new Promise((go) => setTimeout(go, milliseconds));
const isCut = ({ status }: Line) => status === 'offline' || status === 'connecting';

/** It may be mended again before anybody looks. */
function watchForCut(line: Line) {
  const cut = { happened: isCut(line), forget: () => {} };
  cut.forget = line.subscribe(() => {
    cut.happened ||= isCut(line);
  });
  return cut;
}

const online = (line: Line) =>
  new Promise<void>((go) => {
    const look = () => {
      if (line.status !== 'online') return;
      stop();
      go();
    };
    const stop = line.subscribe(look);
    look();
  });
