import { momentsOf } from "../analysis/measure.ts";
import { type Scale, scaleOf } from "../analysis/scale.ts";
import type { CellReader } from "../field/cells.ts";
import { linesOf, meansOfLine } from "../field/levels/sampled.ts";

/** What a first look at some lines of a layer's cells tells. */
export interface Survey {
  readonly scale: Scale;
  /** Means of blocks of 2^log2 cells a side, estimated: of all of the plane, in rows. */
  readonly log2: number;
  readonly means: Float32Array<ArrayBuffer>;
}

/** Values that the scale is estimated from, at most. */
const VALUES = 1 << 13;

/**
 * Looks at one line of cells of every block of 2^`log2` a side: a sample stratified over the plane,
 * seeded by the layer's name.
 */
export function survey(reader: CellReader, log2: number): Survey {
  const { plane, ops } = reader;
  const { runsDown, tensor: { name } } = plane;
  const block = 2 ** log2;
  const width = Math.ceil(plane.width / block), height = Math.ceil(plane.height / block);
  const means = new Float32Array(width * height);
  const [lines, along] = runsDown ? [width, height] : [height, width];
  const [next, step] = runsDown ? [1, width] : [width, 1];
  const all = runsDown ? plane.width : plane.height;
  const length = runsDown ? plane.height : plane.width;
  const values = new Float32Array(Math.min(lines * length, VALUES));
  const share = values.length / (lines * length);
  let held = 0;
  for (let i = 0; i < lines; i++) {
    // One line even where `means` of a sample would take two: this is the first look.
    const [{ at } = { at: 0 }] = linesOf(name, log2, i, all);
    const found = meansOfLine(reader, ops, at, 0, along, log2, (cells) => {
      const until = Math.min(values.length, Math.round((i + 1) * length * share));
      held = pick(cells, values, held, until);
    });
    for (let j = 0; j < along; j++) means[i * next + j * step] = found[j]!;
  }
  const sample = values.subarray(0, held);
  return { scale: scaleOfSample(sample, plane.cells), log2, means };
}

/** Copies evenly spread ones of `cells` into `values` from `from` up to `until`. */
function pick(cells: Float32Array, values: Float32Array, from: number, until: number): number {
  const count = until - from;
  for (let i = 0; i < count; i++) {
    values[from + i] = cells[Math.floor((i + 0.5) * cells.length / count)]!;
  }
  return until;
}

/**
 * The scale of a layer of `cells` values as a sample of them suggests it: figures of the sample,
 * counts and sums of which are multiplied up to all.
 */
export function scaleOfSample(values: Float32Array, cells: number): Scale {
  const scale = scaleOf({ moments: momentsOf(values), keys: new Float64Array(0) }, values);
  const factor = values.length === 0 ? 0 : cells / values.length;
  const all = (count: number) => Math.round(count * factor);
  return {
    ...scale,
    count: all(scale.count),
    l1: scale.l1 * factor,
    positive: all(scale.positive),
    zero: all(scale.zero),
    nan: all(scale.nan),
    positiveInfinity: all(scale.positiveInfinity),
    negativeInfinity: all(scale.negativeInfinity),
  };
}
