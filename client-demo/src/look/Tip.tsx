import * as Tooltip from '@radix-ui/react-tooltip';
import type { FocusEvent, ReactNode } from 'react';
import { usePlace } from './place';

export const Tips = ({ children }: { children: ReactNode }) => (
  <Tooltip.Provider delayDuration={500} skipDelayDuration={200}>{children}</Tooltip.Provider>
);

/** Whether the focus goes from one to the next by keys just now; else a script put it there, as when a dialog opens. */
let isTabbing = false;
for (const event of ['keydown', 'keyup', 'pointerdown'] as const) {
  addEventListener(event, (happened) => {
    isTabbing = event === 'keydown' && (happened as KeyboardEvent).key === 'Tab';
  }, true);
}

/** What Radix is not told of opens no tip. */
const onFocus = (event: FocusEvent) => {
  if (!isTabbing) event.preventDefault();
};

interface Props {
  text: string;
  children: ReactNode;
  side?: 'top' | 'bottom' | 'left' | 'right';
}

export function Tip({ text, children, side = 'bottom' }: Props) {
  const place = usePlace();
  // A tip takes Escape for itself, though nobody opened it: the dialog that it is in is told what was meant.
  const onEscapeKeyDown = () => {
    if (place instanceof HTMLDialogElement) place.dispatchEvent(new Event('cancel', { cancelable: true }));
  };
  return (
    <Tooltip.Root disableHoverableContent>
      <Tooltip.Trigger asChild onFocus={onFocus}>{children}</Tooltip.Trigger>
      <Tooltip.Portal container={place}>
        <Tooltip.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          onEscapeKeyDown={onEscapeKeyDown}
          className="pointer-events-none z-50 max-w-64 animate-appear rounded-md bg-ink px-2 py-1 text-xs font-medium text-canvas shadow-float"
        >
          {text}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
