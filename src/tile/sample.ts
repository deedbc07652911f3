import { momentsOf } from "../analysis/measure.ts";
import { type Scale, scaleOf } from "../analysis/scale.ts";
import { type CellReader, readCells } from "../field/cells.ts";
import { fold, type Plane, TILE } from "../field/plane.ts";
import { generator } from "../field/random.ts";
import { bytesOf, elementCount, type TensorInfo } from "../formats/format.ts";
import type { Legend } from "../modes/mode.ts";
import { scaleOfSample } from "./survey.ts";

/** Elements in the order in which they are stored: `count` of them from `from` on. */
export interface Run {
  readonly from: number;
  readonly count: number;
}

/** What an estimate is made of, and its share of all elements. */
export interface Sample {
  readonly runs: readonly Run[];
  readonly share: number;
}

const RUNS = 64;
/** Elements in a run: half a tile in all, whole blocks of every element type. */
const LENGTH = 512;
const BLOCK = 256;
/** Tiles' worth of bytes up to which a whole layer is read rather than a sample of it. */
const SMALL = 4;

/**
 * A stratified sample of a tensor: the file's order cut into 64 equal parts, a run at a random place
 * of each, random but the same for the same name. Undefined where the tensor is small enough to be
 * read whole, or has to be.
 */
export function sampleOf(tensor: TensorInfo): Sample | undefined {
  const { dtype, name, shape, source } = tensor;
  const cells = elementCount(shape);
  if (source.kind !== "remote" && source.kind !== "assembled") return undefined;
  if (bytesOf(dtype, cells) <= SMALL * bytesOf(dtype, TILE * TILE)) return undefined;
  const random = generator(name);
  const stratum = cells / RUNS;
  const runs = Array.from({ length: RUNS }, (_, i): Run => {
    const from = i * stratum + random() * (stratum - LENGTH);
    return { from: Math.floor(from / BLOCK) * BLOCK, count: LENGTH };
  });
  return { runs, share: RUNS * LENGTH / cells };
}

/**
 * The scale of a layer as its sample suggests it: figures of the sample, counts and sums of which
 * are multiplied up to all elements.
 */
export function estimate(reader: CellReader, runs: readonly Run[]): Scale {
  const { tensor } = reader.plane;
  const line = lineOf(tensor);
  const values = new Float32Array(runs.reduce((sum, { count }) => sum + count, 0));
  let start = 0;
  for (const { from, count } of runs) {
    const rect = { x: from, y: 0, width: count, height: 1 };
    readCells({ ...reader, plane: line }, rect, { values, start, pitch: count });
    start += count;
  }
  return scaleOfSample(values, line.cells);
}

/** A legend whose numbers come from a share of the layer's values, saying so. */
export const estimated = (legend: Legend, share: number): Legend => ({
  ...legend,
  normalization: `${legend.normalization}, estimated from ${
    Number((100 * share).toPrecision(2))
  } % of the values`,
  refinement: share,
});

/** All elements in a row, in the order in which they are stored. */
export function lineOf(tensor: TensorInfo): Plane {
  const { shape, strides } = tensor;
  const order = [...shape.keys()].sort((a, b) => strides[b]! - strides[a]! || a - b);
  return fold(tensor, { rows: [], columns: order });
}

/** The scale of a layer of which nothing is known, for pictures that do not depend on it. */
export const unknownScale: Scale = scaleOf(
  { moments: momentsOf(new Float32Array(0)), keys: new Float64Array(0) },
  new Float32Array(0),
);
