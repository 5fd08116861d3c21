import { useTyping } from '../chat';
import { useBlocked } from '../people/useBlocked';
import { typingText } from './typing';

export function TypingLine({ roomId }: { roomId: string }) {
  const { typists } = useTyping(roomId);
  const blocked = useBlocked();
  const text = typingText(typists.filter(({ id }) => !blocked.has(id)).map(({ name }) => name));
  return (
    <div className="flex h-5 items-end gap-1.5 px-1 text-xs text-soft">
      {text && (
        <>
          <span aria-hidden="true" className="flex gap-0.5 pb-1.5">
            {['', '[animation-delay:150ms]', '[animation-delay:300ms]'].map((delay) => (
              <span key={delay} className={`size-1 animate-bob rounded-full bg-faint ${delay}`} />
            ))}
          </span>
          <span dir="auto" className="truncate">{text}</span>
        </>
      )}
    </div>
  );
}
