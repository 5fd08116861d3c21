import { Hash, Lock } from 'lucide-react';
import { t } from '../texts';

const KINDS = [['public', Hash], ['private', Lock]] as const;

export function KindChoice() {
  return (
    <fieldset className="grid gap-2 sm:grid-cols-2">
      <legend className="mb-1.5 text-sm font-medium">{t('room.kind')}</legend>
      {KINDS.map(([kind, Icon], at) => (
        <label key={kind} className="flex cursor-pointer items-start gap-2.5 rounded-lg border border-edge p-3 transition-colors hover:bg-hover has-checked:border-accent has-checked:bg-accent-soft has-focus-visible:outline-2 has-focus-visible:outline-accent-ink">
          <input type="radio" name="kind" value={kind} defaultChecked={at === 0} className="sr-only" />
          <Icon size={16} className="mt-0.5 shrink-0 text-soft" aria-hidden="true" />
          <span>
            <span className="block text-base font-medium">{t(`room.kind.${kind}`)}</span>
            <span className="block text-sm text-soft">{t(`room.kind.${kind}.about`)}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
