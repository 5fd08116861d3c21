import { Observable } from '../chat';

/** Which message shows its buttons, and which one is being edited: a row renders only when it is its turn. */
export class Focus extends Observable {
  hovered: string | undefined;
  active: string | undefined;
  edited: string | undefined;

  hover(id: string | undefined) {
    if (this.hovered === id) return;
    this.hovered = id;
    this.tell();
  }
  activate(id: string | undefined) {
    if (this.active === id) return;
    this.active = id;
    this.tell();
  }
  edit(id: string | undefined) {
    this.edited = id;
    this.tell();
  }
}
