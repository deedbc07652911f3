/** Pieces of memory that wait for another use, at most. */
const FREE = 4;

/** Shared memory that is used again and again: fresh memory costs as much as measuring. */
export class Lent {
  readonly #free: SharedArrayBuffer[] = [];

  /** Memory of so many bytes or more, contents undefined. */
  take(bytes: number): SharedArrayBuffer {
    const fits = this.#free.findIndex(({ byteLength }) => byteLength >= bytes);
    const [known] = fits < 0 ? [] : this.#free.splice(fits, 1);
    // Those that are too small are let go of, so that few remain.
    if (!known && this.#free.length > FREE) this.#free.shift();
    return known ?? new SharedArrayBuffer(bytes);
  }

  /** Takes memory back that nobody uses any more. */
  give(...buffers: readonly SharedArrayBuffer[]): void {
    this.#free.push(...buffers);
  }
}
