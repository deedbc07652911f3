import { decode as kernel, swap } from "../../../assembly/build/kernels.wasm";
import { blocks, bytesOf, dtypes, isBlocked, packingOf } from "../../formats/format.ts";
import { checkDecode } from "../bounds.ts";
import { halvesOf } from "../byte_order.ts";
import type { Packed, Target } from "../ops.ts";
import { placeGrids } from "./grids.ts";
import { floats, frame, isNear, scratch } from "./memory.ts";

/** The kernel knows a dtype by its place in the tables. */
const order: readonly string[] = [...Object.keys(dtypes), ...Object.keys(blocks)];

/** Bytes copied at a time where the kernel cannot use them in place: they stay in the cache. */
const PIECE = 2 ** 18;

/** Raw bytes to float32. */
export function decode(bytes: Uint8Array, packed: Packed, target: Target): void {
  checkDecode(bytes, packed, target);
  const { dtype, rows, width, pitch } = packed;
  if (rows === 0 || width === 0) return;
  if (/^IQ[123]/.test(dtype)) placeGrids();
  const swapped = packed.bigEndian && packingOf(dtype).bytes > 1;
  if (isNear(bytes) && isNear(target.values) && !swapped) {
    run(packed, bytes.byteOffset, addressOf(target), target.pitch);
    return;
  }
  const step = Math.max(1, Math.floor(PIECE / bytesOf(dtype, width)));
  for (let y = 0; y < rows; y += step) {
    const piece = { ...packed, rows: Math.min(step, rows - y) };
    const start = target.start + y * target.pitch;
    frame(() => decodePiece(bytes.subarray(y * pitch), piece, { ...target, start }, swapped));
  }
}

/** Decodes by way of scratch, with the rows moved together. */
function decodePiece(bytes: Uint8Array, packed: Packed, target: Target, swapped: boolean): void {
  const { width, rows, pitch } = packed;
  const row = bytesOf(packed.dtype, width);
  const together = scratch(rows * row);
  if (pitch === row) together.set(bytes.subarray(0, rows * row));
  else {
    for (let y = 0; y < rows; y++) {
      together.set(bytes.subarray(y * pitch, y * pitch + row), y * row);
    }
  }
  if (swapped) turn(together, packed);
  const source = { ...packed, pitch: row };
  if (isNear(target.values)) {
    run(source, together.byteOffset, addressOf(target), target.pitch);
    return;
  }
  const out = floats(width * rows);
  run(source, together.byteOffset, out.byteOffset, width);
  for (let y = 0; y < rows; y++) {
    target.values.set(out.subarray(y * width, (y + 1) * width), target.start + y * target.pitch);
  }
}

/** Big-endian elements, or numbers in blocks, to little-endian, in place. */
function turn(bytes: Uint8Array, { dtype }: Packed): void {
  const size = packingOf(dtype).bytes;
  if (!isBlocked(dtype)) {
    swap(bytes.byteOffset, bytes.length, size, bytes.byteOffset);
    return;
  }
  for (const place of halvesOf[dtype] ?? []) {
    for (let at = place; at < bytes.length; at += size) bytes.subarray(at, at + 2).reverse();
  }
}

const addressOf = ({ values, start }: Target): number => values.byteOffset + start * 4;

function run({ dtype, width, rows, pitch }: Packed, source: number, to: number, toPitch: number) {
  const { elements, bytes } = packingOf(dtype);
  // Rows without gaps are one long row.
  const [columns, lines] = pitch === bytesOf(dtype, width) && toPitch === width
    ? [width * rows, 1]
    : [width, rows];
  kernel(order.indexOf(dtype), elements, bytes, source, pitch, columns, lines, to, toPitch * 4);
}
