import { reference } from "../../src/compute/reference.ts";
import type { Ops } from "../../src/compute/ops.ts";
import type { CellReader, SyncSource } from "../../src/field/cells.ts";
import { type Axes, fold } from "../../src/field/plane.ts";
import { rowMajor, type TensorInfo } from "../../src/formats/format.ts";
import { MemorySource } from "../../src/storage/memory.ts";

/** A float32 tensor in memory whose elements are `value(flat index)`. */
export function tensorOf(
  shape: readonly number[],
  value: (i: number) => number,
  order: "C" | "Fortran" = "C",
): { tensor: TensorInfo; source: SyncSource; flat: Float32Array } {
  const count = shape.reduce((product, extent) => product * extent, 1);
  const flat = Float32Array.from({ length: count }, (_, i) => value(i));
  const strides = order === "C" ? rowMajor(shape) : rowMajor(shape.toReversed()).reverse();
  const stored = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    let rest = i, at = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    stored[at] = flat[i]!;
  }
  const source = new MemorySource("test", new Uint8Array(stored.buffer));
  const tensor: TensorInfo = {
    name: "test",
    dtype: "F32",
    shape,
    strides,
    bigEndian: false,
    source: source.ref,
    offset: 0,
    bytes: count * 4,
  };
  return { tensor, source: source as SyncSource, flat };
}

/** A reader of that tensor, folded. */
export function readerOf(
  { tensor, source }: { tensor: TensorInfo; source: SyncSource },
  axes?: Axes,
  ops: Ops = reference,
): CellReader {
  const clock = { read: 0, decode: 0 };
  return { plane: fold(tensor, axes), source, ops, clock, cancelled: () => {} };
}
