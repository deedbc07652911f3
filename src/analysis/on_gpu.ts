import { BLOCK, type GpuMatrices, type GpuMatrix } from "../compute/gpu/normal.ts";
import type { Ops } from "../compute/ops.ts";
import type { Matrix, Opened, Products } from "./matrix.ts";
import { uniform } from "./random.ts";
import { largestOf, scaleFor } from "./row_bands.ts";

/** Elements read at once. */
const PART = 1 << 20;
/** How often AᵀA is applied to find where to start: each costs two passes, a look at it several. */
const ITERATIONS = 6;

/** Binary places from 1 at which fourth powers of singular values would leave float32's range. */
const FAR = 12;

/**
 * A matrix of finite numbers whose products are a GPU's. Where its largest magnitude is far from 1 it is brought there:
 * what is 2¹²⁶ times smaller counts as 0 then. Throws `NotFinite`, and what the device finds wrong or has no room for.
 */
export async function openOnGpu(
  matrix: Matrix,
  make: GpuMatrices,
  ops: Pick<Ops, "magnitude">,
  cancelled: () => void = () => {},
): Promise<Opened> {
  const { rows, columns } = matrix, height = Math.max(1, Math.floor(PART / columns));
  const copy = new Float32Array(Math.min(rows, height) * columns);
  const held = await make(rows, columns);
  let largest = 0;
  const write = async (scale: number) => {
    for (let row = 0; row < rows; row += height) {
      cancelled();
      const band = await matrix.read(row * columns, Math.min(height, rows - row) * columns);
      if (scale === 1) largest = Math.max(largest, largestOf(ops, band, row, columns));
      const part = copy.subarray(0, band.length);
      if (scale === 1) part.set(band);
      else for (let i = 0; i < band.length; i++) part[i] = band[i]! * scale;
      await held.write(row, part);
    }
  };
  let scale = 1;
  try {
    await write(1);
    scale = scaleFor(largest, FAR);
    if (scale !== 1) await write(scale);
  } catch (error) {
    held.free();
    throw error;
  }
  return {
    ...{ rows, columns, scale, width: BLOCK },
    async multiply(vectors) {
      const all: Products[] = [];
      for (let first = 0; first < vectors.length; first += BLOCK) {
        cancelled();
        all.push(...await multiply(held, vectors.slice(first, first + BLOCK), rows, columns));
      }
      return all;
    },
    async start() {
      cancelled();
      const random = uniform(), block = new Float32Array(BLOCK * columns);
      for (let i = 0; i < block.length; i++) block[i] = random();
      const found = await held.iterate(block, ITERATIONS);
      return Array.from({ length: BLOCK }, (_, i) => Float64Array.from(column(found, i, columns)));
    },
    close: () => held.free(),
  };
}

async function multiply(
  held: GpuMatrix,
  vectors: readonly Float64Array[],
  rows: number,
  columns: number,
): Promise<readonly Products[]> {
  const block = new Float32Array(BLOCK * columns);
  for (const [i, vector] of vectors.entries()) {
    for (let j = 0; j < columns; j++) block[j * BLOCK + i] = vector[j]!;
  }
  const { product, normal } = await held.multiply(block);
  return vectors.map((_, i) => ({
    product: column(product, i, rows),
    normal: Float64Array.from(column(normal, i, columns)),
  }));
}

function column(block: Float32Array, i: number, length: number): Float32Array {
  const out = new Float32Array(length);
  for (let j = 0; j < length; j++) out[j] = block[j * BLOCK + i]!;
  return out;
}
