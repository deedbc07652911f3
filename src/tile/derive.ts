import type { Notes } from "../analysis/derive/recipe.ts";
import { derive, planesOf, repeat, shapeOf } from "../analysis/derive/table.ts";
import { plainWasm } from "../compute/wasm.ts";
import { type CellReader, readCells } from "../field/cells.ts";
import { fold } from "../field/plane.ts";
import { elementCount } from "../formats/format.ts";
import type { Job } from "./job.ts";
import type { Places } from "./layer_entry.ts";

/** Makes numbers of a tensor's, into shared memory: the same on every processor. */
export async function makeCells(
  reader: CellReader,
  { recipe, memory, places }: Job & { readonly kind: "derive" },
): Promise<Notes> {
  const { cancelled, plane: { tensor } } = reader;
  const line = fold(tensor, { rows: [], columns: [...tensor.shape.keys()] });
  const read = (from: number, count: number, values = new Float32Array(count)) => {
    const rect = { x: from, y: 0, width: count, height: 1 };
    readCells({ ...reader, plane: line }, rect, { values, start: 0, pitch: count });
    return values;
  };
  const numbers = { shape: tensor.shape, read }, means = { ops: plainWasm, cancelled };
  const all = new Float32Array(memory);
  if (!places) return await derive(recipe, numbers, all, means);
  const own = new Float32Array(elementCount(shapeOf(recipe, tensor.shape)) * planesOf(recipe));
  const notes = await derive(recipe, numbers, own, means);
  lay(own, places, all);
  return notes;
}

/** Puts cells, in the order of their plane, where they go on another one. */
function lay(cells: Float32Array, { width, pitch, regions }: Places, into: Float32Array): void {
  for (const region of regions) {
    for (let row = 0; row < region.height; row++) {
      const from = (region.top + row) * width + region.left;
      into.set(cells.subarray(from, from + region.width), (region.y + row) * pitch + region.x);
    }
  }
}

/** Does once what is repeated of a recipe, to some rows. */
export function repeatRows(
  { recipe, shape, before, into, rows }: Job & { readonly kind: "repeat" },
  cancelled: () => void,
): void {
  const means = { ops: plainWasm, cancelled };
  repeat(recipe, shape, new Float32Array(before), new Float32Array(into), rows, means);
}
