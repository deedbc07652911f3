/**
 * Shared memory that is used again and again: fresh memory costs as much as measuring, and what is
 * let go of is missed for long, since those who collect it do not see how much there is.
 */
export class Lent {
  /** By size, the smallest first. */
  #free: SharedArrayBuffer[] = [];

  /** Memory of so many bytes or more, contents undefined: the smallest piece that will do. */
  take(bytes: number): SharedArrayBuffer {
    const fits = this.#free.findIndex(({ byteLength }) => byteLength >= bytes);
    if (fits >= 0) return this.#free.splice(fits, 1)[0]!;
    // One that is too small makes room, so that there are never more than were in use at once.
    this.#free.pop();
    return new SharedArrayBuffer(bytes);
  }

  /** Takes memory back that nobody uses any more. */
  give(...buffers: readonly SharedArrayBuffer[]): void {
    this.#free = [...this.#free, ...buffers].sort((a, b) => a.byteLength - b.byteLength);
  }

  /** Lets go of what nobody uses. */
  clear(): void {
    this.#free = [];
  }
}
