import type { Notes, Numbers } from "../analysis/derive/recipe.ts";
import { derive, fillMatrix, finish, planesOf, repeat, shapeOf } from "../analysis/derive/table.ts";
import { plainWasm } from "../compute/wasm.ts";
import { type CellReader, readCells } from "../field/cells.ts";
import { fold } from "../field/plane.ts";
import { elementCount } from "../formats/format.ts";
import type { Job } from "./job.ts";
import type { Places } from "./layer_entry.ts";

/** A job on numbers that no file has. */
type Making = Job & { readonly kind: "derive" | "repeat" | "matrix" | "singular" };

/** Makes numbers of a tensor's, or a step on the way there, in shared memory: the same on every processor. */
export async function make(reader: CellReader, job: Making): Promise<Notes | null> {
  const { cancelled } = reader, means = { ops: plainWasm, cancelled }, { recipe } = job;
  switch (job.kind) {
    case "derive":
      return await makeCells(reader, job);
    case "repeat": {
      const [before, into] = [new Float32Array(job.before), new Float32Array(job.into)];
      repeat(recipe, job.shape, before, into, job.rows, means);
      return null;
    }
    case "matrix":
      await fillMatrix(recipe, numbersOf(reader), job.matrix, means);
      return null;
    case "singular":
      return finish(recipe, job.sides, job.matrix, job.found, new Float32Array(job.memory));
  }
}

/** All numbers of a tensor, row-major. */
function numbersOf(reader: CellReader): Numbers {
  const { tensor } = reader.plane;
  const line = fold(tensor, { rows: [], columns: [...tensor.shape.keys()] });
  const read = (from: number, count: number, values = new Float32Array(count)) => {
    const rect = { x: from, y: 0, width: count, height: 1 };
    readCells({ ...reader, plane: line }, rect, { values, start: 0, pitch: count });
    return values;
  };
  return { shape: tensor.shape, read };
}

async function makeCells(
  reader: CellReader,
  { recipe, memory, places }: Job & { readonly kind: "derive" },
): Promise<Notes> {
  const { cancelled, plane: { tensor } } = reader, means = { ops: plainWasm, cancelled };
  const all = new Float32Array(memory);
  if (!places) return await derive(recipe, numbersOf(reader), all, means);
  const own = new Float32Array(elementCount(shapeOf(recipe, tensor.shape)) * planesOf(recipe));
  const notes = await derive(recipe, numbersOf(reader), own, means);
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
