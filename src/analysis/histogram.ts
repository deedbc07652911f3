/** Counts of finite values in equal bins, bin for bin what `numpy.histogram` gives. */
export class Histogram {
  readonly counts: number[];
  readonly #edges: Float64Array;

  /**
   * `bins` bins from min to max, the last one closed. Where min = max, numpy's bins reach from
   * min − ½ to max + ½, so the middle one has it all.
   */
  constructor(min: number, max: number, bins: number) {
    const [low, high] = min < max ? [min, max] : [min - 0.5, max + 0.5];
    const width = high - low, step = width / bins;
    // numpy refuses a range that exceeds float64; here its edges are weighted means of its ends.
    const edge = Number.isFinite(width)
      ? (i: number) => i * step + low
      : (i: number) => low * (1 - i / bins) + high * (i / bins);
    this.counts = new Array<number>(bins).fill(0);
    this.#edges = Float64Array.from({ length: bins + 1 }, (_, i) => edge(i));
    this.#edges[bins] = high;
  }

  /** Values that are not finite, or not between min and max, are left out. */
  add(values: Float32Array | Float64Array): void {
    const edges = this.#edges, bins = this.counts.length;
    const low = edges[0]!, high = edges[bins]!;
    const perStep = 1 / (high / bins - low / bins);
    for (let i = 0; i < values.length; i++) {
      const x = values[i]!;
      if (!(x >= low && x <= high)) continue;
      // A guess (0 where it overflows); the edges decide, not the rounding of the quotient.
      let bin = Math.min(bins - 1, (x - low) * perStep | 0);
      while (bin > 0 && x < edges[bin]!) bin--;
      while (bin < bins - 1 && x >= edges[bin + 1]!) bin++;
      this.counts[bin]!++;
    }
  }
}
