import { countGroups as kernel } from "../../../assembly/build/kernels.wasm";
import { bytesOf, type Dtype } from "../../formats/format.ts";
import { checkBins, checkBlocks, checkBordered, checkSteps } from "../bounds.ts";
import type { Bordered, Packed } from "../ops.ts";
import { decode } from "./decode.ts";
import { floats, frame, isNear, place, words } from "./memory.ts";

/** The kernel's numbers of what it reads without decoding. */
const kinds: Partial<Record<Dtype, number>> = { F32: 0, BF16: 1, F16: 2 };

/** Counts, of row y, the groups g of cells with (y + g + phase) % step = 0. */
export function countGroups(cells: Bordered, step: number, phase: number, bins: Uint32Array): void {
  checkBlocks("countGroups", cells, 1);
  checkSteps(step, phase);
  checkBins(bins);
  const { values, width, height } = cells;
  const pitch = width + 2;
  const count = (to: number) =>
    kernel(place(values) + (pitch + 1) * 4, pitch * 4, 0, width, height, step, phase % step, to);
  frame(() => inBins(bins, count));
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
  checkSteps(step, phase);
  checkBins(bins);
  const { dtype, bigEndian, width, rows, pitch } = packed;
  const kind = kinds[dtype];
  frame(() => {
    if (kind === undefined || bigEndian) {
      const values = floats(width * rows);
      decode(bytes, packed, { values, start: 0, pitch: width });
      countGroups({ values, width: width - 2, height: rows - 2 }, step, phase, bins);
      return;
    }
    const first = place(bytes) + pitch + bytesOf(dtype, 1);
    inBins(bins, (to) => {
      kernel(first, pitch, kind, width - 2, rows - 2, step, phase % step, to);
    });
  });
}

/** Has `count` count in the bins themselves where kernels can reach them, else in a copy. */
function inBins(bins: Uint32Array, count: (address: number) => void): void {
  if (isNear(bins)) return count(bins.byteOffset);
  const near = words(bins.length);
  near.set(bins);
  count(near.byteOffset);
  bins.set(near);
}
