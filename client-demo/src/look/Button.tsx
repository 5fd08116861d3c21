import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import { Spinner } from './Spinner';
import { Tip } from './Tip';

const KINDS = {
  primary: 'bg-accent text-white hover:bg-accent-strong shadow-card',
  quiet: 'bg-raised text-ink border border-edge hover:bg-hover shadow-card',
  ghost: 'text-soft hover:bg-hover hover:text-ink',
  danger: 'bg-bad-fill text-white hover:opacity-90 shadow-card',
  link: 'text-accent-ink hover:underline underline-offset-2 px-0! h-auto!',
} as const;

const SIZES = {
  sm: 'h-7 px-2.5 text-sm touch:h-9',
  md: 'h-9 px-3.5 text-base touch:h-10',
  lg: 'h-11 px-4 text-md',
} as const;

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: keyof typeof KINDS;
  size?: keyof typeof SIZES;
  isBusy?: boolean;
  icon?: ReactNode;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ kind = 'quiet', size = 'md', isBusy = false, icon, children, className = '', ...rest }: Props) {
  return (
    <button
      type="button"
      aria-busy={isBusy || undefined}
      {...rest}
      disabled={rest.disabled || isBusy}
      className={`inline-flex shrink-0 items-center justify-center gap-2 rounded-lg font-medium whitespace-nowrap transition-colors
        duration-100 disabled:opacity-55 ${KINDS[kind]} ${SIZES[size]} ${className}`}
    >
      {isBusy ? <Spinner /> : icon}
      {children}
    </button>
  );
}

interface IconProps extends Omit<Props, 'icon' | 'kind' | 'size' | 'children'> {
  label: string;
  children: ReactNode;
  size?: 'sm' | 'md';
  isOn?: boolean;
  side?: 'top' | 'bottom' | 'left' | 'right';
}

/** A picture alone: its name is told to who cannot see it, and shown to who waits. */
export function IconButton({ label, children, size = 'md', isOn = false, side = 'bottom', className = '', ...rest }: IconProps) {
  const extent = size === 'sm' ? 'size-7 touch:size-9' : 'size-8 touch:size-10';
  return (
    <Tip text={label} side={side}>
      <button
        type="button"
        aria-label={label}
        {...rest}
        className={`inline-grid shrink-0 place-items-center rounded-md transition-colors duration-100 disabled:opacity-45 ${extent}
          ${isOn ? 'bg-pressed text-ink' : 'text-soft hover:bg-hover hover:text-ink'} ${className}`}
      >
        {children}
      </button>
    </Tip>
  );
}
