/** Milliseconds that a frame should take at most, and with which it may become sharper. */
const AIM = 26, EASY = 18;
/** Milliseconds a frame beyond which another way to draw is smoother. */
const BEARABLE = 80;
/** How many times the cost of those before a frame counts as, at most. */
const OUTLIER = 6;
/** Shares of an image's pixels a side. */
const SHARES = [1, 0.75, 0.5, 0.375, 0.25, 0.1875];
/** Pixels of a frame below which it is no picture of anything. */
const FEWEST = 120 ** 2;

/**
 * How sharp frames are drawn that have to follow a hand, by how long the last ones took: as sharp as
 * goes with some 30 of them a second.
 */
export class Pace {
  /** Milliseconds a pixel. */
  #cost = 0;
  #at = 0;

  /** A frame of so many pixels took so many milliseconds. */
  note(pixels: number, ms: number): void {
    const cost = ms / pixels, before = this.#cost;
    // One frame that was held up by something else says little.
    this.#cost = before === 0 ? cost : before + (Math.min(cost, OUTLIER * before) - before) * 0.3;
  }

  /** Share of the pixels a side that the next frame is drawn with, of one that has so many in all. */
  share(pixels: number): number {
    const last = coarsest(pixels);
    let at = Math.min(this.#at, last);
    while (at < last && this.#ms(pixels, at) > AIM) at++;
    while (at > 0 && this.#ms(pixels, at - 1) <= EASY) at--;
    this.#at = at;
    return SHARES[at]!;
  }

  /** Whether even the coarsest frames come too slowly, of what has so many pixels in all. */
  isTooSlow(pixels: number): boolean {
    return this.#ms(pixels, coarsest(pixels)) > BEARABLE;
  }

  #ms(pixels: number, at: number): number {
    return this.#cost * pixels * SHARES[at]! ** 2;
  }
}

const coarsest = (pixels: number): number =>
  Math.max(0, SHARES.findLastIndex((share) => pixels * share ** 2 >= FEWEST));
