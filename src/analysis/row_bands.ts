import type { Ops } from "../compute/ops.ts";
import type { Matrix, Opened, Products } from "./matrix.ts";

/** Bytes of a matrix that is held where kernels reach it; a larger one is read for each product. */
const HELD = 96 << 20;
// Elements of a band, which stays in the second-level cache, and rows that are summed in float32.
const BAND = 1 << 18;
const SUMMED = 512;
/** Vectors multiplied with a band that has to be read, and with one that is held: as many as kernels take. */
export const WIDTH = 8;
const HELD_WIDTH = 2;

/** What is thrown for a matrix that holds NaN or ±∞: it has no singular values, and no eigenvalues. */
export class NotFinite extends RangeError {}

/** A matrix of finite numbers in bands of rows; `cancelled` throws when it is no longer wanted. */
export class RowBands implements Opened {
  readonly rows: number;
  readonly columns: number;
  scale = 1;
  /** The largest magnitude, once it is known. */
  largest = 0;
  #held: Uint8Array<ArrayBuffer> | null = null;

  constructor(
    private readonly matrix: Matrix,
    private readonly ops: Ops,
    private readonly cancelled: () => void = () => {},
  ) {
    this.rows = matrix.rows;
    this.columns = matrix.columns;
  }

  get width(): number {
    return this.#held ? HELD_WIDTH : WIDTH;
  }

  /**
   * Reads all of it once, and keeps it if it is small enough and there is room. Throws `NotFinite`.
   */
  async load(): Promise<void> {
    const { rows, columns } = this, bytes = 4 * rows * columns;
    if (bytes <= HELD && bytes > 0) this.#held = keepIfRoom(this.ops, bytes);
    let largest = 0;
    await this.#eachBand((band, row) => {
      const held = this.#heldPart(row, band.length);
      held?.set(band);
      const values = band instanceof Float32Array ? held ?? band : band;
      largest = Math.max(largest, largestOf(this.ops, values, row, columns));
    });
    this.largest = largest;
  }

  /** Multiplies it by a power of two. */
  async scaleBy(scale: number): Promise<void> {
    this.scale = scale;
    if (!this.#held || scale === 1) return;
    await this.#eachBand((band, row) => {
      this.#heldPart(row, band.length)?.set(scaled(band, scale));
    });
  }

  async multiply(vectors: readonly Float64Array[]): Promise<readonly Products[]> {
    const { rows, columns, ops } = this;
    const count = vectors.length;
    const products = vectors.map(() => ({
      product: new Float32Array(rows),
      normal: new Float64Array(columns),
    }));
    const add = (band: Float32Array, row: number) =>
      ops.frame(() => {
        const scratch = (length: number) => floatsOf(ops.scratch(4 * length));
        const height = band.length / columns, from = this.#held ? band : nearCopy(ops, band);
        const x = scratch(count * columns), sums = scratch(count * columns).fill(0);
        const parts = scratch(count * height);
        for (const [i, vector] of vectors.entries()) x.set(vector, i * columns);
        ops.normal(from, x, parts, sums, count);
        for (const [i, { product, normal }] of products.entries()) {
          product.set(parts.subarray(i * height, (i + 1) * height), row);
          const sum = sums.subarray(i * columns, (i + 1) * columns);
          for (let j = 0; j < columns; j++) normal[j]! += sum[j]!;
        }
      });
    if (this.#held) {
      for (let row = 0; row < rows; row += SUMMED) {
        this.cancelled();
        add(this.#heldPart(row, Math.min(SUMMED, rows - row) * columns)!, row);
      }
    } else await this.#eachBand((band, row) => add(scaled(band, this.scale), row));
    return products;
  }

  /** Gives back what it keeps. */
  close(): void {
    if (this.#held) this.ops.release(this.#held);
    this.#held = null;
  }

  /** Where a band is held that begins with a row. */
  #heldPart(row: number, length: number): Float32Array | null {
    const from = row * this.columns;
    return this.#held && floatsOf(this.#held).subarray(from, from + length);
  }

  async #eachBand(visit: (band: Float32Array | Float64Array, row: number) => void): Promise<void> {
    const { matrix: { read }, rows, columns } = this;
    const height = Math.max(1, Math.floor(BAND / columns));
    for (let row = 0; row < rows; row += height) {
      this.cancelled();
      visit(await read(row * columns, Math.min(height, rows - row) * columns), row);
    }
  }
}

/** The bands of a matrix, loaded, and scaled where squares of its numbers would leave float32's range. */
export async function openBands(
  matrix: Matrix,
  ops: Ops,
  cancelled?: () => void,
): Promise<RowBands> {
  const bands = new RowBands(matrix, ops, cancelled);
  try {
    await bands.load();
    await bands.scaleBy(scaleFor(bands.largest));
    return bands;
  } catch (error) {
    bands.close();
    throw error;
  }
}

/** The largest magnitude of a band that begins with a row. Throws `NotFinite`. */
export function largestOf(
  ops: Pick<Ops, "magnitude">,
  band: Float32Array | Float64Array,
  row: number,
  columns: number,
): number {
  const size = band instanceof Float32Array
    ? ops.magnitude(band)
    : band.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (size < Infinity) return size;
  const sentence = `rows ${row} to ${row + band.length / columns} hold NaN or infinity`;
  throw new NotFinite(`${sentence}; singular values are of finite numbers`);
}

/** 1, or the power of two that brings a magnitude near 1 where it is `far` binary places from there. */
export function scaleFor(largest: number, far = 24): number {
  if (largest === 0 || Math.abs(Math.log2(largest)) < far) return 1;
  return 2 ** -Math.max(-1022, Math.min(1022, Math.round(Math.log2(largest))));
}

function scaled(band: Float32Array | Float64Array, scale: number): Float32Array {
  if (scale === 1 && band instanceof Float32Array) return band;
  return Float32Array.from(band, (value) => value * scale);
}

function nearCopy(ops: Ops, band: Float32Array): Float32Array {
  const copy = floatsOf(ops.scratch(band.byteLength));
  copy.set(band);
  return copy;
}

const floatsOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Float32Array =>
  new Float32Array(buffer, byteOffset, byteLength / 4);

function keepIfRoom(ops: Ops, bytes: number): Uint8Array<ArrayBuffer> | null {
  try {
    return ops.keep(bytes);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
