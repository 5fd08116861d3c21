import * as Tooltip from '@radix-ui/react-tooltip';
import type { ReactNode } from 'react';
import { usePlace } from './place';

export const Tips = ({ children }: { children: ReactNode }) => (
  <Tooltip.Provider delayDuration={500} skipDelayDuration={200}>{children}</Tooltip.Provider>
);

interface Props {
  text: string;
  children: ReactNode;
  side?: 'top' | 'bottom' | 'left' | 'right';
}

export function Tip({ text, children, side = 'bottom' }: Props) {
  const container = usePlace();
  return (
    <Tooltip.Root disableHoverableContent>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal container={container}>
        <Tooltip.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="pointer-events-none z-50 max-w-64 animate-appear rounded-md bg-ink px-2 py-1 text-xs font-medium text-canvas shadow-float"
        >
          {text}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}
