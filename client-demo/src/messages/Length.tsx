import { t } from '../texts';

/** From here on it is said how much is left. */
const NEAR = 200;
/** What the server takes, in UTF-16 units as strings count here; 0 or nothing said is no limit that we know. */
const most = () => Number(document.documentElement.dataset.messageChars) || Number.POSITIVE_INFINITY;

export const isTooLong = (text: string) => text.length > most();

/** How much more goes into a message, once that matters. */
export function Length({ text }: { text: string }) {
  const left = most() - text.length;
  const isOver = left < 0;
  return (
    <>
      {left < NEAR && (
        <p className={`px-2 pt-1 pb-0.5 text-end text-xs tabular-nums ${isOver ? 'text-bad' : 'text-faint'}`}>
          {isOver ? t('composer.over', { n: -left, most: most() }) : t('composer.left', { n: left })}
        </p>
      )}
      {/* Said once, and not with each letter. */}
      <span role="status" className="sr-only">{isOver && t('composer.too-long', { most: most() })}</span>
    </>
  );
}
