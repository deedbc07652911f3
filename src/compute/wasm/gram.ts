import { gram as kernel, gramRoom } from "../../../assembly/build/kernels.wasm";
import { checkGram, from } from "../matrices.ts";
import { type Target, TERMS } from "../ops.ts";
import { doubles, frame, scratch } from "./memory.ts";
import { addressOf, nearCells } from "./near_cells.ts";

/** Lines, and numbers of each, that are in scratch at a time. */
const SIDE = 768, DEEP = 4 * TERMS;

/** Adds A·Aᵀ, or AᵀA, to the lower triangle of `out`. */
export function gram(
  a: Target,
  rows: number,
  columns: number,
  lines: "rows" | "columns",
  out: Float64Array,
): void {
  checkGram(a, rows, columns, lines, out);
  const [side, length] = lines === "rows" ? [rows, columns] : [columns, rows];
  const piece = (i: number, first: number, count: number, depth: number) =>
    lines === "rows"
      ? nearCells(from(a, i, first), depth, count)
      : nearCells(from(a, first, i), count, depth);
  for (let i = 0; i < side; i += SIDE) {
    for (let j = 0; j <= i; j += SIDE) {
      const m = Math.min(SIDE, side - i), n = Math.min(SIDE, side - j);
      frame(() => {
        const sums = doubles(m * n).fill(0), room = scratch(gramRoom()).byteOffset;
        for (let first = 0; first < length; first += DEEP) {
          const depth = Math.min(DEEP, length - first);
          frame(() => {
            const left = piece(i, first, m, depth);
            const right = i === j ? left : piece(j, first, n, depth);
            kernel(
              addressOf(left),
              ...strides(left, lines),
              addressOf(right),
              ...strides(right, lines),
              m,
              n,
              depth,
              i - j,
              sums.byteOffset,
              n * 8,
              room,
            );
          });
        }
        for (let y = 0; y < m; y++) {
          const to = (i + y) * side + j;
          for (let x = 0; x < n && j + x <= i + y; x++) out[to + x]! += sums[y * n + x]!;
        }
      });
    }
  }
}

/** Bytes from line to line and from number to number. */
const strides = ({ pitch }: Target, lines: "rows" | "columns"): [number, number] =>
  lines === "rows" ? [pitch * 4, 4] : [4, pitch * 4];
