import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { createApp } from "../../routes/app.ts";
import { createEngine } from "../../src/tile/engine.ts";

const capture = new URL("../../fixtures/captures/digits-cnn", import.meta.url).pathname;
const network = new URL("../../fixtures/models/burn-mnist.safetensors", import.meta.url).pathname;

async function serving(test: (get: (path: string) => Promise<Response>) => Promise<void>) {
  const engine = await createEngine([capture, network], { workers: 1 });
  try {
    const app = createApp(engine);
    await test(async (path) => await app(new Request(`http://localhost${path}`)));
  } finally {
    await engine.close();
  }
}

Deno.test("a capture lists its steps, and answers for any of them", () =>
  serving(async (get) => {
    const json = async (path: string) => await (await get(path)).json();
    const model = await json("/models/digits-cnn");
    assertEquals([model.step, model.format], [400, "capture"]);
    assertEquals(model.steps.map(({ step }: { step: number }) => step), [0, 10, 400]);
    assertEquals(model.steps[2].loss, 0.04697);
    assertEquals((await json("/models/digits-cnn?step=10")).step, 10);
    assertEquals(model.layers[0].captured, [
      { kind: "gradient", name: "grad/conv1.weight" },
      { kind: "gradient", name: "grad/conv1.bias" },
      { kind: "activation", name: "act/conv1" },
    ]);

    const means = [0, 10, 400].map(async (step) => {
      const { mean } = await json(`/summary/digits-cnn/conv1?step=${step}`);
      return mean as number;
    });
    const [first, second, third] = await Promise.all(means);
    assertNotEquals(first, second);
    assertNotEquals(second, third);
    assertEquals((await json("/summary/digits-cnn/conv1")).mean, third);
    const gradient = await json("/summary/digits-cnn/grad%2Fconv1.weight?step=10");
    assertEquals([gradient.shape, gradient.dtype], [[8, 3, 3, 3], "F16"]);
  }));

Deno.test("a tile is drawn of the step that is asked for, and its address names it", () =>
  serving(async (get) => {
    const bytes = async (path: string) => {
      const response = await get(path);
      assertEquals(response.status, 200, path);
      return { tag: response.headers.get("ETag"), body: await response.bytes() };
    };
    const tile = "/tiles/digits-cnn/conv2/weights/0/0/0.npy";
    const [early, late] = [await bytes(`${tile}?step=0`), await bytes(`${tile}?step=400`)];
    assertNotEquals(early.body, late.body);
    assertEquals((await bytes(tile)).body, late.body);
    assertNotEquals(early.tag, late.tag);

    const view = await (await get("/models/digits-cnn/conv2/weights?step=10")).json();
    assertMatch(view.tiles.png, /\?step=10&v=/);
    assertMatch(view.links.legend, /\?step=10$/);
    assertMatch(view.links.summary, /\/summary\/digits-cnn\/conv2\?step=10$/);
    const maps = await (await get("/models/digits-cnn/conv2/activations?step=10")).json();
    assertMatch(maps.links.summary, /\/summary\/digits-cnn\/act%2Fconv2\?step=10$/);
    assertEquals((await (await get(maps.links.summary)).json()).shape, [2, 16, 16, 16]);
    assertMatch(view.links.inspect, /\?step=10&x=\{x\}&y=\{y\}$/);
    const other = await (await get("/models/digits-cnn/conv2/weights")).json();
    assertMatch(other.tiles.png, /\.png\?v=/);

    const point = (step: number) => get(`/inspect/digits-cnn/conv2/weights?x=0&y=0&step=${step}`);
    const { value } = await (await point(0)).json();
    assertEquals(value, new Float32Array(early.body.slice(-4 * 256 * 256).buffer)[0]);

    const map = async (step: number) =>
      (await bytes(`/tiles/digits-cnn/_/map/0/0/0.npy?step=${step}`)).body;
    assertNotEquals(await map(0), await map(400));
    const { tiles } = await (await get("/tiles/digits-cnn/_/map/map.json?step=10")).json();
    assertMatch(tiles, /\.png\?step=10&v=/);
  }));

Deno.test("the places of norms lead to tiles with the same numbers, at that step", () =>
  serving(async (get) => {
    const asked = "?by=inputs&step=10";
    const npy = async (path: string) => {
      const response = await get(path);
      assertEquals(response.status, 200, path);
      return new Float32Array((await response.bytes()).slice(-4 * 256 * 256).buffer);
    };
    const all = await npy(`/tiles/digits-cnn/_/norms/0/0/0.npy${asked}`);
    const { tiles, regions } = await (await get(`/tiles/digits-cnn/_/norms/map.json${asked}`))
      .json();
    for (const { tensor, x, y, width, height } of regions) {
      const place = { tensor: encodeURIComponent(tensor), z: 0, x: 0, y: 0 };
      const path = Object.entries(place).reduce(
        (path, [name, value]) => path.replace(`{${name}}`, String(value)),
        tiles.replace(".png", ".npy"),
      );
      const own = await npy(path);
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) {
          const value = all[256 * (y + row) + x + column]!;
          const isThere = Number.isFinite(value);
          assertEquals(isThere ? own[256 * row + column] : NaN, isThere ? value : NaN, path);
        }
      }
    }
    assertEquals(regions.length, 5);
  }));

Deno.test("steps that there are not are refused, each with those there are", () =>
  serving(async (get) => {
    for (
      const [path, detail] of [
        ["/tiles/digits-cnn/conv1/weights/0/0/0.png?step=11", /steps 0, 10, 400/],
        ["/models/digits-cnn?step=-1", /step=-1/],
        ["/models/digits-cnn?step=0&step=10", /step=0, 10/],
        ["/summary/digits-cnn/conv1?step=1e1", /step=1e1/],
        ["/models/burn-mnist?step=0", /"burn-mnist" is no capture/],
        ["/tiles/burn-mnist/conv1/weights/0/0/0.png?step=", /step=: model/],
      ] as const
    ) {
      const refused = await get(path);
      assertEquals(refused.status, 400, path);
      const { detail: found, allowed } = await refused.json();
      assertMatch(found, detail);
      assertEquals(allowed, path.includes("burn") ? [] : [0, 10, 400]);
    }
  }));

Deno.test("a point of a map is that of its step, whatever was looked at before", () =>
  serving(async (get) => {
    const answer = async (kind: string, step: string) => {
      const response = await get(`/inspect/digits-cnn/${kind}?x=0&y=0${step}`);
      const { tensor, value } = await response.json();
      return { tensor, value };
    };
    const first = await answer("_/map", "&step=0"), last = await answer("_/map", "");
    assertNotEquals(first.value, last.value);
    const layer = `${encodeURIComponent(first.tensor)}/weights`;
    assertEquals(await answer(layer, ""), last);
    assertEquals(await answer(layer, "&step=0"), first);
  }));

Deno.test("a sketch without a histogram is asked for again, as an ingest may bring one", () =>
  serving(async (get) => {
    const { version } = await (await get("/models/digits-cnn")).json();
    const response = await get(`/sketch/digits-cnn/conv1?v=${version}`);
    assertEquals((await response.json()).histogram, null);
    assertEquals(response.headers.get("Cache-Control"), "public, no-cache");
  }));

Deno.test("partners are those of the step's layer, its own capture for its other steps", () =>
  serving(async (get) => {
    const response = await get("/partners/digits-cnn/conv1?step=0");
    assertEquals(response.status, 200);
    assertEquals(await response.json(), {
      partners: [{ id: "digits-cnn", title: "digits-cnn", tensors: 1, steps: [0, 10, 400] }],
    });
    assertEquals((await get("/partners/digits-cnn/conv1?step=1")).status, 400);
  }));

Deno.test("what a layer was captured as is looked at first as that, and a weight as weights", () =>
  serving(async (get) => {
    const first = async (layer: string) => {
      const { modes } = await (await get(`/models/digits-cnn/${layer}`)).json();
      return modes.find(({ available }: { available: boolean }) => available).name;
    };
    assertEquals(await first("conv1"), "weights");
    assertEquals(await first("conv1.bias"), "weights");
    assertEquals(await first("act%2Fconv1"), "activations");
    assertEquals(await first("grad%2Fconv1.weight"), "gradients");
    const { layers } = await (await get("/models/digits-cnn")).json();
    assertEquals(layers[0].modes[0], "weights");
  }));

Deno.test("a comparison of two steps says which, and its links lead to the same", () =>
  serving(async (get) => {
    const path = "/models/digits-cnn/fc1/weights?step=10&against=digits-cnn&against_step=0";
    const view = await (await get(path)).json();
    assertEquals([view.against.model, view.against.step, view.options.step], ["digits-cnn", 0, 10]);
    assertEquals(view.query, "against=digits-cnn&against_step=0&step=10");
    const url = view.tiles.npy.replace(/\{.\}/g, "0");
    const tile = await get(url);
    assertEquals(tile.status, 200);
    assertEquals(tile.headers.get("Cache-Control")!.includes("immutable"), true);
    const other = await get(url.replace("against_step=0", "against_step=400"));
    assertNotEquals(tile.headers.get("ETag"), other.headers.get("ETag"));
    assertNotEquals(await tile.bytes(), await other.bytes());
    const wrong = await get(path.replace("against_step=0", "against_step=3"));
    assertEquals([wrong.status, (await wrong.json()).parameter], [400, "against_step"]);
  }));
