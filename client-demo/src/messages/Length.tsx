import { mostMessageChars } from '../app/settings';
import { t } from '../texts';

/** From here on it is said how much is left. */
const NEAR = 200;

export const isTooLong = (text: string) => text.length > mostMessageChars();

/** How much more goes into a message, once that matters. */
export function Length({ text }: { text: string }) {
  const left = mostMessageChars() - text.length;
  const isOver = left < 0;
  return (
    <>
      {left < NEAR && (
        <p className={`px-2 pt-1 pb-0.5 text-end text-xs tabular-nums ${isOver ? 'text-bad' : 'text-faint'}`}>
          {isOver ? t('composer.over', { n: -left, most: mostMessageChars() }) : t('composer.left', { n: left })}
        </p>
      )}
      {/* Said once, and not with each letter. */}
      <span role="status" className="sr-only">{isOver && t('composer.too-long', { most: mostMessageChars() })}</span>
    </>
  );
}
