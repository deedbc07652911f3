import { deflateSync, inflateSync } from "node:zlib";
import { binEdge, binValue, FINITE_BINS, KEY_BINS } from "./measure.ts";

/**
 * The distribution of values, or of an evenly spread part of them: counts of the upper halves of
 * their order keys (`Ops.countKeys`). Sketches are merged by adding their counts, each divided by its
 * share of the values.
 */
export interface Sketch {
  /** Finite values that were counted. */
  readonly counted: number;
  /** Largest error of a quantile's rank, as a share of all values, at a confidence of 99.9 %. */
  readonly rankError: number;
  /** Largest relative error of a value: 0 where each is a bfloat16. */
  readonly valueError: number;
  /** The counts, packed: see `packKeys`. */
  readonly keys: Uint8Array<ArrayBuffer>;
}

/**
 * A sketch of counts of all values, or of some, of an element type that is a bfloat16's or not. The
 * error of ranks is that of values drawn at random: A. Dvoretzky, J. Kiefer, J. Wolfowitz (1956),
 * with the constant of P. Massart (1990).
 */
export function sketchOf(bins: Uint32Array, all: boolean, exact: boolean): Sketch {
  let counted = 0;
  for (let bin = FINITE_BINS.start; bin < FINITE_BINS.end; bin++) counted += bins[bin]!;
  const rankError = all ? 0 : Math.sqrt(Math.log(2 / 1e-3) / (2 * Math.max(1, counted)));
  return { counted, rankError, valueError: exact ? 0 : 2 ** -7, keys: packKeys(bins) };
}

/** Counts as pairs of 32-bit numbers, a bin that has any and its count, deflated. */
export function packKeys(bins: Uint32Array): Uint8Array<ArrayBuffer> {
  const pairs: number[] = [];
  for (let bin = 0; bin < bins.length; bin++) if (bins[bin]! > 0) pairs.push(bin, bins[bin]!);
  // Bins apart from counts, each by its distance from the one before: mostly ones.
  const half = pairs.length / 2;
  const words = new Uint32Array(pairs.length);
  for (let i = 0; i < half; i++) {
    words[i] = pairs[2 * i]! - (i > 0 ? pairs[2 * i - 2]! : 0);
    words[half + i] = pairs[2 * i + 1]!;
  }
  return new Uint8Array(deflateSync(new Uint8Array(words.buffer), { level: 1 }));
}

/** What `packKeys` packed. */
export function unpackKeys(packed: Uint8Array): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(new Uint8Array(inflateSync(packed)).buffer);
  const bins = new Uint32Array(KEY_BINS);
  const half = words.length / 2;
  for (let i = 0, bin = 0; i < half; i++) bins[bin += words[i]!] = words[half + i]!;
  return bins;
}

/**
 * Shares of the values in `count` equal bins from min to max. Values of a key's bin are taken as
 * evenly spread over it, or as its one bfloat16.
 */
export function histogramOf(
  bins: Uint32Array,
  { min, max }: { min: number; max: number },
  count: number,
  exact: boolean,
): number[] {
  const shares = new Array<number>(count).fill(0);
  const width = (max - min) / count || 1;
  const place = (x: number) => Math.max(0, Math.min(count - 1, Math.floor((x - min) / width)));
  let all = 0;
  for (let bin = FINITE_BINS.start; bin < FINITE_BINS.end; bin++) {
    const n = bins[bin]!;
    if (n === 0) continue;
    all += n;
    const [low, high] = exact
      ? [binValue(bin), binValue(bin)]
      : [Math.max(min, binEdge(bin)), Math.min(max, binEdge(bin + 1))];
    const from = place(low), to = place(high);
    for (let at = from; at <= to; at++) {
      const part = Math.min(high, min + (at + 1) * width) - Math.max(low, min + at * width);
      shares[at]! += n * (from === to ? 1 : part / (high - low));
    }
  }
  return shares.map((n) => n / (all || 1));
}
