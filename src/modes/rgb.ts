import type { Canvas } from "../field/canvas.ts";
import type { Picture } from "./mode.ts";
import { enlarge } from "./overzoom.ts";

/**
 * Red, green and blue from 0 to 1 as a picture; where there is opacity besides, by which they are
 * multiplied already, on white. Its numbers are the reds. `draw` answers them for a canvas of cells.
 */
export function colours(
  canvas: Canvas,
  draw: (cells: Canvas) => readonly Float32Array[],
): Picture {
  const { ops, columns, rows } = canvas;
  let drawn: readonly Float32Array[] | undefined;
  const planes = canvas.log2 >= 0 ? draw(canvas) : [0, 1, 2, 3].flatMap((i) => {
    const one = (cells: Canvas) => (drawn ??= draw(cells))[i]!;
    return drawn && i >= drawn.length ? [] : [enlarge(canvas, one)];
  });
  const [red, , , opacity] = planes;
  const pixels = ops.scratch(columns * rows * 4);
  for (let i = 0; i < columns * rows; i++) {
    const paper = opacity ? 1 - Math.min(1, Math.max(0, opacity[i]!)) : 0;
    for (let c = 0; c < 3; c++) {
      const value = planes[c]![i]! + paper;
      pixels[i * 4 + c] = Math.round(255 * Math.min(1, Math.max(0, value)));
    }
    pixels[i * 4 + 3] = 255;
  }
  canvas.forEachGap((from, to) => {
    pixels.fill(0, from * 4, to * 4);
    red!.fill(NaN, from, to);
  });
  return { kind: "rgba", pixels, values: red! };
}
