import { checkBins, checkBlocks, checkBordered, checkSteps } from "../bounds.ts";
import { type Bordered, GROUP, type Packed } from "../ops.ts";
import { countKeys } from "./count_keys.ts";
import { decode } from "./decode.ts";

/** Counts, of row y, the groups g of cells with (y + g + phase) % step = 0. */
export function countGroups(cells: Bordered, step: number, phase: number, bins: Uint32Array): void {
  checkBlocks("countGroups", cells, 1);
  checkSteps(step, phase);
  checkBins(bins);
  const { values, width, height } = cells;
  for (let y = 0; y < height; y++) {
    const row = (y + 1) * (width + 2) + 1;
    for (let g = 0; g * GROUP < width; g++) {
      if ((y + g + phase) % step !== 0) continue;
      const end = Math.min((g + 1) * GROUP, width);
      countKeys(values.subarray(row + g * GROUP, row + end), bins);
    }
  }
}

/** The same of bordered cells as they are stored. */
export function countPackedGroups(
  bytes: Uint8Array,
  packed: Packed,
  step: number,
  phase: number,
  bins: Uint32Array,
): void {
  checkBordered("countPackedGroups", bytes, packed, 1);
  const { width, rows } = packed;
  const values = new Float32Array(width * rows);
  decode(bytes, packed, { values, start: 0, pitch: width });
  countGroups({ values, width: width - 2, height: rows - 2 }, step, phase, bins);
}
