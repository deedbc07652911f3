import { FINITE_BINS } from "../analysis/measure.ts";
import type { Scale } from "../analysis/scale.ts";
import type { BlockStats } from "../compute/ops.ts";

/** A plane's blocks on the grid of the map, in rows of `width`: what a picture of them needs. */
export type Slots = Pick<BlockStats, "width" | "mean" | "count">;

/** What an ingest found of a layer. */
export interface Found {
  readonly scale: Scale;
  /** Frobenius norm. */
  readonly norm: number;
  readonly slots: Slots;
  readonly sketch: SketchNote;
}

/** How far quantiles and the histogram can be trusted. */
export interface SketchNote {
  /** Finite values that were counted: all of them, or an evenly spread part. */
  readonly counted: number;
  /** Largest error of a quantile's rank, as a share of all values, at a confidence of 99.9 %. */
  readonly rankError: number;
  /** Largest relative error of a value, which is known by the upper half of its float32. */
  readonly valueError: number;
}

/**
 * The errors of a sketch that counted so many of the values. By ranks: Dvoretzky, Kiefer, Wolfowitz
 * 1956, with the constant of Massart 1990, as for values drawn at random.
 */
export function sketchNote(bins: Uint32Array, all: boolean, exact: boolean): SketchNote {
  let counted = 0;
  for (let bin = FINITE_BINS.start; bin < FINITE_BINS.end; bin++) counted += bins[bin]!;
  const rankError = all ? 0 : Math.sqrt(Math.log(2 / 1e-3) / (2 * Math.max(1, counted)));
  return { counted, rankError, valueError: exact ? 0 : 2 ** -7 };
}

/** As JSON, in which NaN and arrays have their places too. */
export function toRecord({ scale, norm, slots, sketch }: Found): unknown {
  const { quantiles, ...numbers } = scale;
  return {
    scale: Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, spell(value)])),
    quantiles: toText(quantiles),
    norm: spell(norm),
    slots: { width: slots.width, mean: toText(slots.mean), count: toText(slots.count) },
    sketch,
  };
}

interface Written {
  readonly scale?: Readonly<Record<string, number | string>>;
  readonly quantiles?: string;
  readonly norm?: number | string;
  readonly slots?: { readonly width: number; readonly mean: string; readonly count: string };
  readonly sketch?: SketchNote;
}

/** What `toRecord` wrote; null where nothing is, or something of another make. */
export function fromRecord(record: unknown): Found | null {
  const { scale, quantiles, norm, slots, sketch } = (record ?? {}) as Written;
  if (!scale || !quantiles || norm === undefined || !slots || !sketch) return null;
  const numbers = Object.fromEntries(
    Object.entries(scale).map(([name, value]) => [name, Number(value)]),
  ) as unknown as Omit<Scale, "quantiles">;
  return {
    scale: { ...numbers, quantiles: new Float32Array(toBytes(quantiles)) },
    norm: Number(norm),
    slots: {
      width: slots.width,
      mean: new Float32Array(toBytes(slots.mean)),
      count: new Uint32Array(toBytes(slots.count)),
    },
    sketch,
  };
}

const spell = (value: number) => Number.isFinite(value) ? value : String(value);

const toText = ({ buffer, byteOffset, byteLength }: Float32Array | Uint32Array): string =>
  new Uint8Array(buffer, byteOffset, byteLength).toBase64();

const toBytes = (text: string): ArrayBuffer => Uint8Array.fromBase64(text).buffer;

/** Frobenius norm of values of that scale. */
export const normOf = ({ count, mean, variance }: Scale): number =>
  count === 0 ? 0 : Math.sqrt(count * (variance + mean * mean));
