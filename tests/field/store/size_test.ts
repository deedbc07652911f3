import { assert } from "@std/assert";
import { wasm } from "../../../src/compute/wasm.ts";
import { paste, STATS_BYTES, statsOf } from "../../../src/field/block_arrays.ts";
import { ModelStore, storedLevels } from "../../../src/field/store.ts";
import { bytesOf, type Dtype } from "../../../src/formats/format.ts";
import { normal } from "../../compute/samples.ts";
import { inFolder } from "../../storage/folder.ts";
import { contentOf, filesIn, writeLevel } from "./stats.ts";

/** Weights as they are found: normal, of σ = 0.02, in steps of `step` where they are quantized. */
function weights(step: number): Float32Array {
  const values = normal(1 << 18, 5, 0.02);
  return step > 0 ? values.map((value) => Math.round(value / step) * step) : values;
}

/** Statistics of a whole plane of such weights, in blocks of 2^log2 cells. */
function measured(width: number, height: number, log2: number, step: number) {
  const block = 2 ** log2, pool = weights(step);
  const [across, down] = [Math.ceil(width / block), Math.ceil(height / block)];
  const buffer = new ArrayBuffer(across * down * STATS_BYTES);
  const all = statsOf({ width: across, height: down, buffer });
  for (let y = 0; y < down; y++) {
    const rows = Math.min(block, height - y * block);
    const values = new Float32Array((width + 2) * (rows + 2));
    for (let at = 0; at < values.length; at += pool.length) {
      values.set(pool.subarray(0, values.length - at), at);
    }
    values.set(pool.subarray(0, (y * 4099) % 20_000));
    wasm.frame(() => paste(wasm.blockStats({ values, width, height: rows }, block), all, 0, y));
  }
  return all;
}

// Layers of models that people run; the last is as ragged as they come.
const cases: readonly (readonly [Dtype, number, number, number])[] = [
  ["BF16", 4096, 4096, 0],
  ["BF16", 8960, 1536, 0],
  ["BF16", 2560, 6912, 1e-3],
  ["BF16", 2311, 5003, 1e-3],
  ["F32", 4096, 4096, 0],
  ["Q4_K", 4096, 4096, 8e-3],
  ["Q4_K", 8960, 1536, 8e-3],
  ["Q8_0", 4096, 4096, 5e-4],
  ["Q2_K", 4096, 4096, 2e-2],
];
for (const [dtype, width, height, step] of cases) {
  Deno.test(`a store takes at most 12 % of ${width} × ${height} weights of ${dtype}`, () =>
    inFolder((root) => {
      const store = ModelStore.open(root, contentOf(width, height, dtype));
      const pyramid = store.layer(0);
      let stats = measured(width, height, pyramid.base, step);
      const levels = storedLevels(pyramid);
      levels.forEach(({ log2 }, i) => {
        writeLevel(pyramid, log2, stats);
        if (i + 1 === levels.length) return;
        wasm.frame(() => {
          const merged = wasm.merge(stats);
          const { width, height } = merged;
          stats = statsOf({ width, height, buffer: new ArrayBuffer(width * height * STATS_BYTES) });
          paste(merged, stats, 0, 0);
        });
      });
      store.describe(0);
      store.close();
      const bytes = filesIn(store.folder)
        .reduce((sum, path) => sum + Deno.statSync(`${store.folder}/${path}`).size, 0);
      const share = bytes / bytesOf(dtype, width * height);
      assert(share <= 0.12, `${(100 * share).toFixed(2)} %`);
      assert(share > 0.02, `${(100 * share).toFixed(2)} %`);
      if (Deno.env.has("SHARES")) console.log(dtype, width, height, (100 * share).toFixed(2));
    }));
}
