import type { Notes } from "../analysis/derive/recipe.ts";
import { derive, repeat } from "../analysis/derive/table.ts";
import { plainWasm } from "../compute/wasm.ts";
import { type CellReader, readCells } from "../field/cells.ts";
import { fold } from "../field/plane.ts";
import type { Job } from "./job.ts";

/** Makes numbers of a tensor's, into shared memory: the same on every processor. */
export function makeCells(
  reader: CellReader,
  { recipe, memory }: Job & { readonly kind: "derive" },
): Notes | Promise<Notes> {
  const { cancelled, plane: { tensor } } = reader;
  const line = fold(tensor, { rows: [], columns: [...tensor.shape.keys()] });
  const read = (from: number, count: number) => {
    const values = new Float32Array(count);
    const rect = { x: from, y: 0, width: count, height: 1 };
    readCells({ ...reader, plane: line }, rect, { values, start: 0, pitch: count });
    return values;
  };
  const numbers = { shape: tensor.shape, read };
  return derive(recipe, numbers, new Float32Array(memory), { ops: plainWasm, cancelled });
}

/** Does once what is repeated of a recipe, to some rows. */
export function repeatRows(
  { recipe, shape, before, into, rows }: Job & { readonly kind: "repeat" },
  cancelled: () => void,
): void {
  const means = { ops: plainWasm, cancelled };
  repeat(recipe, shape, new Float32Array(before), new Float32Array(into), rows, means);
}
