import { gather as kernel } from "../../../assembly/build/kernels.wasm";
import { checkGather } from "../bounds.ts";
import type { Target } from "../ops.ts";
import { floats, frame, isNear, place } from "./memory.ts";

/** Picks cells: `target(x, y) = values[rows[y] + columns[x]]`. */
export function gather(
  values: Float32Array,
  rows: Int32Array,
  columns: Int32Array,
  target: Target,
): void {
  checkGather(values, rows, columns, target);
  const [height, width] = [rows.length, columns.length];
  frame(() => {
    const near = isNear(target.values);
    const out = near ? target.values.subarray(target.start) : floats(width * height);
    const pitch = near ? target.pitch : width;
    const [from, down, across] = [place(values), place(rows), place(columns)];
    kernel(from, down, height, across, width, out.byteOffset, pitch * 4);
    if (near) return;
    for (let y = 0; y < height; y++) {
      target.values.set(out.subarray(y * width, (y + 1) * width), target.start + y * target.pitch);
    }
  });
}
