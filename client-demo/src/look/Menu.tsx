import * as Dropdown from '@radix-ui/react-dropdown-menu';
import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import { direction } from '../texts';
import { usePlace } from './place';

interface Props {
  trigger: ReactNode;
  children: ReactNode;
  align?: 'start' | 'end';
  side?: 'top' | 'bottom';
  onOpenChange?: (isOpen: boolean) => void;
}

/** Not modal: a modal one would write a <style> element, which the page's policy refuses. */
export function Menu({ trigger, children, align = 'end', side = 'bottom', onOpenChange }: Props) {
  const container = usePlace();
  return (
    <Dropdown.Root modal={false} dir={direction()} {...(onOpenChange && { onOpenChange })}>
      <Dropdown.Trigger asChild>{trigger}</Dropdown.Trigger>
      <Dropdown.Portal container={container}>
        <Dropdown.Content
          align={align}
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="z-40 max-h-(--radix-dropdown-menu-content-available-height) min-w-52 animate-rise overflow-y-auto rounded-xl bg-raised p-1.5 text-base shadow-float"
        >
          {children}
        </Dropdown.Content>
      </Dropdown.Portal>
    </Dropdown.Root>
  );
}

interface ItemProps {
  icon?: ReactNode;
  children: ReactNode;
  onSelect: () => void;
  isDanger?: boolean;
  isChecked?: boolean;
  isDisabled?: boolean;
}

export function Item({ icon, children, onSelect, isDanger = false, isChecked, isDisabled = false }: ItemProps) {
  const look = `flex h-8 touch:h-10 w-full items-center gap-2.5 rounded-md px-2 outline-none select-none data-disabled:opacity-45
    data-highlighted:bg-hover ${isDanger ? 'text-bad' : 'text-ink'}`;
  const inside = (
    <>
      {icon && <span className={`grid size-4 place-items-center ${isDanger ? '' : 'text-soft'}`}>{icon}</span>}
      <span className="flex-1 truncate">{children}</span>
    </>
  );
  if (isChecked !== undefined) {
    return (
      <Dropdown.CheckboxItem checked={isChecked} onSelect={onSelect} disabled={isDisabled} className={look}>
        {inside}
        <Dropdown.ItemIndicator><Check size={15} /></Dropdown.ItemIndicator>
      </Dropdown.CheckboxItem>
    );
  }
  return <Dropdown.Item onSelect={onSelect} disabled={isDisabled} className={look}>{inside}</Dropdown.Item>;
}

export const Line = () => <Dropdown.Separator className="mx-2 my-1.5 h-px bg-line" />;
export const Heading = ({ children }: { children: ReactNode }) => (
  <Dropdown.Label className="px-2 pt-1.5 pb-1 text-xs font-medium text-faint">{children}</Dropdown.Label>
);
