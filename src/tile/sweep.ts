import { measureOfBlocks } from "../analysis/measure.ts";
import { addSquares, type Channels, dominantPair } from "../analysis/channels.ts";
import { hasExactKeys, type Scale, scaleOf } from "../analysis/scale.ts";
import { type CellReader, readCells } from "../field/cells.ts";
import { axesOf, fold } from "../field/plane.ts";
import { statsOf } from "../field/block_arrays.ts";
import { fill, mergeLevels, type Pyramid } from "../field/pyramid.ts";
import { lineOf } from "./sample.ts";

/** Bins of `Ops.countKeys`. */
const BINS = 1 << 16;
// Cells read at once where no blocks are made of them.
const CHUNK = 1 << 18;
/** Layers of up to so many cells get exact medians and quantiles. */
const HELD = 1 << 22;

/**
 * Fills `from`..`to` of the pyramid's `extentOf` from the file and counts the order keys of the
 * values: one pass over the bytes.
 */
export function sweep(
  reader: CellReader,
  pyramid: Pyramid,
  from: number,
  to: number,
): Uint32Array<ArrayBuffer> {
  const { ops } = reader;
  return ops.frame(() => {
    const { buffer, byteOffset } = ops.scratch(BINS * 4).fill(0);
    const bins = new Uint32Array(buffer, byteOffset, BINS);
    fill(reader, pyramid, from, to, (values) => ops.countKeys(values, bins));
    return bins.slice();
  });
}

/**
 * Merges every level of the pyramid above its base, and answers the layer's scale: moments from the
 * last block, order statistics from the counts, exactly where the layer is small enough to be held.
 */
export function settle(reader: CellReader, pyramid: Pyramid, bins: Uint32Array): Scale {
  const { ops, plane: { cells, tensor: { dtype } } } = reader;
  mergeLevels(ops, pyramid);
  const measure = measureOfBlocks(statsOf(pyramid.levels.at(-1)!), bins, hasExactKeys(dtype));
  return scaleOf(measure, cells <= HELD ? allCells(reader) : undefined, dtype);
}

function allCells(reader: CellReader): Float32Array {
  const { width, height, cells } = reader.plane;
  const values = new Float32Array(width * height);
  readCells(reader, { x: 0, y: 0, width, height }, { values, start: 0, pitch: width });
  return values.subarray(0, cells);
}

/**
 * Norms of the slices along the output axis, and the dominant singular pair where the layer is small
 * enough to be held; null below rank 2, where there are no channels.
 */
export function channels(reader: CellReader): Channels | null {
  const { tensor } = reader.plane;
  const { shape } = tensor;
  if (shape.length < 2) return null;
  const [output, ...others] = axesOf(tensor) as [number, ...number[]];
  const line = lineOf(tensor);
  const order = line.axes.columns;
  const inner = order.slice(order.indexOf(output) + 1)
    .reduce((product, axis) => product * shape[axis]!, 1);
  const count = shape[output]!;
  const squares = new Float64Array(count);
  for (let x = 0; x < line.cells; x += CHUNK) {
    const width = Math.min(CHUNK, line.cells - x);
    const values = new Float32Array(width);
    const rect = { x, y: 0, width, height: 1 };
    readCells({ ...reader, plane: line }, rect, { values, start: 0, pitch: width });
    addSquares(values, x, { count, inner }, squares);
  }
  const plane = fold(tensor, { rows: [output], columns: others });
  const dominant = line.cells <= HELD ? dominantPair(allCells({ ...reader, plane }), count) : null;
  return { norms: Float32Array.from(squares, Math.sqrt), dominant };
}
