import { Observable } from '../chat';

interface Item {
  key: number;
  text: string;
}

const MOST = 3;

/** What befell somebody that no page would say: they were put out of a room, and why. Stays until it is taken away. */
class News extends Observable {
  items: Item[] = [];
  /** Rooms that one ends oneself: that is no news. */
  readonly ownDoing = new Set<string>();
  #next = 0;

  say(text: string) {
    this.#next += 1;
    this.items = [...this.items.filter((one) => one.text !== text), { key: this.#next, text }].slice(-MOST);
    this.changed();
  }
  dismiss(key: number) {
    this.items = this.items.filter((one) => one.key !== key);
    this.changed();
  }
  forget() {
    this.items = [];
    this.changed();
  }
}

export const news = new News();
