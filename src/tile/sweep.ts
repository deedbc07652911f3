import { measureOfBlocks } from "../analysis/measure.ts";
import { hasExactKeys, type Scale, scaleOf } from "../analysis/scale.ts";
import { type CellReader, readCells } from "../field/cells.ts";
import { channelOf, fold } from "../field/plane.ts";
import { BASE, copyRows, measure, type Pyramid, statsOf } from "../field/pyramid.ts";

/** Bins of `Ops.countKeys`. */
const BINS = 1 << 16;
// Cells read at once where no blocks are made of them.
const CHUNK = 1 << 18;
/** Layers of up to so many cells get exact medians and quantiles. */
const HELD = 1 << 22;

/**
 * Fills rows `from`..`to` of the pyramid's base from the file and counts the order keys of the
 * values: one pass over the bytes.
 */
export function sweep(
  reader: CellReader,
  pyramid: Pyramid,
  from: number,
  to: number,
): Uint32Array<ArrayBuffer> {
  const { ops } = reader;
  const base = statsOf(pyramid.levels[0]!);
  return ops.frame(() => {
    const { buffer, byteOffset } = ops.scratch(BINS * 4).fill(0);
    const bins = new Uint32Array(buffer, byteOffset, BINS);
    measure(reader, BASE, 0, from, base.width, to - from, (stats, row) => {
      copyRows(stats, base, from + row);
    }, { eachRow: (values) => ops.countKeys(values, bins) });
    return bins.slice();
  });
}

/**
 * Merges every level of the pyramid above its base, and answers the layer's scale: moments from the
 * last block, order statistics from the counts, exactly where the layer is small enough to be held.
 */
export function settle(reader: CellReader, { levels }: Pyramid, bins: Uint32Array): Scale {
  const { ops, plane: { cells, tensor: { dtype } } } = reader;
  for (let i = 1; i < levels.length; i++) {
    ops.frame(() => copyRows(ops.merge(statsOf(levels[i - 1]!)), statsOf(levels[i]!), 0));
  }
  const measure = measureOfBlocks(statsOf(levels.at(-1)!), bins, hasExactKeys(dtype));
  return scaleOf(measure, cells <= HELD ? allCells(reader) : undefined, dtype);
}

function allCells(reader: CellReader): Float32Array {
  const { width, height, cells } = reader.plane;
  const values = new Float32Array(width * height);
  readCells(reader, { x: 0, y: 0, width, height }, { values, start: 0, pitch: width });
  return values.subarray(0, cells);
}

/** Euclidean norm of each slice along the first axis, as folded by default; null below rank 2. */
export function channelNorms(reader: CellReader): Float32Array | null {
  const plane = fold(reader.plane.tensor);
  const [channels = 0, ...rest] = plane.tensor.shape;
  if (rest.length === 0) return null;
  const sums = new Float64Array(channels);
  const band = Math.max(1, Math.floor(CHUNK / plane.width));
  for (let y = 0; y < plane.height; y += band) {
    const height = Math.min(band, plane.height - y);
    reader.ops.frame(() => {
      const { buffer, byteOffset } = reader.ops.scratch(plane.width * height * 4);
      const values = new Float32Array(buffer, byteOffset, plane.width * height);
      const rect = { x: 0, y, width: plane.width, height };
      readCells({ ...reader, plane }, rect, { values, start: 0, pitch: plane.width });
      for (let row = 0; row < height; row++) {
        let sum = 0;
        for (let x = row * plane.width; x < (row + 1) * plane.width; x++) {
          const value = values[x]!;
          if (Number.isFinite(value)) sum += value * value;
        }
        sums[channelOf(plane, y + row)]! += sum;
      }
    });
  }
  return Float32Array.from(sums, Math.sqrt);
}
