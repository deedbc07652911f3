import { deflateSync } from "node:zlib";
import type { Piece, SourceRef } from "../../src/storage/source.ts";

export type AssembledRef = SourceRef & { readonly kind: "assembled" };

/** The bytes of a box of a row-major array, element by element; zeros where it hangs over the end. */
export function cut(
  whole: Uint8Array,
  item: number,
  sides: readonly number[],
  at: readonly number[],
  shape: readonly number[],
): Uint8Array {
  const count = shape.reduce((a, b) => a * b, 1);
  const bytes = new Uint8Array(count * item);
  for (let i = 0; i < count; i++) {
    let rest = i;
    const index = shape.map(() => 0);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = at[axis]! + rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    if (index.some((place, axis) => place >= sides[axis]!)) continue;
    const from = index.reduce((place, step, axis) => place * sides[axis]! + step, 0) * item;
    bytes.set(whole.subarray(from, from + item), i * item);
  }
  return bytes;
}

/** Where the boxes of a grid begin. */
export function grid(sides: readonly number[], chunk: readonly number[]): number[][] {
  return sides.reduce<number[][]>(
    (starts, side, axis) =>
      starts.flatMap((start) =>
        Array.from({ length: Math.ceil(side / chunk[axis]!) }, (_, i) => [
          ...start,
          i * chunk[axis]!,
        ])
      ),
    [[]],
  );
}

/** An array cut into chunks, all in one memory source, deflated or not. */
export function chunked(
  whole: Uint8Array,
  item: number,
  sides: readonly number[],
  chunk: readonly number[],
  deflate: boolean,
): AssembledRef {
  const cuts = grid(sides, chunk).map((at) => {
    const plain = cut(whole, item, sides, at, chunk);
    return { at, size: plain.length, packed: deflate ? new Uint8Array(deflateSync(plain)) : plain };
  });
  const bytes = new Uint8Array(cuts.reduce((sum, { packed }) => sum + packed.length, 0));
  const home: SourceRef = { kind: "memory", name: "chunks", bytes };
  let offset = 0;
  const pieces = cuts.map(({ at, size, packed }): Piece => {
    bytes.set(packed, offset);
    const length = packed.length;
    const start = offset;
    offset += length;
    if (!deflate) return { at, shape: chunk, source: home, offset: start };
    const codecs = [{ name: "zlib" }] as const;
    const source = { kind: "decoded", from: home, offset: start, length, size, codecs } as const;
    return { at, shape: chunk, source, offset: 0 };
  });
  return { kind: "assembled", name: "array", shape: sides, itemBytes: item, pieces };
}
