import { KEY_BINS } from "../../src/analysis/measure.ts";
import { assert, assertEquals } from "@std/assert";
import { Pool } from "../../src/compute/pool.ts";
import type { Job } from "../../src/tile/job.ts";
import type { LayerEntry } from "../../src/tile/layer_entry.ts";
import { Layers } from "../../src/tile/layers.ts";
import { wasm } from "../../src/compute/wasm.ts";
import { allocate } from "../../src/field/pyramid.ts";
import { slabOf, stepsOf } from "../../src/field/slab.ts";
import { settle, sweep } from "../../src/tile/sweep.ts";
import { fold } from "../../src/field/plane.ts";
import { readerOf, tensorOf } from "../field/planes.ts";
import { hash } from "./models.ts";

const pyramidOnly = { facts: false, channels: "none", pyramid: true } as const;

/** Layers of 200 × 100 cells named a to f, over a limit of so many of their pyramids. */
async function withLayers(
  pyramids: number,
  test: (layers: Layers, entries: LayerEntry[], limit: number) => Promise<void>,
) {
  const pool = new Pool<Job>(new URL("../../src/tile/worker.ts", import.meta.url), 2);
  const { tensor } = tensorOf([100, 200], hash);
  const limit = Math.floor(pyramids * allocate(fold(tensor)).bytes);
  const layers = new Layers(pool, limit);
  try {
    const model = { id: "model", version: "1", step: null, steps: [], layers: [] };
    const entries = [..."abcdef"].map((name) => layers.entry(model, { ...tensor, name }));
    await test(layers, entries, limit);
  } finally {
    pool.close();
  }
}

const held = (entries: LayerEntry[]) =>
  entries.filter(({ pyramid }) => pyramid).map(({ plane }) => plane.tensor.name).join("");
const bytes = (entries: LayerEntry[]) =>
  entries.reduce((sum, { pyramid }) => sum + (pyramid?.bytes ?? 0), 0);

Deno.test("pyramids stay within their limit, the ones used longest ago go first", () =>
  withLayers(2.5, async (layers, entries, limit) => {
    const [a, b, c, d] = entries as [LayerEntry, LayerEntry, LayerEntry, LayerEntry];
    const steps: [LayerEntry, string][] = [
      [a, "a"],
      [b, "ab"],
      [c, "bc"],
      // b is used, so that c is the older one.
      [b, "bc"],
      [d, "bd"],
      [a, "ad"],
    ];
    for (const [entry, want] of steps) {
      await layers.ready(entry, pyramidOnly);
      assertEquals(held(entries), want);
      assert(bytes(entries) <= limit, `${bytes(entries)} bytes, the limit is ${limit}`);
    }
    assert(b.facts && c.facts, "what is small is kept");
  }));

Deno.test("pyramids asked for at once stay within their limit too", () =>
  withLayers(3.2, async (layers, entries, limit) => {
    await Promise.all(entries.map((entry) => layers.ready(entry, pyramidOnly)));
    assertEquals(held(entries).length, 3);
    assert(bytes(entries) <= limit, `${bytes(entries)} bytes, the limit is ${limit}`);
  }));

Deno.test("a pyramid that alone is too large is held until the next one comes", () =>
  withLayers(0.5, async (layers, entries) => {
    for (const entry of entries) {
      await layers.ready(entry, pyramidOnly);
      assertEquals(held(entries), entry.plane.tensor.name);
    }
  }));

Deno.test("a layer that is measured by one job has the scale and pyramid of steps on their own", () =>
  withLayers(2.5, async (layers, [entry]) => {
    await layers.ready(entry!, { facts: true, channels: "none", pyramid: true });
    const reader = readerOf(tensorOf([100, 200], hash), undefined, wasm);
    const { levels, ...pyramid } = allocate(reader.plane);
    const slab = slabOf({ levels, ...pyramid });
    const steps = stepsOf(reader.plane, slab);
    const bins = [0, 1].map((i) => {
      const counted = new Uint32Array(KEY_BINS);
      sweep(reader, slab, i * steps >> 1, (i + 1) * steps >> 1, counted);
      return counted;
    });
    const scale = settle(reader, levels, bins[0]!.map((count, bin) => count + bins[1]![bin]!));
    assertEquals(entry!.facts!.scale, scale);
    for (const [i, { buffer }] of levels.entries()) {
      assertEquals(new Uint8Array(entry!.pyramid!.levels[i]!.buffer), new Uint8Array(buffer));
    }
  }));
