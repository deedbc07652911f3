import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { openGpu } from "../../../src/compute/gpu/device.ts";
import { gpuPowers } from "../../../src/compute/gpu/powers.ts";
import { normal } from "../samples.ts";
import { countBuffers } from "./buffers.ts";

/** Powers as `GpuPowers` defines them, in float64. */
function powers(matrix: Float32Array, n: number, times: number): Float64Array {
  let a = Float64Array.from(matrix);
  for (let time = 0; time < times; time++) {
    const next = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < n; k++) {
        for (let j = 0; j < n; j++) next[i * n + j]! += a[i * n + k]! * a[k * n + j]!;
      }
      const row = next.subarray(i * n, (i + 1) * n), sum = row.reduce((sum, x) => sum + x, 0);
      if (sum > 0) row.forEach((value, j) => row[j] = value / sum);
    }
    a = next;
  }
  return a;
}

const gpu = await openGpu();
if (!gpu) Deno.test.ignore("gpu powers are the reference's (no adapter here)", () => {});
else {
  const raise = await gpuPowers(gpu);

  Deno.test("gpu powers of random walks are those of float64", async () => {
    for (const n of [1, 2, 63, 65, 130, 300]) {
      const matrix = normal(n * n, n).map((x) => x * x / n);
      for (const times of [0, 1, 2, 3, 6]) {
        const found = await raise(matrix, n, times), expected = powers(matrix, n, times);
        for (const [at, value] of expected.entries()) {
          assertAlmostEquals(found[at]!, value, 4e-6 * value, `${n}, ${times} times, ${at}`);
        }
      }
    }
  });

  Deno.test("gpu powers leave rows that do not sum to more than 0, and spread NaN to rows that reach it", async () => {
    const matrix = Float32Array.of(0, 0, 0, 0.5, 0.5, 0, 0, 1, 0);
    assertEquals([...await raise(matrix, 3, 1)], [0, 0, 0, 0.5, 0.5, 0, 0.5, 0.5, 0]);
    const odd = Float32Array.of(1, 0, 0, NaN);
    const found = [...await raise(odd, 2, 2)].map(Number.isNaN);
    assertEquals(found.slice(2), [true, true]);
  });

  Deno.test("gpu powers refuse what is too large, and give back every buffer", async () => {
    const n = Math.floor(Math.sqrt(gpu.device.limits.maxStorageBufferBindingSize / 4)) + 1;
    await assertRejects(() => raise(new Float32Array(1), n, 1), RangeError, "takes matrices of");
    const buffers = countBuffers(gpu.device);
    await raise(new Float32Array(25), 5, 3);
    assert(buffers.made >= 5);
    assertEquals(buffers.live, 0);
    buffers.restore();
    gpu.destroy();
  });
}
