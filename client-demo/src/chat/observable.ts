/** Runs `work` before the next picture, and soon where none is drawn (a hidden page). */
export type Schedule = (work: () => void) => void;

export const nextFrame: Schedule = (work) => {
  let isDone = false;
  const once = () => {
    if (!isDone) work();
    isDone = true;
  };
  if (typeof requestAnimationFrame === 'function') requestAnimationFrame(once);
  setTimeout(once, 250);
};

/** State outside of React: however much changes, it is told of once a picture. */
export class Observable {
  /** Another number after each change. */
  version = 0;
  #listeners = new Set<() => void>();
  #isDue = false;

  constructor(private readonly schedule: Schedule = nextFrame) {}

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  };
  readonly read = () => this.version;

  get isWatched() {
    return this.#listeners.size > 0;
  }

  protected changed() {
    if (this.#isDue) return;
    this.#isDue = true;
    this.schedule(() => {
      this.#isDue = false;
      this.tell();
    });
  }

  /** At once: for what somebody has just done by hand. */
  protected tell() {
    this.version += 1;
    for (const listener of [...this.#listeners]) listener();
  }
}
