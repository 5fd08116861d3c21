import { useState } from 'react';
import { asRefusal, type Refusal } from '../api/refusal';

/** Something that is done on the server: under way, refused, or done. */
export function useAction() {
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>();
  const [isDone, setDone] = useState(false);
  const run = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setRefusal(undefined);
    setDone(false);
    try {
      await work();
      setDone(true);
    } catch (error) {
      setRefusal(asRefusal(error));
    }
    setBusy(false);
  };
  return { run, isBusy, refusal, isDone, reset: () => setDone(false) };
}
