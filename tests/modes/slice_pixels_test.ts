import { assertEquals } from "@std/assert";
import type { Window } from "../../src/field/canvas.ts";
import { edgesOf } from "../../src/modes/slice_pixels.ts";

const windowOf = (log2: number, x: number, y: number, width: number, height = 8): Window => ({
  ...{ log2, x, y, width, height, columns: width + 1, rows: height + 1 },
});

/** Rows of a picture of cubes of one level, as text: "#" where there is an edge. */
function drawn(level: number, window: Window): string[] {
  const p = 2 ** Math.max(0, -window.log2);
  const cells = Math.ceil(window.width / p) * Math.ceil(window.height / p);
  const lines = edgesOf(new Uint8Array(cells).fill(level), window);
  return Array.from({ length: window.rows }, (_, row) =>
    Array.from(
      lines.subarray(row * window.columns, (row + 1) * window.columns),
      (line) => line === 1 ? "#" : ".",
    ).join(""));
}

/** Rows of what cubes of `side` pixels look like from pixel (left, top) on. */
const grid = (side: number, left: number, top: number, { width, height, ...w }: Window) =>
  Array.from(
    { length: w.rows },
    (_, row) =>
      Array.from({ length: w.columns }, (_, column) => {
        const inside = row < height && column < width;
        return inside && ((left + column) % side === 0 || (top + row) % side === 0) ? "#" : ".";
      }).join(""),
  );

Deno.test("cubes have edges from 4 pixels on, wherever the window begins and however far it is out", () => {
  // Level, log2 of the cells of a pixel: cubes of exactly 4 pixels…
  for (const [level, log2] of [[2, 0], [3, 1], [1, -1], [0, -2], [6, 4]] as const) {
    const p = 2 ** Math.max(0, -log2);
    for (const [x, y] of [[0, 0], [5, 3], [1, 6]] as const) {
      const window = windowOf(log2, x, y, 11);
      assertEquals(drawn(level, window), grid(4, x * p, y * p, window), `level ${level}, ${log2}`);
    }
    // …of 8 and of 2.
    const window = windowOf(log2, 0, 0, 11);
    assertEquals(drawn(level + 1, window), grid(8, 0, 0, window));
    if (level > 0) assertEquals(drawn(level - 1, window), grid(Infinity, 1, 1, window));
  }
  assertEquals(drawn(0, windowOf(-1, 0, 0, 11)).join("").includes("#"), false);
  assertEquals(drawn(2, windowOf(0, 0, 0, 6, 5)), [
    ...["######.", "#...#..", "#...#..", "#...#..", "######.", "......."],
  ]);
});
