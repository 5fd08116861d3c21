import { type Held, Observable } from '../chat';

export type Question = 'delete' | 'report' | 'mute' | 'ban' | 'profile';

/** Which message shows its buttons, is being edited, or asked about: a row renders only when it is its turn. */
export class Focus extends Observable {
  hovered: string | undefined;
  active: string | undefined;
  edited: string | undefined;
  /** What it is becoming: a row that leaves the page forgets everything. */
  draft: string | undefined;
  asked: { question: Question; message: Held } | undefined;

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
    Object.assign(this, { edited: id, draft: undefined });
    this.tell();
  }
  /** Another may be edited by now. */
  stopEditing(id: string) {
    if (this.edited === id) this.edit(undefined);
  }
  ask(question: Question, message: Held) {
    this.asked = { question, message };
    this.tell();
  }
  answered = () => {
    this.asked = undefined;
    this.tell();
  };
}
