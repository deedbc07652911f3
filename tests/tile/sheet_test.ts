import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BadRequest, Changed, NotFound } from "../../src/errors.ts";
import type { Address, Engine } from "../../src/tile/tile.ts";
import { type Content, hash, modelFile, tileAt, withFolder } from "./models.ts";
import { eights, halves } from "./pair.ts";

const width = 1300, height = 2100;
const matrix: Content = {
  shape: [height, width],
  values: Float32Array.from({ length: width * height }, (_, i) => {
    return i % 100_003 === 0 ? [NaN, Infinity, -Infinity][i % 3]! : hash(i) - 0.5;
  }),
};
const vector: Content = {
  shape: [200_000],
  values: Float32Array.from({ length: 200_000 }, (_, i) => hash(i)),
};
const kernels: Content = {
  shape: [160, 150, 3, 3],
  values: Float32Array.from({ length: 160 * 150 * 9 }, (_, i) => hash(i)),
};
const q8 = eights("matrix", {
  shape: [600, 1280],
  values: Float32Array.from({ length: 600 * 1280 }, (_, i) => hash(i) - 0.5),
});

const withModels = (test: (engine: Engine, folder: string) => Promise<void>) =>
  withFolder(
    async (folder) => {
      const write = (name: string, bytes: Uint8Array<ArrayBuffer>) =>
        Deno.writeFile(`${folder}/${name}`, bytes);
      await write("model.safetensors", modelFile({ matrix, vector, kernels }));
      await write("halves.safetensors", halves("matrix", matrix));
      await write("q8.gguf", q8.bytes);
    },
    { workers: 1 },
    test,
  );

/** All tiles of a layer from some zooms further out than its nearest one, or so many further in. */
function addresses(engine: Engine, { model, layer, mode, query }: Address, further = 0): Address[] {
  const { plane } = engine.view(model, layer, mode, query);
  const all: Address[] = [];
  for (let z = plane.nativeZoom - 3; z <= plane.nativeZoom + further; z++) {
    const side = 256 * 2 ** (plane.nativeZoom - z);
    for (let y = 0; y < Math.min(8, plane.height / side); y++) {
      for (let x = 0; x < Math.min(8, plane.width / side); x++) {
        all.push({ ...tileAt(layer, [z, x, y]), model, mode, query, crop: true });
      }
    }
  }
  return all;
}

const cases: Readonly<Record<string, Partial<Address> & { further?: number; words?: string }>> = {
  "float32": {},
  "float16": { model: "halves" },
  "blocks of quantized elements": { model: "q8" },
  "columns for rows": { words: "axes=1|0" },
  "a vector": { layer: "vector" },
  "kernels": { layer: "kernels" },
  "figures of blocks": { mode: "stats" },
  "cells that open": { words: "microcell=2", further: 1 },
  "rows scaled by their channels": { words: "scientific=0" },
  "compared cells": { words: "against=halves" },
  "another format": { model: "q8", format: "npy" },
};

for (const [name, { further, words, ...more }] of Object.entries(cases)) {
  Deno.test(`tiles that are drawn together are those that are drawn alone: ${name}`, () =>
    withModels(async (engine) => {
      const first = { ...tileAt("matrix", [0, 0, 0], words), ...more };
      const all = addresses(engine, first, further)
        .map((address) => ({ ...address, format: more.format ?? address.format }));
      assert(all.length > 1);
      const files = await engine.sheet(all).tiles();
      assertEquals(files.length, all.length);
      for (const [i, address] of all.entries()) {
        const { bytes } = await engine.ticket(address).tile();
        assertEquals(files[i], bytes, `${address.z}/${address.x}/${address.y}`);
      }
    }));
}

Deno.test("a sheet of the whole model is its tiles", () =>
  withModels(async (engine) => {
    const first = { ...tileAt("_", [0, 0, 0]), mode: "map" };
    const all = addresses(engine, first).slice(0, 12);
    const files = await engine.sheet(all).tiles();
    for (const [i, address] of all.entries()) {
      assertEquals(files[i], (await engine.ticket(address).tile()).bytes);
    }
  }));

Deno.test("a sheet's files are the caller's, whatever the cache holds", () =>
  withModels(async (engine) => {
    for (const format of ["png", "npy"] as const) {
      const all = [[0, 0, 0], [1, 0, 0]].map(([z, x, y]) => {
        return { ...tileAt("matrix", [z!, x!, y!]), format };
      });
      const before = await Promise.all(all.map(async (address) => {
        return (await engine.ticket(address).tile()).bytes.slice();
      }));
      for (const file of await engine.sheet(all).tiles()) file.fill(0);
      for (const [i, address] of all.entries()) {
        assertEquals((await engine.ticket(address).tile()).bytes, before[i]);
      }
    }
  }));

Deno.test("a sheet is of places that there are, and says whether it can change", () =>
  withModels(async (engine) => {
    const near = tileAt("matrix", [3, 0, 0]);
    assertThrows(() => engine.sheet([near, { ...near, x: 99 }]), NotFound, "is beyond");
    assertThrows(() => engine.sheet([near, { ...near, z: 99 }]), BadRequest, "zoom 99");
    const { version } = engine.model("model");
    const named = { ...near, query: new URLSearchParams({ v: version }) };
    for (const count of [1, 2]) {
      const sheet = (address: Address) => engine.sheet(new Array<Address>(count).fill(address));
      assertEquals([sheet(near).immutable, sheet(named).immutable], [false, true]);
      assertEquals([sheet(near).preliminary, sheet(named).preliminary], [false, false]);
    }
    await Promise.resolve();
  }));

Deno.test("a sheet that nobody waits for is not drawn on", () =>
  withModels(async (engine) => {
    const all = addresses(engine, tileAt("matrix", [0, 0, 0]));
    await engine.ticket(all[0]!).tile();
    const stop = new AbortController();
    const drawn = engine.sheet(all).tiles(stop.signal);
    stop.abort();
    await assertRejects(() => drawn, DOMException);
  }));

Deno.test("a sheet of a file that changes meanwhile is none", () =>
  withModels(async (engine, folder) => {
    const all = addresses(engine, tileAt("matrix", [0, 0, 0]));
    await engine.ticket(all[0]!).tile();
    const path = `${folder}/model.safetensors`;
    await Deno.writeFile(path, (await Deno.readFile(path)).fill(7, -4));
    await assertRejects(async () => await engine.sheet(all).tiles(), Changed);
  }));
