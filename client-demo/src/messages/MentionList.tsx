import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { Presence } from '../api/shapes';
import { Avatar } from '../look/Avatar';
import { t } from '../texts';
import type { Candidate } from './completion';

export interface Mentionable extends Candidate {
  avatarUrl: string | null;
  status?: Presence;
}

interface Props {
  id: string;
  area: RefObject<HTMLTextAreaElement | null>;
  options: Mentionable[];
  at: number;
  onChoose: (one: Mentionable) => void;
  onTake: (one: Mentionable) => void;
}

export const optionId = (id: string, { username }: Mentionable) => `${id}-${username}`;

/** So much it may need. */
const HIGH = 280;

/** Above the field that it belongs to, or below where there is more place for it. */
export function MentionList({ id, area, options, at, onChoose, onTake }: Props) {
  const active = options[at];
  const wrapper = useRef<HTMLDivElement>(null);
  const [below, setBelow] = useState<number>();
  const isShown = active !== undefined;
  useLayoutEffect(() => {
    const field = area.current?.getBoundingClientRect();
    if (!isShown || !field) return;
    const around = wrapper.current?.closest('[role=log]')?.getBoundingClientRect() ?? { top: 0, bottom: innerHeight };
    const above = field.top - around.top;
    setBelow(above < HIGH && around.bottom - field.bottom > above ? field.height + 4 : undefined);
  }, [area, isShown]);
  useEffect(() => {
    if (active) document.getElementById(optionId(id, active))?.scrollIntoView({ block: 'nearest' });
  }, [id, active]);
  return (
    <div ref={wrapper} className="relative">
      <span role="status" className="sr-only">{active && t('mentions.found', { n: options.length })}</span>
      {active && (
        <div
          id={id}
          role="listbox"
          aria-label={t('mentions')}
          // What is pressed here does not take the focus from the field.
          onMouseDown={(event) => event.preventDefault()}
          style={below === undefined ? { bottom: 12 } : { top: below }}
          className="absolute start-0 z-20 max-h-[40dvh] w-full max-w-sm animate-rise overflow-y-auto overscroll-contain rounded-xl bg-raised p-1.5 shadow-float [--around:var(--raised)]"
        >
          {options.map((one, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys.
            // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the option.
            <div
              key={one.username}
              id={optionId(id, one)}
              role="option"
              aria-selected={index === at}
              onMouseMove={() => onChoose(one)}
              onClick={() => onTake(one)}
              className="flex h-9 cursor-pointer items-center gap-2.5 rounded-lg px-2 select-none aria-selected:bg-hover dark:aria-selected:bg-pressed touch:h-11"
            >
              <Avatar id={one.id ?? one.username} name={one.name} url={one.avatarUrl} size="sm" presence={one.status} />
              <bdi className="min-w-0 truncate text-base font-medium">{one.name}</bdi>
              <span dir="auto" className="min-w-0 truncate text-sm text-soft">@{one.username}</span>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
