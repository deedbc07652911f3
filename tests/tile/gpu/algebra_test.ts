import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { type Gpu, GpuLost, openGpu } from "../../../src/compute/gpu/device.ts";
import type { TruncatedSvd } from "../../../src/analysis/truncated_svd.ts";
import { GpuAlgebra } from "../../../src/tile/gpu_algebra.ts";
import { GpuTurns } from "../../../src/tile/gpu_turns.ts";
import { known } from "../../analysis/matrices.ts";
import { countWork } from "../../compute/gpu/buffers.ts";

const gpu = await openGpu();
gpu?.destroy();
const test = (name: string, work: () => Promise<void>) =>
  gpu ? Deno.test(name, work) : Deno.test.ignore(`${name} (no adapter here)`, work);

const sigma = (i: number) => 3 * 0.8 ** i;
const [rows, columns] = [120, 90];
const matrix = { rows, columns, values: Float32Array.from(known(rows, columns, sigma)) };

function check(found: Awaited<ReturnType<GpuAlgebra["svd"]>>): void {
  const { values, converged } = found as TruncatedSvd;
  assertEquals(converged, 5);
  for (const [i, value] of values.entries()) assertAlmostEquals(value, sigma(i), 1e-6 * sigma(0));
}

test("a matrix whose device is lost is multiplied on another, and on none where there is none", async () => {
  const opened: Gpu[] = [];
  const turns = new GpuTurns(async () => {
    if (opened.length === 3) return null;
    opened.push((await openGpu())!);
    return opened.at(-1)!;
  });
  const algebra = new GpuAlgebra(turns);
  check(await algebra.svd(matrix, 5));
  opened[0]!.device.destroy();
  check(await algebra.svd(matrix, 5));
  assertEquals(opened.length, 2);
  // Lost while it multiplies.
  let looks = 0;
  const cancelled = () => {
    if (++looks === 3) opened[1]!.destroy();
  };
  check(await algebra.svd(matrix, 5, cancelled));
  assertEquals(opened.length, 3);
  opened[2]!.destroy();
  const power = () => algebra.powers(new Float32Array(9), 3, 1);
  await assertRejects(power, GpuLost, "no WebGPU adapter");
});

test("matrices are multiplied one at a time, what is not wanted any more not at all, and nothing stays", async () => {
  const { counted, open } = countWork(), turns = new GpuTurns(open);
  const algebra = new GpuAlgebra(turns);
  const stop = (after: number) => () => {
    if (after-- <= 0) throw new DOMException("nobody waits", "AbortError");
  };
  const holed = matrix.values.slice();
  holed[500] = NaN;
  const name = ({ name }: Error) => name;
  const [one, gone, late, power, odd, other] = await Promise.all([
    algebra.svd(matrix, 5),
    algebra.svd(matrix, 5, stop(0)).catch(name),
    algebra.svd(matrix, 5, stop(2)).catch(name),
    algebra.powers(Float32Array.of(1, 3, 0, 1), 2, 1),
    algebra.svd({ ...matrix, values: holed }, 5),
    algebra.svd(matrix, 5),
  ]);
  check(one);
  assertEquals(other, one);
  assertEquals([gone, late], ["AbortError", "AbortError"]);
  assertEquals([...power], [1 / 7, 6 / 7, 0, 1].map(Math.fround));
  assert("notFinite" in odd && odd.notFinite.startsWith("rows 0 to 120 hold NaN"));
  assertEquals([counted.opened, counted.most, counted.buffers.live], [1, 1, 0]);
  turns.close();
});

test("memory stays flat over a hundred matrices", async () => {
  const turns = new GpuTurns(openGpu), algebra = new GpuAlgebra(turns);
  const walk = new Float32Array(150 * 150).fill(1 / 150);
  const some = async (count: number) => {
    for (let i = 0; i < count; i++) {
      await algebra.svd(matrix, 5);
      await algebra.powers(walk, 150, 3);
    }
    return Deno.memoryUsage().rss;
  };
  await some(30);
  const before = await some(10), after = await some(60);
  turns.close();
  const grown = (after - before) / 2 ** 20;
  assert(grown < 16, `${grown.toFixed(1)} MiB more after 120 jobs`);
});
