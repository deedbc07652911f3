import { assert, assertEquals, assertMatch } from "@std/assert";
import { createApp } from "../../routes/app.ts";
import { createEngine } from "../../src/tile/engine.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { type Served, served } from "./served.ts";

// deno-lint-ignore no-explicit-any -- JSON as clients meet it
type Json = any;

async function json({ get }: Served, path: string): Promise<Json> {
  const response = await get(path);
  assertEquals(response.status, 200, path);
  assertEquals(response.headers.get("Content-Type"), "application/json");
  return await response.json();
}

Deno.test("the catalogue leads from models to tiles", () =>
  served(async (server) => {
    const { models: [model] } = await json(server, "/models");
    assertEquals([model.id, model.format, model.layers > 0], ["model", "safetensors", true]);
    const { layers, tensors, version, steps } = await json(server, model.url);
    assertEquals([version, steps], [model.version, []]);
    assertEquals(tensors[0], { name: "matrix", dtype: "F32", shape: [700, 900], bytes: 2520000 });
    for (const { name, url, modes, tensors } of layers) {
      const layer = await json(server, url);
      assertEquals(layer.name, name);
      assertEquals(layer.tensors.map((tensor: Json) => tensor.name), tensors);
      const shown = layer.modes.filter((mode: Json) => mode.available);
      assertEquals(shown.map((mode: Json) => mode.name), modes);
      const view = await json(server, shown[0].url);
      const { status, headers } = await fetchTile(server, view.tiles.png);
      assertEquals([status, headers.get("Cache-Control")], [
        200,
        "public, max-age=31536000, immutable",
      ]);
    }
  }));

async function fetchTile({ get }: Served, template: string): Promise<Response> {
  const at = { z: 0, x: 0, y: 0 };
  const path = template.replace(/\{([zxy])\}/g, (_, name: "z" | "x" | "y") => String(at[name]));
  const response = await get(path.replace("http://localhost", ""));
  await response.body?.cancel();
  return response;
}

Deno.test("a picture is described with its plane, its options and its links, all of which answer", () =>
  served(async (server) => {
    const view = await json(server, "/models/model/matrix/weights?colormap=viridis");
    const { width, height, tileSize, nativeZoom, minzoom, maxzoom } = view.plane;
    assertEquals([width, height, tileSize, nativeZoom, minzoom], [900, 700, 256, 2, 0]);
    assert(maxzoom > nativeZoom);
    assertEquals([view.options.colormap, view.query], ["viridis", "colormap=viridis"]);
    for (const link of Object.values<string>(view.links)) {
      const response = await server.get(link.replace("{x}", "0").replace("{y}", "0"));
      await response.body?.cancel();
      assertEquals(response.status, 200, link);
    }
  }));

Deno.test("modes declare their parameters, colour maps their colours", () =>
  served(async (server) => {
    const { modes } = await json(server, "/modes");
    assertEquals(modes.map((mode: Json) => mode.name).slice(0, 2), ["weights", "stats"]);
    for (const { type, default: value } of modes.flatMap((mode: Json) => mode.parameters)) {
      assert(typeof type === "string" && value !== undefined);
    }
    const told = Object.fromEntries(
      modes.map(({ name, cells, readable, costly }: Json) => [name, [cells, readable, costly]]),
    );
    assertEquals([told.weights, told.voxels, told.spectrum], [
      [true, true, false],
      [false, false, false],
      [false, true, true],
    ]);
    const { colormaps } = await json(server, "/colormaps");
    for (const { name, colors } of colormaps) {
      assertEquals(colors.length, 33, name);
      for (const color of colors) assertMatch(color, /^#[0-9a-f]{6}$/);
    }
    const synaptile = colormaps.find((map: Json) => map.name === "synaptile");
    assertEquals(synaptile.colors[16], "#ffffff", "zero is white");
  }));

Deno.test("TileJSON names tiles that answer, by whole URLs that carry the query", () =>
  served(async (server) => {
    const tiles = await json(server, "/tiles/model/matrix/weights/tile.json?colormap=magma");
    assertEquals([tiles.tilejson, tiles.scheme], ["3.0.0", "xyz"]);
    assertEquals([tiles["x-width"], tiles["x-height"], tiles["x-native-zoom"]], [900, 700, 2]);
    const [url] = tiles.tiles;
    assertMatch(url, /^http:\/\/localhost\/tiles\/.*\/\{z\}\/\{x\}\/\{y\}\.png\?.*colormap=magma/);
    assertEquals((await fetchTile(server, url)).status, 200);
  }));

Deno.test("JSON is tagged by its content", () =>
  served(async ({ get }) => {
    for (
      const path of ["/models", "/models/model", "/modes", "/legend/model/matrix/weights.json"]
    ) {
      const first = await get(path);
      await first.body?.cancel();
      const etag = first.headers.get("ETag") ?? "";
      const second = await get(path, { headers: { "If-None-Match": etag } });
      assertEquals([second.status, await second.text()], [304, ""], path);
    }
  }));

Deno.test("a model is described once a version, whatever asks for it", async () => {
  let version = "1", described = 0;
  const engine = {
    model: (id: string) => ({
      ...{ id, version, layers: [], tensors: [], views: [], ignored: [], failures: [] },
      ...{ step: null, steps: [] },
      structure: { order: "file", blocks: [], joins: [], edges: 0, facts: {} },
    }),
    modes: () => (described++, []),
  } as unknown as Engine;
  const app = createApp(engine);
  const ask = async (path: string, headers: HeadersInit = {}) => {
    const response = await app(new Request(`http://localhost${path}`, { headers }));
    return { etag: response.headers.get("ETag")!, text: await response.text() };
  };
  const first = await ask("/models/a");
  assertEquals(await ask("/models/a?v=1"), first);
  assertEquals(await ask("/models/a", { "If-None-Match": first.etag }), { ...first, text: "" });
  assertEquals(described, 1);
  assertEquals(JSON.parse((await ask("/models/b")).text).id, "b");
  version = "2";
  assertEquals(JSON.parse((await ask("/models/a")).text).version, "2");
  assertEquals(described, 3);
});

Deno.test("what names the model's version may be kept for ever, all else is asked for again", () =>
  served(async ({ get, version }) => {
    const caching = async (path: string) => {
      const response = await get(path);
      await response.body?.cancel();
      assertEquals(response.status, 200, path);
      return response.headers.get("Cache-Control") ?? "";
    };
    const paths = [
      "/models/model?",
      "/models/model/matrix?",
      "/models/model/matrix/weights?",
      "/legend/model/matrix/weights.json?",
      "/inspect/model/matrix/weights?x=17&y=5&",
      "/summary/model/plain?",
    ];
    for (const path of paths) {
      assertMatch(await caching(`${path}v=${version()}`), /immutable/, path);
      assertMatch(await caching(`${path}v=another`), /no-cache/, path);
    }
    // Of no model, so no version names them.
    for (const path of ["/modes", "/colormaps"]) {
      assertMatch(await caching(`${path}?v=${version()}`), /no-cache/, path);
    }
  }));

Deno.test("a point is told with its tensor index and value", () =>
  served(async (server) => {
    const found = await json(server, "/inspect/model/matrix/weights?x=17&y=5");
    assertEquals([found.tensor, found.index], ["matrix", [5, 17]]);
    assertEquals(found.value, Math.fround(Math.sin((5 * 900 + 17) * 0.37)));
    assertEquals(found.cell.count, 1);
    const coarse = await json(server, "/inspect/model/matrix/weights?x=3&y=2&z=0");
    assertEquals(coarse.cell.count, 16);
  }));

Deno.test("legends come as JSON, SVG and PNG", () =>
  served(async ({ get }) => {
    const types = { json: "application/json", svg: "image/svg+xml", png: "image/png" };
    for (const [format, type] of Object.entries(types)) {
      const response = await get(`/legend/model/matrix/weights.${format}`);
      assertEquals([response.status, response.headers.get("Content-Type")], [200, type]);
      assert((await response.bytes()).length > 100);
    }
  }));

Deno.test("a model tells how its layers belong together", async () => {
  const engine = await createEngine(["fixtures/models/tiny-transformer"], { workers: 0 });
  try {
    const app = createApp(engine);
    const response = await app(new Request("http://localhost/models/tiny-transformer"));
    const { structure, layers, tensors }: Json = await response.json();
    assertEquals(structure, {
      order: "names",
      blocks: [{ pattern: "blocks.*", within: null, count: 4, layers: 6 }],
      joins: [],
      edges: 0,
      declared: {},
      ignored: [],
    });
    const { role, block, inputs, aliases } = layers.find((layer: Json) =>
      layer.name === "blocks.2.proj"
    );
    assertEquals({ role, block, inputs, aliases }, {
      role: "attention.output",
      block: { pattern: "blocks.*", index: 2, indices: [2] },
      inputs: [],
      aliases: [],
    });
    assertEquals(Object.keys(tensors[0]), ["name", "dtype", "shape", "bytes"]);
  } finally {
    await engine.close();
  }
});

Deno.test("a name that is tied to another leads to the same tiles and figures", async () => {
  const engine = await createEngine(["fixtures/pytorch/module.pt"], { workers: 1 });
  try {
    const app = createApp(engine);
    const get = async (path: string) => {
      const response = await app(new Request(`http://localhost${path}`));
      assertEquals(response.status, 200, path);
      return new Uint8Array(await response.arrayBuffer());
    };
    const parse = (bytes: Uint8Array): Json => JSON.parse(new TextDecoder().decode(bytes));
    const { layers, tensors } = parse(await get("/models/module"));
    assertEquals(layers[0].aliases, ["tied.weight", "tied.bias"]);
    assertEquals(tensors.find(({ name }: Json) => name === "tied.bias").aliasOf, "first.bias");
    for (const path of ["/summary/module", "/tiles/module"]) {
      const end = path.startsWith("/tiles") ? "/weights/0/0/0.npy" : "";
      const expected = await get(`${path}/first.weight${end}`);
      for (const name of ["tied.weight", "tied", "first"]) {
        assertEquals(await get(`${path}/${name}${end}`), expected);
      }
    }
  } finally {
    await engine.close();
  }
});
