import { measureOfBlocks } from "../analysis/measure.ts";
import { type Channels, dominantPair } from "../analysis/channels.ts";
import { hasExactKeys, type Scale, scaleOf } from "../analysis/scale.ts";
import { type CellReader, readCells } from "../field/cells.ts";
import { fold } from "../field/plane.ts";
import { fill, mergeLevels, type Pyramid, statsOf } from "../field/pyramid.ts";

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
 * Norms of the slices along the first axis, and the dominant singular pair where the layer is small
 * enough to be held; null below rank 2, where there are no channels.
 */
export function channels(reader: CellReader): Channels | null {
  const { tensor } = reader.plane;
  const [count = 0, ...rest] = tensor.shape;
  if (rest.length === 0) return null;
  const plane = fold(tensor, { rows: [0], columns: rest.map((_, i) => i + 1) });
  const flat = { ...reader, plane };
  const sums = new Float64Array(count);
  for (let x = 0; x < plane.width; x += CHUNK) {
    const width = Math.min(CHUNK, plane.width - x);
    const band = Math.max(1, Math.floor(CHUNK / width));
    for (let y = 0; y < count; y += band) {
      const rect = { x, y, width, height: Math.min(band, count - y) };
      const values = new Float32Array(width * rect.height);
      readCells(flat, rect, { values, start: 0, pitch: width });
      for (const [i, value] of values.entries()) {
        if (Number.isFinite(value)) sums[y + Math.floor(i / width)]! += value * value;
      }
    }
  }
  const dominant = plane.cells <= HELD ? dominantPair(allCells(flat), count) : null;
  return { norms: Float32Array.from(sums, Math.sqrt), dominant };
}
