import { type FormEvent, type ReactNode, useState } from 'react';
import { asRefusal, type Refusal } from '../api/refusal';
import { t } from '../texts';
import { Button } from './Button';
import { Dialog, DialogActions } from './Dialog';
import { Trouble } from './State';

interface Props {
  title: string;
  about?: string;
  action: string;
  isDanger?: boolean;
  width?: 'sm' | 'md';
  onClose: () => void;
  /** Given the fields of the form. It closes when this is done; what it refuses is shown. */
  onDone: (values: Record<string, string>) => Promise<unknown>;
  children?: ReactNode | ((errors: Record<string, string>) => ReactNode);
}

/** Asks once more, or for a few words. */
export function Confirm({ title, about, action, isDanger = false, width, onClose, onDone, children }: Props) {
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>();
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    event.stopPropagation();
    const values = Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>;
    setBusy(true);
    setRefusal(undefined);
    try {
      await onDone(values);
      onClose();
    } catch (error) {
      setRefusal(asRefusal(error));
      setBusy(false);
    }
  }
  const fields = refusal?.fields ?? {};
  const isNamed = typeof children === 'function' && Object.keys(fields).length > 0;
  return (
    <Dialog title={title} onClose={onClose} {...(about && { about })} {...(width && { width })}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        {typeof children === 'function' ? children(fields) : children}
        {!isNamed && <Trouble error={refusal} />}
        <DialogActions>
          <Button kind="ghost" onClick={onClose}>{t('cancel')}</Button>
          <Button kind={isDanger ? 'danger' : 'primary'} type="submit" isBusy={isBusy}>{action}</Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
