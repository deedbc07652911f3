import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { type SpectralDensity, spectralDensity } from "../../src/analysis/esd.ts";
import { bulkOf, marchenkoPastur } from "../../src/analysis/marchenko_pastur.ts";
import { fitPowerLaw } from "../../src/analysis/power_law.ts";
import { jensenShannon, shuffle } from "../../src/analysis/shuffled.ts";
import { wasm } from "../../src/compute/wasm.ts";
import { summarise } from "../../src/analysis/summary.ts";
import { openModel } from "../../src/model/open.ts";
import { valuesOf } from "../formats/values.ts";
import { matrix } from "./matrices.ts";
import { normals } from "./oracle.ts";

const root = new URL("../../fixtures/", import.meta.url);
const expected = JSON.parse(Deno.readTextFileSync(new URL("spectra/spectra.json", root)));

async function density(shape: number[], values: Float32Array | Float64Array) {
  const dtype = values instanceof Float32Array ? "F32" : "F64";
  const read = (from: number, count: number) => values.slice(from, from + count);
  return (await summarise({ shape, dtype }, read, { ops: wasm, singular: null })).summary;
}

function compare(found: SpectralDensity, want: Record<string, number>, name: string): void {
  for (const [key, value] of Object.entries(want)) {
    const tolerance = 1e-6 * Math.max(1, Math.abs(value));
    assertAlmostEquals(found[key as keyof SpectralDensity], value, tolerance, `${key} of ${name}`);
  }
  if (want.alpha === undefined) {
    assertEquals([found.alpha, found.D, found.xmin], [null, null, null]);
  }
}

Deno.test("spectral densities of a trained model equal numpy's", async () => {
  const file = "burn-mnist.safetensors";
  const model = await openModel(new URL(`models/${file}`, root).pathname);
  let compared = 0;
  for (const tensor of model.tensors) {
    const want = expected[file][tensor.name];
    if (!want) continue;
    compare(await density([...tensor.shape], await valuesOf(tensor)), want, tensor.name);
    compared++;
  }
  model.close();
  assertEquals(compared, Object.keys(expected[file]).length);
});

Deno.test("spectral densities of random matrices with spikes equal numpy's", async () => {
  for (const { rows, columns, spikes, density: want } of expected.random) {
    let state = rows;
    const values = Float64Array.from({ length: rows * columns }, () => {
      let total = 0;
      for (let i = 0; i < 4; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        total += state / 2 ** 31 - 1;
      }
      return total / 2;
    });
    for (let k = 0; k < spikes; k++) values[k * columns + k]! += 40 + 10 * k;
    const found = await density([rows, columns], values);
    compare(found, want, `${rows} × ${columns}`);
    // A deviation of 1/√3, and as many spikes as were put there.
    assertAlmostEquals(found.sigma_mp, 1 / Math.sqrt(3), 0.02);
    assert(found.num_spikes! >= spikes && found.num_spikes! <= spikes + 2, `${found.num_spikes}`);
  }
});

Deno.test("shuffled control: close to random numbers, far from what is not, always the same", async () => {
  const random = await density([90, 80], normals(7200));
  assert(random.rand_distance! < 0.05, `${random.rand_distance}`);
  assertAlmostEquals(random.max_rand_eval! / 10 ** random.log_spectral_norm!, 1, 0.15);
  assert(random.num_rand_spikes! <= 2);
  const rank = Float32Array.from({ length: 7200 }, (_, i) => Math.floor(i / 80) * (i % 80));
  const one = await density([90, 80], rank);
  assert(one.rand_distance! > 0.3, `${one.rand_distance}`);
  assertEquals(one, await density([90, 80], rank));

  const values = Float32Array.from({ length: 1000 }, (_, i) => i);
  const mixed = await shuffle(matrix(10, 100, values), 64, () => {});
  const all = Array.from(await mixed.read(0, 1000));
  assertEquals(all.toSorted((a, b) => a - b), [...values]);
  assert(all.filter((value, i) => value === i).length < 10);
});

Deno.test("jensenShannon equals scipy's; null of sums of zero", () => {
  for (const { p, q, distance } of expected.jensenshannon) {
    assertAlmostEquals(jensenShannon(p, q), distance, 1e-12);
  }
  assertEquals(jensenShannon([0, 0], [1, 2]), null);
});

Deno.test("fitPowerLaw finds the exponent of a Pareto law from where it begins", () => {
  // Quantiles of p(λ) ∝ λ^−2.5 from 3 on, above a plateau that is no such law.
  const tail = Array.from({ length: 2000 }, (_, i) => 3 * (1 - (i + 0.5) / 2000) ** (-1 / 1.5));
  const body = Array.from({ length: 500 }, (_, i) => 1 + i / 250);
  const law = fitPowerLaw([...body, ...tail])!;
  assertAlmostEquals(law.alpha, 2.5, 0.05);
  assertAlmostEquals(law.xmin, 3, 0.2);
  assertAlmostEquals(law.error, 1.5 / Math.sqrt(law.tail), 0.01);
  assert(law.distance < 0.01);
  assertAlmostEquals(fitPowerLaw([2, 1])?.alpha ?? 0, 1 + 2 / Math.log(2), 1e-12);
  assertEquals([fitPowerLaw([]), fitPowerLaw([2]), fitPowerLaw([2, 2, 2])], [null, null, null]);
});

Deno.test("densities of nothing, zeros, one row, ill-scaled numbers: numbers or null, never NaN", async () => {
  assertEquals(bulkOf([], 3, 3), null);
  assertEquals(bulkOf([0, 0], 2, 2), null);
  const none = spectralDensity(0, null, null, null, [2, 2]);
  assert(Object.values(none).every((value) => value === null));
  for (
    const [shape, values] of [
      [[4, 4], new Float32Array(16)],
      [[1, 9], normals(9)],
      [[9, 1], normals(9)],
      [[12, 20], normals(240).map((x) => x * 1e-30)],
      [[12, 20], normals(240).map((x) => x * 1e30)],
      [[12, 20], new Float32Array(240).fill(3)],
      [[12, 20], new Float32Array(240).fill(NaN)],
      [[0, 4], new Float32Array()],
    ] as [number[], Float32Array][]
  ) {
    const found = await density(shape, values);
    assertEquals(JSON.parse(JSON.stringify(found)), found, `${shape}`);
  }
  const large = await density([12, 20], normals(240).map((x) => x * 1e30));
  const plain = await density([12, 20], normals(240));
  assertAlmostEquals(large.alpha, plain.alpha!, 1e-4);
  assertAlmostEquals(large.mp_softrank, plain.mp_softrank!, 1e-6);
});

Deno.test("marchenkoPastur: a density whose moments are those of random matrices", () => {
  for (const [n, m, sigma] of [[300, 100, 0.3], [50, 50, 2], [1000, 1, 1e-3]] as const) {
    const lower = sigma ** 2 * (Math.sqrt(n) - Math.sqrt(m)) ** 2;
    const upper = sigma ** 2 * (Math.sqrt(n) + Math.sqrt(m)) ** 2;
    const bulk = { sigma, lower, upper, spikes: 0 };
    let [whole, mean, square] = [0, 0, 0];
    const steps = 20_000;
    for (let i = 0; i < steps; i++) {
      // Steps are the shorter the nearer they are to an end, where it is steep.
      const at = (share: number) => lower + (upper - lower) * (1 - Math.cos(Math.PI * share)) / 2;
      const lambda = at((i + 0.5) / steps), width = at((i + 1) / steps) - at(i / steps);
      const share = marchenkoPastur(bulk, m, lambda) * width;
      whole += share;
      mean += share * lambda;
      square += share * lambda ** 2;
    }
    assertAlmostEquals(whole, 1, 1e-4);
    assertAlmostEquals(mean / (n * sigma ** 2), 1, 1e-4);
    assertAlmostEquals(square / (n * sigma ** 2) ** 2, 1 + m / n, 1e-4);
    assertEquals([lower, upper].map((edge) => marchenkoPastur(bulk, m, edge)), [0, 0]);
    assertEquals(marchenkoPastur(bulk, m, 2 * upper), 0);
  }
});
