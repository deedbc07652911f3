import type { Means, Notes, Numbers } from "../analysis/derive/recipe.ts";
import { derive, fillMatrix, finish, planesOf, repeat, shapeOf } from "../analysis/derive/table.ts";
import { plainWasm } from "../compute/wasm.ts";
import { type CellReader, readCells, type SyncSource } from "../field/cells.ts";
import { fold } from "../field/plane.ts";
import { elementCount, type TensorInfo } from "../formats/format.ts";
import type { Job } from "./job.ts";
import type { Places } from "./layer_entry.ts";

/** A job on numbers that no file has. */
type Making = Job & { readonly kind: "derive" | "repeat" | "matrix" | "singular" };

/** Opens what a tensor's bytes lie in. */
type Open = (tensor: TensorInfo) => SyncSource;

/** Makes numbers of a tensor's, or a step on the way there, in shared memory: the same on every processor. */
export async function make(reader: CellReader, job: Making, open: Open): Promise<Notes | null> {
  const { recipe } = job, numbers = numbersOf(reader, reader.plane.tensor);
  const means = { ops: plainWasm, cancelled: reader.cancelled, of: othersOf(reader, open) };
  switch (job.kind) {
    case "derive":
      return await makeCells(numbers, job, means);
    case "repeat": {
      const [before, into] = [new Float32Array(job.before), new Float32Array(job.into)];
      repeat(recipe, job.shape, before, into, job.rows, means);
      return null;
    }
    case "matrix":
      await fillMatrix(recipe, numbers, job.matrix, means);
      return null;
    case "singular":
      return finish(recipe, job.sides, job.matrix, job.found, new Float32Array(job.memory));
  }
}

/** The numbers of other tensors, which are refused where the file has changed meanwhile. */
const othersOf = (reader: CellReader, open: Open) => (other: TensorInfo): Numbers => {
  const source = open(other), { shape, read } = numbersOf({ ...reader, source }, other);
  return {
    shape,
    read(...span) {
      const values = read(...span);
      source.check();
      return values;
    },
  };
};

/** All numbers of a tensor in the reader's source, row-major. */
function numbersOf(reader: CellReader, tensor: TensorInfo): Numbers {
  const line = fold(tensor, { rows: [], columns: [...tensor.shape.keys()] });
  const read = (from: number, count: number, values = new Float32Array(count)) => {
    const rect = { x: from, y: 0, width: count, height: 1 };
    readCells({ ...reader, plane: line }, rect, { values, start: 0, pitch: count });
    return values;
  };
  return { shape: tensor.shape, read };
}

async function makeCells(
  numbers: Numbers,
  { recipe, memory, places }: Job & { readonly kind: "derive" },
  means: Means,
): Promise<Notes> {
  const all = new Float32Array(memory);
  if (!places) return await derive(recipe, numbers, all, means);
  const own = new Float32Array(elementCount(shapeOf(recipe, numbers.shape)) * planesOf(recipe));
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
