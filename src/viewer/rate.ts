/** Milliseconds that a rate looks back, and that it needs at least. */
const WINDOW = 5000, LEAST = 600;

/** How fast something grows, over the last seconds. */
export class Rate {
  readonly #notes: { readonly count: number; readonly at: number }[] = [];

  /** `at` in milliseconds, never before the last. */
  note(count: number, at: number): void {
    this.#notes.push({ count, at });
    while (this.#notes[1] && this.#notes[1].at <= at - WINDOW) this.#notes.shift();
  }

  /** Null while too little is known. */
  get perSecond(): number | null {
    const [first, last] = [this.#notes[0], this.#notes.at(-1)];
    if (!first || !last || last.at - first.at < LEAST) return null;
    return Math.max(0, 1000 * (last.count - first.count) / (last.at - first.at));
  }
}
