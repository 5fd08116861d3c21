import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes, useId } from 'react';

interface Around {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  isLabelHidden?: boolean;
}

const INPUT = `w-full rounded-lg border border-edge bg-canvas text-base text-ink shadow-card transition-[border-color,box-shadow]
  duration-100 hover:border-faint focus:border-accent focus:outline-none focus:ring-3 focus:ring-accent/20
  aria-invalid:border-bad aria-invalid:focus:ring-bad/20 disabled:opacity-60`;

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
  return (
    <Framed {...{ id, label, hint, error, isLabelHidden }}>
      <input id={id} dir="auto" {...rest} {...described(id, { hint, error })} className={`h-10 px-3 ${INPUT}`} />
    </Framed>
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
