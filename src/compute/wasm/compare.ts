import { compare as kernel } from "../../../assembly/build/kernels.wasm";
import { checkCompare } from "../bounds.ts";
import type { Comparison, Target } from "../ops.ts";
import { copyVoxels } from "../voxels.ts";
import { frame } from "./memory.ts";
import { addressOf, nearCells } from "./near_cells.ts";

/** As the kernel counts them. */
const numbers: Record<Comparison, number> = { difference: 0, ratio: 1, signs: 2 };

/** `cells` in place: each becomes what comparing it with its partner among `others` gives. */
export function compare(
  cells: Target,
  others: Target,
  width: number,
  height: number,
  how: Comparison,
): void {
  checkCompare(cells, others, width, height);
  if (width * height === 0) return;
  frame(() => {
    const a = nearCells(cells, width, height), b = nearCells(others, width, height);
    const [from, to] = [addressOf(a), addressOf(b)];
    kernel(from, a.pitch, to, b.pitch, width, height, numbers[how]);
    if (a === cells) return;
    copyVoxels({ ...a, layer: 0 }, { ...cells, layer: 0 }, width, height, 1);
  });
}
