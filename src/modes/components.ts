import type { Canvas } from "../field/canvas.ts";
import { NotFound } from "../errors.ts";
import type { Plane } from "../field/plane.ts";
import type { Legend, Picture } from "./mode.ts";
import { blocks } from "./weights.ts";
import { enlarge } from "./overzoom.ts";

/** Shares of values below and above which colours end. */
const LOW = 0.01, HIGH = 0.99;

/**
 * Draws the three planes that were made for `plane` as red, green and blue, each from its 1st to its
 * 99th percentile. Its numbers are those of the first.
 */
export function drawComponents(plane: Plane): (canvas: Canvas) => Picture {
  const { width, height, cells, tensor: { source } } = plane;
  if (source.kind !== "memory") throw new NotFound(`${plane.tensor.name} has a single plane`);
  const { buffer, byteOffset, byteLength } = source.bytes;
  const all = new Float32Array(buffer, byteOffset, byteLength / 4);
  const planes = [0, 1, 2].map((c) => all.subarray(c * cells, (c + 1) * cells));
  const ranges = planes.map(rangeOf);
  return (canvas) => {
    const { ops, columns, rows, log2, x, y } = canvas;
    const values = log2 < 0 ? enlarge(canvas) : blocks(canvas);
    const pixels = ops.scratch(columns * rows * 4).fill(0);
    const side = 2 ** log2, wide = Math.max(1, side);
    for (let row = 0; row < canvas.height; row++) {
      const top = log2 < 0 ? y + Math.floor(row * side) : (y + row) * side;
      for (let column = 0; column < canvas.width; column++) {
        const left = log2 < 0 ? x + Math.floor(column * side) : (x + column) * side;
        const at = (row * columns + column) * 4;
        for (let c = 0; c < 3; c++) {
          const mean = meanOf(planes[c]!, left, top);
          const [low, high] = ranges[c]!;
          const share = high > low ? (mean - low) / (high - low) : 0.5;
          pixels[at + c] = Math.round(255 * Math.max(0, Math.min(1, share)));
        }
        pixels[at + 3] = 255;
      }
    }
    canvas.forEachGap((from, to) => {
      pixels.fill(0, 4 * from, 4 * to);
      values.fill(NaN, from, to);
    });
    return { kind: "rgba", pixels, values };

    function meanOf(component: Float32Array, left: number, top: number): number {
      let sum = 0, count = 0;
      for (let j = top; j < Math.min(height, top + wide); j++) {
        for (let i = left; i < Math.min(width, left + wide); i++) {
          const cell = j * width + i;
          if (cell >= cells) continue;
          sum += component[cell]!;
          count++;
        }
      }
      return count > 0 ? sum / count : 0;
    }
  };
}

function rangeOf(values: Float32Array): readonly [number, number] {
  const sorted = values.toSorted();
  const at = (q: number) => sorted[Math.round(q * (sorted.length - 1))] ?? 0;
  return [at(LOW), at(HIGH)];
}

/** A legend of three planes as colours, which are called so. */
export const componentsLegend = (
  title: string,
  names: readonly [string, string, string],
): Legend => ({
  title,
  style: "scientific",
  normalization: "each from its 1st to its 99th percentile",
  channels: names.map((name, c) => ({
    ...{ name, channel: (["R", "G", "B"] as const)[c]!, about: "0 to 255" },
  })),
  special: [],
});
