import type { Engine } from "../../src/tile/tile.ts";
import { numbers, tileAt } from "./models.ts";

/** All numbers of a plane of "model" at a zoom, from its tiles in mode automaton. */
export async function planeOf(
  engine: Engine,
  layer: string,
  z: number,
  size: readonly number[],
  query: string,
) {
  const [across = 0, down = 0] = size;
  const all = new Float32Array(across * down);
  for (let y = 0; y * 256 < down; y++) {
    for (let x = 0; x * 256 < across; x++) {
      const tile = await numbers(
        engine,
        tileAt(layer, [z, x, y], query, { crop: true, mode: "automaton" }),
      );
      for (let row = 0; row < tile.height; row++) {
        const line = tile.values.subarray(row * tile.width, (row + 1) * tile.width);
        all.set(line, (y * 256 + row) * across + x * 256);
      }
    }
  }
  return all;
}
