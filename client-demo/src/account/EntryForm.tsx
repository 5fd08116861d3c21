import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { asRefusal, Refusal } from '../api/refusal';
import { Button } from '../look/Button';
import { Trouble } from '../look/State';
import { t } from '../texts';
import { type Faults, takenFaults } from './checks';

interface Props {
  title: string;
  about: string;
  action: string;
  check?: (values: Record<string, string>) => Faults;
  send: (values: Record<string, string>) => Promise<void>;
  children: (errors: Record<string, string>) => ReactNode;
}

const refusalOf = (faults: Faults) =>
  new Refusal('', 'invalid_fields', 0, Object.fromEntries(Object.entries(faults).map(([field, fault]) => [field, t(fault)])));

/** A form that is sent once at a time, and says what was wrong beside the field that it concerns: in our words, not in the browser's. */
export function EntryForm({ title, about, action, check, send, children }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal>();
  const [tries, setTries] = useState(0);
  const refuse = (refused: Refusal) => {
    setRefusal(refused);
    setTries((so) => so + 1);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: each time that something is refused, and only then.
  useEffect(() => {
    form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [tries]);
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>;
    const faults = check?.(values) ?? {};
    if (Object.keys(faults).length > 0) return refuse(refusalOf(faults));
    setBusy(true);
    setRefusal(undefined);
    await send(values).catch((error) => {
      const refused = asRefusal(error);
      const taken = takenFaults(refused);
      refuse(taken ? refusalOf(taken) : refused);
      setBusy(false);
    });
  }
  const fields = refusal?.fields ?? {};
  /** What somebody is about to mend is not held against them any longer. */
  const mend = (event: FormEvent<HTMLFormElement>) => {
    const { name } = event.target as HTMLInputElement;
    if (refusal && (name in fields || Object.keys(fields).length === 0)) setRefusal(refusal.without(name));
  };
  return (
    <form ref={form} noValidate onSubmit={submit} onInput={mend} className="flex flex-col gap-4" aria-label={title}>
      <div className="mb-2">
        <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
        <p className="mt-1 text-md text-soft">{about}</p>
      </div>
      {children(fields)}
      {refusal && Object.keys(fields).length === 0 && <Trouble error={refusal} />}
      <Button kind="primary" size="lg" type="submit" isBusy={isBusy} className="mt-1 w-full">{action}</Button>
    </form>
  );
}
