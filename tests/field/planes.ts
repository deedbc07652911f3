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

/**
 * The same values as `tensorOf` of a shape [output, input, space…], in a file that keeps the axes in
 * another order: its axis `layout[n]` is axis n of the shape.
 */
export function laidOut(
  shape: readonly number[],
  layout: readonly number[],
  value: (i: number) => number,
): { tensor: TensorInfo; source: SyncSource; flat: Float32Array } {
  const stored = layout.map((_, axis) => shape[layout.indexOf(axis)]!);
  const steps = rowMajor(shape), sides = rowMajor(stored);
  const place = (i: number) =>
    layout.reduce(
      (at, axis, n) => at + Math.floor(i / sides[axis]!) % stored[axis]! * steps[n]!,
      0,
    );
  const { tensor, source } = tensorOf(stored, (i) => value(place(i)));
  const { flat } = tensorOf(shape, value);
  return { tensor: { ...tensor, layout }, source, flat };
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

/**
 * Heads of 2 · half rows each (of a vector: elements), of which each head's second half is stored
 * between the rows of its first. The value of each element is its index, flat, of the whole heads.
 */
export function interleaved(
  heads: number,
  half: number,
  columns: number | null,
): { tensor: TensorInfo; source: SyncSource; flat: Float32Array } {
  const step = columns ?? 1;
  const shape = columns === null ? [heads * 2 * half] : [heads * 2 * half, columns];
  const { tensor, source, flat } = tensorOf([heads, half, 2, step], (i) => {
    const [row, column] = [Math.floor(i / step), i % step];
    const [head, place] = [Math.floor(row / (2 * half)), row % (2 * half)];
    return (head * 2 * half + (place % 2) * half + (place >> 1)) * step + column;
  });
  const composed = {
    0: [
      { size: heads, stride: 2 * half * step },
      { size: 2, stride: step },
      { size: half, stride: 2 * step },
    ],
  };
  return {
    tensor: { ...tensor, shape, strides: rowMajor(shape), composed },
    source,
    flat: flat.map((_, i) => i),
  };
}
