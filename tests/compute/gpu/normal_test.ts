import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { GpuLost, openGpu } from "../../../src/compute/gpu/device.ts";
import { BLOCK, gpuMatrices } from "../../../src/compute/gpu/normal.ts";
import { reference } from "../../../src/compute/reference.ts";
import { normal as deviates } from "../samples.ts";
import { countBuffers } from "./buffers.ts";

/** Share of the terms' magnitudes by which a sum may be off. */
const ROUNDINGS = 50 * 2 ** -23;

/** A vector of a block. */
const vectorOf = (block: Float32Array, v: number) =>
  Float32Array.from({ length: block.length / BLOCK }, (_, i) => block[i * BLOCK + v]!);

const gpu = await openGpu();
if (!gpu) Deno.test.ignore("gpu products with blocks are the reference's (no adapter)", () => {});
else {
  const make = await gpuMatrices(gpu);
  /** Products of a matrix that is written in two parts. */
  const multiply = async (
    a: Float32Array,
    rows: number,
    columns: number,
    x: Float32Array,
    makeIt = make,
  ) => {
    const matrix = await makeIt(rows, columns), half = Math.floor(rows / 2);
    try {
      await matrix.write(half, a.subarray(half * columns));
      await matrix.write(0, a.subarray(0, half * columns));
      return await matrix.multiply(x);
    } finally {
      matrix.free();
    }
  };
  const sides = [
    [1, 1],
    [1, 9],
    [9, 1],
    [3, 5],
    [64, 16],
    [65, 257],
    [63, 511],
    [300, 7],
    [513, 66],
    [7, 1030],
  ] as const;

  for (const [rows, columns] of sides) {
    Deno.test(`gpu products of ${rows} × ${columns} with blocks are within their roundings`, async () => {
      const a = deviates(rows * columns, 1), x = deviates(BLOCK * columns, 2);
      const { product, normal } = await multiply(a, rows, columns, x);
      for (const v of [0, 1, 17, BLOCK - 1]) {
        const own = vectorOf(x, v), sums = new Float64Array(columns);
        const sizes = new Float64Array(columns);
        for (let i = 0; i < rows; i++) {
          const row = a.subarray(i * columns, (i + 1) * columns);
          const sum = row.reduce((sum, value, j) => sum + value * own[j]!, 0);
          const size = row.reduce((sum, value, j) => sum + Math.abs(value * own[j]!), 0);
          assertAlmostEquals(product[i * BLOCK + v]!, sum, ROUNDINGS * size);
          row.forEach((value, j) => {
            sums[j]! += value * sum;
            sizes[j]! += Math.abs(value) * size;
          });
        }
        sums.forEach((sum, j) =>
          assertAlmostEquals(normal[j * BLOCK + v]!, sum, 2 * ROUNDINGS * sizes[j]!, `${j} of ${v}`)
        );
      }
    });
  }

  Deno.test("gpu products of long lines are no further off", async () => {
    const columns = 2 ** 18, a = new Float32Array(columns).fill(0.1);
    const x = new Float32Array(BLOCK * columns).fill(0.3);
    const { product } = await multiply(a, 1, columns, x);
    const sum = columns * a[0]! * x[0]!;
    for (const value of product) assertAlmostEquals(value, sum, ROUNDINGS * sum);
  });

  Deno.test("gpu products of a matrix in bands are those of one in a piece", async () => {
    const [rows, columns] = [700, 40], a = deviates(rows * columns, 3);
    const x = deviates(BLOCK * columns, 4), whole = await multiply(a, rows, columns, x);
    for (const height of [1, 3, 256, 699]) {
      const parts = await gpuMatrices(gpu, 4 * columns * height);
      const found = await multiply(a, rows, columns, x, parts);
      assertEquals(found.product, whole.product, `bands of ${height}`);
      for (const [i, value] of found.normal.entries()) {
        assertAlmostEquals(value, whole.normal[i]!, 1e-2, `bands of ${height}, ${i}`);
      }
    }
  });

  Deno.test("gpu products spread NaN and ±∞ as the reference does, and not to other vectors", async () => {
    const [rows, columns] = [70, 33];
    for (const edge of [NaN, Infinity, -Infinity]) {
      const a = deviates(rows * columns, 5).map(Math.abs);
      const x = deviates(BLOCK * columns, 6).map(Math.abs);
      a[66 * columns + 32] = edge;
      x[3 * BLOCK + 9] = edge;
      const { product, normal } = await multiply(a, rows, columns, x);
      for (let v = 0; v < BLOCK; v++) {
        const [one, sum] = [new Float32Array(rows), new Float32Array(columns)];
        reference.normal(a, vectorOf(x, v), one, sum);
        const kind = (value: number) => Number.isFinite(value) ? "finite" : String(value);
        assertEquals([...vectorOf(product, v)].map(kind), [...one].map(kind), `product ${v}`);
        assertEquals([...vectorOf(normal, v)].map(kind), [...sum].map(kind), `normal ${v}`);
      }
    }
  });

  Deno.test("gpu products at the ends of float32's range: large ones overflow, small ones may be 0", async () => {
    const x = new Float32Array(BLOCK * 2).fill(1);
    const huge = await multiply(Float32Array.of(1e30, 2e30), 1, 2, x);
    assertAlmostEquals(huge.product[0]! / 3e30, 1, 1e-6);
    assertEquals(huge.normal[0], Infinity);
    const tiny = await multiply(Float32Array.of(1e-30, 2e-30), 1, 2, x);
    assertAlmostEquals(tiny.product[0]! / 3e-30, 1, 1e-6);
    assertEquals(tiny.normal[0], 0);
  });

  Deno.test("gpu iterations end in orthonormal columns, zeros where nothing is left", async () => {
    const [rows, columns, rank] = [50, 300, 5];
    const [p, q] = [deviates(rows * rank, 7), deviates(rank * columns, 8)];
    const low = Float32Array.from({ length: rows * columns }, (_, at) => {
      const [i, j] = [Math.floor(at / columns), at % columns];
      let sum = 0;
      for (let k = 0; k < rank; k++) sum += p[i * rank + k]! * q[k * columns + j]!;
      return sum;
    });
    for (const [a, full] of [[deviates(rows * columns, 9), BLOCK], [low, rank]] as const) {
      const matrix = await make(rows, columns);
      await matrix.write(0, a);
      const found = await matrix.iterate(deviates(BLOCK * columns, 10), 3);
      matrix.free();
      for (let v = 0; v < full; v++) {
        for (let w = 0; w <= v; w++) {
          const other = vectorOf(found, w);
          const inner = vectorOf(found, v).reduce((sum, value, i) => sum + value * other[i]!, 0);
          assertAlmostEquals(inner, v === w ? 1 : 0, 1e-4, `${v}, ${w} of rank ${full}`);
        }
      }
      assert(found.every(Number.isFinite));
    }
  });

  Deno.test("gpu products refuse what is too large or empty, and blocks of another size", async () => {
    await assertRejects(() => make(2 ** 21, 40), RangeError, "32 vectors of 2097152 × 40");
    await assertRejects(() => make(0, 4), RangeError, "nothing in 0 × 4");
    const matrix = await make(2, 3);
    await assertRejects(
      () => matrix.multiply(new Float32Array(7)),
      RangeError,
      "96 numbers, got 7",
    );
    matrix.free();
  });

  Deno.test("gpu products take no more lines at once than the device has workgroups for", async () => {
    const { maxBufferSize, maxStorageBufferBindingSize } = gpu.device.limits;
    const limits = { maxBufferSize, maxStorageBufferBindingSize };
    const few = { ...limits, maxComputeWorkgroupsPerDimension: 4 };
    Object.defineProperty(gpu.device, "limits", { value: few, configurable: true });
    try {
      const buffers = countBuffers(gpu.device), counts: number[] = [];
      for (const rows of [128, 129, 300]) {
        const made = buffers.made, matrix = await make(rows, 128);
        counts.push(buffers.made - made);
        matrix.free();
      }
      buffers.restore();
      // A further band is a buffer, and two of what is said of it.
      assertEquals([counts[1]! - counts[0]!, counts[2]! - counts[0]!], [3, 6]);
      await assertRejects(() => make(3, 129), RangeError, "takes 128 columns, got 129");
    } finally {
      Reflect.deleteProperty(gpu.device, "limits");
    }
  });

  Deno.test("gpu products destroy every buffer that they made", async () => {
    const buffers = countBuffers(gpu.device);
    await multiply(deviates(12, 1), 3, 4, deviates(BLOCK * 4, 2));
    assert(buffers.made > 10);
    assertEquals(buffers.live, 0);
    buffers.restore();
  });

  Deno.test("gpu products: a device that was given up says so", async () => {
    const matrix = await make(2, 3);
    gpu.destroy();
    await assertRejects(() => matrix.multiply(new Float32Array(BLOCK * 3)), GpuLost);
    matrix.free();
  });
}
