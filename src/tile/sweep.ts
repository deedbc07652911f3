import { KEY_BINS, measureOfBlocks, momentsOf } from "../analysis/measure.ts";
import { FEW, hasExactKeys, type Scale, scaleOf } from "../analysis/scale.ts";
import { GROUP } from "../compute/ops.ts";
import { type CellReader, readCells } from "../field/cells.ts";
import type { Plane } from "../field/plane.ts";
import { statsOf } from "../field/block_arrays.ts";
import { type Level, mergeLevels } from "../field/pyramid.ts";
import { measureSlab, type Slab } from "../field/slab.ts";
import { dtypeOf } from "../field/versus.ts";

/** Layers of up to so many cells get exact medians and quantiles; of others a sketch is counted. */
export const HELD = 1 << 22;
/** Values that a sketch counts at least: by them ranks are known to 0.3 %. */
const COUNTED = 1 << 19;

/**
 * Of how many values of a layer one is counted for its median and quantiles: all, or the power of two
 * that leaves enough of them, and some of each row.
 */
export function sketchStep({ cells, width }: Pick<Plane, "cells" | "width">): number {
  if (cells <= HELD) return 1;
  return 2 ** Math.floor(Math.log2(Math.max(1, Math.min(cells / COUNTED, width / GROUP))));
}

/** Measures steps `from`..`to` of the slab, and puts the counts of the values' order keys in `bins`. */
export function sweep(
  reader: CellReader,
  slab: Slab,
  from: number,
  to: number,
  bins: Uint32Array,
): void {
  const { ops, plane } = reader;
  ops.frame(() => {
    const { buffer, byteOffset } = ops.scratch(KEY_BINS * 4).fill(0);
    const counted = new Uint32Array(buffer, byteOffset, KEY_BINS);
    measureSlab(reader, slab, from, to, { step: sketchStep(plane), bins: counted });
    bins.set(counted);
  });
}

/**
 * Merges every level from the first of them, and answers the layer's scale: moments from the
 * last block, order statistics from the counts, exactly where the layer is small enough to be held.
 */
export function settle(
  reader: CellReader,
  levels: readonly Level[],
  bins: Uint32Array,
): Scale {
  const { ops, plane } = reader;
  const { cells } = plane, dtype = dtypeOf(plane);
  mergeLevels(ops, levels);
  if (cells <= FEW) {
    // Sooner measured by themselves than by counts, of which there are more.
    const values = allCells(reader);
    return scaleOf({ moments: momentsOf(values), keys: new Float64Array(0) }, values, dtype);
  }
  const exactKeys = hasExactKeys(dtype);
  const measure = measureOfBlocks(statsOf(levels.at(-1)!), bins, exactKeys);
  return scaleOf(measure, cells <= HELD && !exactKeys ? allCells(reader) : undefined, dtype);
}

/** A layer's cells, all of which are held at once. */
export function allCells(reader: CellReader): Float32Array {
  const { width, height, cells } = reader.plane;
  const values = new Float32Array(width * height);
  readCells(reader, { x: 0, y: 0, width, height }, { values, start: 0, pitch: width });
  return values.subarray(0, cells);
}
