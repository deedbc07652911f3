import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { createEngine } from "../../src/tile/engine.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { normal } from "../compute/samples.ts";
import { ingesting, largeFile, mapTile, until } from "./large.ts";
import { modelFile } from "./models.ts";
import { npy, pixels } from "./pictures.ts";

const ROWS = 2100, COLUMNS = 2000;

/** One float32 layer that is read only when an ingest comes to it, and small ones beside it. */
function file(): Uint8Array<ArrayBuffer> {
  const large = normal(ROWS * COLUMNS + 8192, 1, 0.05).subarray(0, ROWS * COLUMNS);
  for (let row = 0; row < ROWS; row += 41) {
    for (let column = 0; column < COLUMNS; column++) large[row * COLUMNS + column]! *= 6;
  }
  for (let i = 0; i < 300; i++) large[(i * 7919) % large.length] = [NaN, Infinity, 0][i % 3]!;
  return modelFile({
    "large.weight": { shape: [ROWS, COLUMNS], values: large },
    "kept.weight": { shape: [300, 400], values: normal(120_000, 2) },
    "small.bias": { shape: [3000], values: normal(3000, 3) },
  });
}

/** Tiles of every zoom of every layer, in the modes that pyramids serve. */
async function tilesOf(engine: Engine) {
  const tiles = new Map<string, { values: Float32Array; rgba: Uint32Array }>();
  for (const { name } of engine.model("model").tensors) {
    for (const mode of ["weights", "stats"]) {
      const { plane } = engine.view("model", name, mode, new URLSearchParams());
      for (let z = 0; z <= plane.nativeZoom; z++) {
        const at = { model: "model", layer: name, mode, z, x: 0, y: 0, density: 1 } as const;
        const query = new URLSearchParams();
        const draw = async (format: "npy" | "png") =>
          (await engine.ticket({ ...at, query, format }).tile()).bytes;
        const { values } = npy(await draw("npy")), { rgba } = await pixels(await draw("png"));
        tiles.set(`${name} ${mode} ${z}`, { values, rgba });
      }
    }
  }
  return tiles;
}

Deno.test("tiles are the same from a finished store, from one of another engine, and without any", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/model.safetensors`;
    await Deno.writeFile(path, file());
    const plain = await createEngine([path], { workers: 2 });
    const without = await tilesOf(plain);
    await plain.close();
    const stored = async () => {
      let tiles: Awaited<ReturnType<typeof tilesOf>> = new Map();
      await ingesting(path, `${folder}/store`, async (engine) => {
        await until(engine, "done");
        tiles = await tilesOf(engine);
      }, { workers: 2 });
      return tiles;
    };
    const first = await stored(), second = await stored();
    let apart = 0, all = 0;
    for (const [name, { values, rgba }] of first) {
      assertEquals(second.get(name)!.values, values, name);
      assertEquals(second.get(name)!.rgba, rgba, name);
      const expected = without.get(name)!;
      const unit = expected.values.reduce(
        (most, v) => v === v ? Math.max(most, Math.abs(v)) : most,
        0,
      );
      for (const [i, value] of values.entries()) {
        const other = expected.values[i]!;
        // Blocks that were merged in another order: the same but for float32's rounding.
        const near = Object.is(value, other) || value === other ||
          Math.abs(value - other) <= 1e-6 * unit;
        assert(near, `${name}: ${value}, ${other} without a store`);
        if (rgba[i] !== expected.rgba[i]) apart++;
        all++;
      }
    }
    assert(apart <= all * 1e-3, `${apart} of ${all} colours differ`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("maps of models that are laid out alike are told apart", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const paths = [1, 2].map((seed) => `${folder}/model${seed}.safetensors`);
    for (const [i, path] of paths.entries()) {
      await Deno.writeFile(path, largeFile(["a", "b"], i + 1, 300, 200));
    }
    const engine = await createEngine(paths, { workers: 1 });
    try {
      for (const z of [0, 1, 2]) {
        const [one, two] = ["model1", "model2"].map((model) =>
          engine.ticket(mapTile([z, 0, 0], "", { model }))
        );
        assertNotEquals(one!.etag, two!.etag);
        assertNotEquals((await one!.tile()).bytes, (await two!.tile()).bytes);
      }
    } finally {
      await engine.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("tiles that are asked for at once are those that are asked for one by one", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/model.safetensors`;
    const names = Array.from({ length: 40 }, (_, i) => `layer${i}.weight`);
    await Deno.writeFile(path, largeFile(names, 5, 300, 200));
    // The second of them is cancelled, as when someone zooms on: the others must not miss what it did.
    const draw = async (atOnce: boolean) => {
      const engine = await createEngine([path], { workers: 2 });
      try {
        const queries = ["", "colormap=viridis", "colormap=magma", "scope=model"];
        const tickets = queries.map((query) => engine.ticket(mapTile([0, 0, 0], query)));
        if (!atOnce) {
          const tiles = [];
          for (const ticket of tickets) tiles.push((await ticket.tile()).bytes);
          return tiles;
        }
        const leaving = new AbortController();
        const left = engine.ticket(mapTile([0, 0, 0], "alpha=2")).tile(leaving.signal);
        const all = Promise.all(tickets.map((ticket) => ticket.tile()));
        leaving.abort();
        await left.catch(() => {});
        return (await all).map(({ bytes }) => bytes);
      } finally {
        await engine.close();
      }
    };
    const expected = await draw(false);
    for (let i = 0; i < 3; i++) assertEquals(await draw(true), expected);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
