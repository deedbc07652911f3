import type { Scale } from "../analysis/scale.ts";
import type { Sketch } from "../analysis/sketch.ts";
import type { BlockStats } from "../compute/ops.ts";

/** A plane's blocks on the grid of the map, in rows of `width`: what a picture of them needs. */
export type Slots = Pick<BlockStats, "width" | "mean" | "count">;

/** What an ingest found of a layer. */
export interface Found {
  readonly scale: Scale;
  /** Frobenius norm. */
  readonly norm: number;
  readonly slots: Slots;
  /** Null for layers that are looked at as quickly themselves. */
  readonly sketch: Sketch | null;
}

/** As JSON, in which NaN and arrays have their places too. */
export function toRecord({ scale, norm, slots, sketch }: Found): unknown {
  const { quantiles, ...numbers } = scale;
  return {
    scale: Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, spell(value)])),
    quantiles: toText(quantiles),
    norm: spell(norm),
    slots: { width: slots.width, mean: toText(slots.mean), count: toText(slots.count) },
    sketch: sketch && { ...sketch, keys: toText(sketch.keys) },
  };
}

interface Written {
  readonly scale?: Readonly<Record<string, number | string>>;
  readonly quantiles?: string;
  readonly norm?: number | string;
  readonly slots?: { readonly width: number; readonly mean: string; readonly count: string };
  readonly sketch?: (Omit<Sketch, "keys"> & { readonly keys: string }) | null;
}

/** What `toRecord` wrote; null where nothing is, or something of another make. */
export function fromRecord(record: unknown): Found | null {
  const { scale, quantiles, norm, slots, sketch } = (record ?? {}) as Written;
  if (!scale || !quantiles || norm === undefined || !slots || sketch === undefined) return null;
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
    sketch: sketch && { ...sketch, keys: Uint8Array.fromBase64(sketch.keys) },
  };
}

const spell = (value: number) => Number.isFinite(value) ? value : String(value);

const toText = (
  { buffer, byteOffset, byteLength }: Float32Array | Uint32Array | Uint8Array,
): string => new Uint8Array(buffer, byteOffset, byteLength).toBase64();

const toBytes = (text: string): ArrayBuffer => Uint8Array.fromBase64(text).buffer;
