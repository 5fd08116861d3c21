import { Observable } from './observable';

/** The server forgets a flag that is not renewed for 10 s. */
const RENEWED = 4_000;
const SHOWN = 12_000;

export interface Typist {
  id: string;
  name: string;
}

/** Who else types in a room, and whether others are told that we do. */
export class RoomTyping extends Observable {
  typists: Typist[] = [];
  #ends = new Map<string, ReturnType<typeof setTimeout>>();
  #toldAt = 0;
  #ending: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly say: (isTyping: boolean) => void) {
    super();
  }

  hear(typist: Typist, isTyping: boolean) {
    clearTimeout(this.#ends.get(typist.id));
    this.#ends.delete(typist.id);
    const others = this.typists.filter(({ id }) => id !== typist.id);
    const isKnown = others.length < this.typists.length;
    if (isTyping) this.#ends.set(typist.id, setTimeout(() => this.hear(typist, false), SHOWN));
    if (isTyping && isKnown) return;
    this.typists = isTyping ? [...others, typist] : others;
    this.changed();
  }

  /** At each key; tells others now and then. */
  typed = (now = Date.now()) => {
    clearTimeout(this.#ending);
    this.#ending = setTimeout(() => this.stopped(), RENEWED);
    if (now - this.#toldAt < RENEWED - 500) return;
    this.#toldAt = now;
    this.say(true);
  };
  stopped = () => {
    clearTimeout(this.#ending);
    if (this.#toldAt === 0) return;
    this.#toldAt = 0;
    this.say(false);
  };

  forget() {
    for (const end of this.#ends.values()) clearTimeout(end);
    this.#ends.clear();
    this.typists = [];
    this.#toldAt = 0;
    this.changed();
  }
}
