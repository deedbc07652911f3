import { decode as kernel, swap } from "../../../assembly/build/kernels.wasm";
import { type Dtype, dtypes } from "../../formats/format.ts";
import { checkDecode } from "../bounds.ts";
import type { Packed, Target } from "../ops.ts";
import { floats, frame, isNear, place, scratch } from "./memory.ts";

/** The kernel knows a dtype by its place in the table. */
const order = Object.keys(dtypes) as Dtype[];

/** Bytes copied at a time where the kernel cannot use them in place: they stay in the cache. */
const PIECE = 2 ** 18;

/** Raw bytes to float32. */
export function decode(bytes: Uint8Array, packed: Packed, target: Target): void {
  checkDecode(bytes, packed, target);
  const { rows, width, pitch } = packed;
  if (rows === 0 || width === 0) return;
  const swapped = packed.bigEndian && dtypes[packed.dtype] > 1;
  const step = isNear(bytes) && isNear(target.values) && !swapped
    ? rows
    : Math.max(1, Math.floor(PIECE / pitch));
  for (let y = 0; y < rows; y += step) {
    const count = Math.min(step, rows - y);
    const part = bytes.subarray(y * pitch, Math.min(bytes.length, (y + count) * pitch));
    const start = target.start + y * target.pitch;
    frame(() => decodePart(part, { ...packed, rows: count }, { ...target, start }, swapped));
  }
}

function decodePart(bytes: Uint8Array, packed: Packed, target: Target, swapped: boolean): void {
  let source = place(bytes);
  const size = dtypes[packed.dtype];
  const { width, rows } = packed;
  if (swapped) {
    const turned = scratch(bytes.length).byteOffset;
    for (let y = 0; y < rows; y++) {
      swap(source + y * packed.pitch, width * size, size, turned + y * packed.pitch);
    }
    source = turned;
  }
  if (isNear(target.values)) {
    run(packed, source, target.values.byteOffset + target.start * 4, target.pitch);
    return;
  }
  const out = floats(width * rows);
  run(packed, source, out.byteOffset, width);
  for (let y = 0; y < rows; y++) {
    target.values.set(out.subarray(y * width, (y + 1) * width), target.start + y * target.pitch);
  }
}

function run({ dtype, width, rows, pitch }: Packed, source: number, to: number, toPitch: number) {
  const size = dtypes[dtype];
  // Rows without gaps are one long row.
  const [columns, lines] = pitch === width * size && toPitch === width
    ? [width * rows, 1]
    : [width, rows];
  kernel(order.indexOf(dtype), size, source, pitch, columns, lines, to, toPitch * 4);
}
