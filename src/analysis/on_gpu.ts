import { BLOCK, type GpuMatrices, type GpuMatrix } from "../compute/gpu/normal.ts";
import type { Ops } from "../compute/ops.ts";
import type { Matrix, Opened, Products } from "./matrix.ts";
import { uniform } from "./random.ts";
import { largestOf } from "./row_bands.ts";

/** Elements read at once. */
const PART = 1 << 20;
/** How often AᵀA is applied to find where to start: each costs two passes, a look at it several. */
const ITERATIONS = 6;

/**
 * A matrix of finite numbers whose products are a GPU's. Its largest magnitude is brought near 1, so that fourth
 * powers of singular values are in float32's range; what is 2¹²⁶ times smaller counts as 0. Throws `NotFinite`,
 * and what the device finds wrong or has no room for.
 */
export async function openOnGpu(
  matrix: Matrix,
  make: GpuMatrices,
  ops: Pick<Ops, "magnitude">,
  cancelled: () => void = () => {},
): Promise<Opened> {
  const { rows, columns } = matrix;
  let largest = 0;
  const height = Math.max(1, Math.floor(PART / columns));
  const eachBand = async (visit: (band: Float32Array | Float64Array, row: number) => unknown) => {
    for (let row = 0; row < rows; row += height) {
      cancelled();
      await visit(await matrix.read(row * columns, Math.min(height, rows - row) * columns), row);
    }
  };
  await eachBand((band, row) => {
    largest = Math.max(largest, largestOf(ops, band, row, columns));
  });
  const exponent = largest > 0 ? Math.round(Math.log2(largest)) : 0;
  const scale = 2 ** -Math.max(-1022, Math.min(1022, exponent));
  const held = await make(rows, columns);
  try {
    await eachBand((band, row) => held.write(row, scaled(band, scale)));
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
      const random = uniform();
      const block = Float32Array.from({ length: BLOCK * columns }, random);
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

function scaled(band: Float32Array | Float64Array, scale: number): Float32Array {
  const out = new Float32Array(band.length);
  for (let i = 0; i < band.length; i++) out[i] = band[i]! * scale;
  return out;
}
