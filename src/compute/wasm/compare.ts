import { compare as kernel } from "../../../assembly/build/kernels.wasm";
import { checkCompare } from "../bounds.ts";
import type { Comparison, Target } from "../ops.ts";
import { floats, frame, isNear, place } from "./memory.ts";

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
    const a = near(cells, width, height), b = near(others, width, height);
    const [from, to] = [addressOf(a), addressOf(b)];
    kernel(from, a.pitch, to, b.pitch, width, height, numbers[how]);
    if (a === cells) return;
    for (let y = 0; y < height; y++) {
      const row = a.values.subarray(y * width, (y + 1) * width);
      cells.values.set(row, cells.start + y * cells.pitch);
    }
  });
}

const addressOf = ({ values, start }: Target) => place(values) + start * 4;

/** Cells where kernels can reach them: those themselves, or a copy without what lies between rows. */
function near(cells: Target, width: number, height: number): Target {
  const { values, start, pitch } = cells;
  if (isNear(values)) return cells;
  const copy = floats(width * height);
  for (let y = 0; y < height; y++) {
    const from = start + y * pitch;
    copy.set(values.subarray(from, from + width), y * width);
  }
  return { values: copy, start: 0, pitch: width };
}
