import { memo, useState } from 'react';
import type { Presence } from '../api/shapes';
import { t } from '../texts';

const SIZES = { xs: 'size-5 text-[9px]', sm: 'size-6 text-[10px]', md: 'size-8 text-xs', lg: 'size-9 text-sm', xl: 'size-20 text-xl' } as const;
const TINTS = 8;

/** The first letters of the first and the last word. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined];
  const first = letters.map((word) => [...(word ?? '').replace(/^[^\p{L}\p{N}]+/u, '')][0] ?? '').join('');
  return first.toLocaleUpperCase() || '?';
}

/** The same for the same person, always. */
export function tint(id: string): string {
  let sum = 0x811c9dc5;
  for (const letter of id) sum = Math.imul(sum ^ letter.charCodeAt(0), 0x01000193);
  sum = Math.imul(sum ^ (sum >>> 16), 0x45d9f3b);
  return `tint-${((sum ^ (sum >>> 16)) >>> 0) % TINTS}`;
}

interface Props {
  id: string;
  name: string;
  url?: string | null | undefined;
  size?: keyof typeof SIZES;
  presence?: Presence | undefined;
  isSquare?: boolean;
  onBroken?: () => void;
}

/** Beside a name: so it says nothing itself but how somebody is. */
export const Avatar = memo(function Avatar({ id, name, url, size = 'md', presence, isSquare = false, onBroken }: Props) {
  const [broken, setBroken] = useState<string>();
  const isShown = url && url !== broken;
  const round = isSquare ? 'rounded-lg' : 'rounded-full';
  return (
    <span className={`relative inline-grid shrink-0 ${SIZES[size]}`}>
      {isShown ? (
        <img
          src={url}
          alt=""
          className={`size-full object-cover ${round}`}
          onError={() => {
            setBroken(url);
            onBroken?.();
          }}
        />
      ) : (
        <span aria-hidden="true" className={`grid size-full place-items-center font-semibold select-none ${round} ${tint(id)}`}>
          {initials(name)}
        </span>
      )}
      {presence && presence !== 'offline' && <Dot presence={presence} />}
    </span>
  );
});

const Dot = ({ presence }: { presence: 'online' | 'away' }) => (
  <span
    role="img"
    aria-label={t(presence === 'online' ? 'presence.online' : 'presence.away')}
    className={`absolute -end-0.5 -bottom-0.5 size-2.5 rounded-full ring-2 ring-(--around,var(--canvas))
      ${presence === 'online' ? 'bg-online' : 'bg-away'}`}
  />
);
