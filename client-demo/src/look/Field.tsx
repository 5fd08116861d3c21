import { Eye, EyeOff, Search as Magnifier } from 'lucide-react';
import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes, useId, useState } from 'react';
import { t } from '../texts';
import { IconButton } from './Button';

interface Around {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  isLabelHidden?: boolean;
}

const INPUT = `w-full rounded-lg border border-edge bg-canvas text-base text-ink shadow-card transition-[border-color,box-shadow]
  duration-100 hover:border-faint focus:border-accent focus:outline-none focus:ring-3 focus:ring-accent/20
  aria-invalid:border-bad aria-invalid:focus:ring-bad/20 disabled:opacity-60`;

/** The same around an input that is not alone. */
const FRAME = `flex h-10 items-center rounded-lg border border-edge bg-canvas shadow-card transition-[border-color,box-shadow] duration-100
  hover:border-faint has-[input:focus]:border-accent has-[input:focus]:ring-3 has-[input:focus]:ring-accent/20
  has-aria-invalid:border-bad has-aria-invalid:has-[input:focus]:ring-bad/20`;
const BARE = 'h-full min-w-0 flex-1 bg-transparent text-base text-ink outline-none';

function Framed({ id, label, hint, error, isLabelHidden, children }: Around & { id: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className={isLabelHidden ? 'sr-only' : 'text-sm font-medium text-ink'}>{label}</label>
      {children}
      {error && <p id={`${id}-error`} role="alert" className="text-sm text-bad">{error}</p>}
      {!error && hint && <p id={`${id}-hint`} className="text-sm text-faint">{hint}</p>}
    </div>
  );
}

const described = (id: string, { hint, error }: Pick<Around, 'hint' | 'error'>) => ({
  'aria-invalid': error ? true : undefined,
  'aria-describedby': error ? `${id}-error` : hint ? `${id}-hint` : undefined,
});

export function Field({ label, hint, error, isLabelHidden = false, ...rest }: Around & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  const input = { id, dir: 'auto', ...rest, ...described(id, { hint, error }) };
  return (
    <Framed {...{ id, label, hint, error, isLabelHidden }}>
      {rest.type === 'password' ? <Secret {...input} /> : <input {...input} className={`h-10 px-3 ${INPUT}`} />}
    </Framed>
  );
}

function Secret(input: InputHTMLAttributes<HTMLInputElement>) {
  const [isShown, setShown] = useState(false);
  const Icon = isShown ? EyeOff : Eye;
  return (
    <div className={`${FRAME} pe-1`}>
      <input {...input} type={isShown ? 'text' : 'password'} autoCapitalize="none" autoCorrect="off" spellCheck={false} className={`ps-3 ${BARE}`} />
      <IconButton label={t('password.show')} aria-pressed={isShown} onClick={() => setShown(!isShown)}><Icon size={17} /></IconButton>
    </div>
  );
}

/** Of a list below it, which changes as one types. */
export function Search({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <label className={`mb-5 gap-2.5 px-3 ${FRAME}`}>
      <Magnifier size={16} className="shrink-0 text-faint" aria-hidden="true" />
      <span className="sr-only">{label}</span>
      <input dir="auto" value={value} onChange={(event) => onChange(event.target.value)} placeholder={label} className={BARE} />
    </label>
  );
}

export function Area({ label, hint, error, isLabelHidden = false, ...rest }: Around & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  return (
    <Framed {...{ id, label, hint, error, isLabelHidden }}>
      <textarea id={id} dir="auto" rows={3} {...rest} {...described(id, { hint, error })} className={`resize-y px-3 py-2 ${INPUT}`} />
    </Framed>
  );
}

export function Choice({ label, hint, error, isLabelHidden = false, ...rest }: Around & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId();
  return (
    <Framed {...{ id, label, hint, error, isLabelHidden }}>
      <select id={id} {...rest} {...described(id, { hint, error })} className={`h-10 px-2.5 ${INPUT}`} />
    </Framed>
  );
}
