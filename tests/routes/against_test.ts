import { assert, assertEquals, assertMatch } from "@std/assert";
import { createApp } from "../../routes/app.ts";
import { modelFile } from "../tile/models.ts";
import { withPair } from "../tile/pair.ts";

const fc = (scale: number) => ({
  shape: [3, 4],
  values: Float32Array.from({ length: 12 }, (_, i) => scale * i),
});
const base = modelFile({ fc: fc(1), alone: fc(2) });
const tuned = modelFile({ fc: fc(3), head: fc(4) });

const withApp = (test: (get: (path: string) => Promise<Response>, path: string) => Promise<void>) =>
  withPair(base, tuned, async (engine, paths) => {
    const app = createApp(engine);
    const get = async (path: string) => await app(new Request(`http://localhost${path}`));
    await test(get, paths.base);
  });

Deno.test("a compared view tells what it is compared with, and its links go on saying so", () =>
  withApp(async (get) => {
    for (const path of ["fc/weights", "_/map"]) {
      const view = await (await get(`/models/tuned/${path}?compare=signs&against=base`)).json();
      assertEquals(view.against.model, "base");
      assertEquals(view.query, "against=base&compare=signs");
      assertMatch(view.version, /^\w+-\w+$/);
      const tile = new URL(view.tiles.png.replace(/\{.\}/g, "0"), "http://localhost");
      assertEquals(tile.searchParams.get("against"), "base");
      const { headers } = await get(tile.pathname + tile.search);
      assertMatch(headers.get("Cache-Control")!, /immutable/);
      for (const link of [view.links.legend, view.links.tilejson, view.links.dzi]) {
        const response = await get(link);
        assertEquals(response.status, 200);
        await response.body!.cancel();
      }
      // The version of this model alone does not say all that the picture follows from.
      const [own] = view.version.split("-");
      const other = await get(`${tile.pathname}?against=base&compare=signs&v=${own}`);
      assertEquals(other.headers.get("Cache-Control"), "public, no-cache");
      const parameter = view.parameters.find(({ name }: { name: string }) => name === "against");
      assertEquals([parameter.type, parameter.default], ["model", null]);
    }
  }));

Deno.test("a tile that was answered before is not when the model it is compared with has changed", () =>
  withApp(async (get, path) => {
    const url = "/tiles/tuned/fc/weights/0/0/0.npy?against=base";
    const tag = async () => {
      const response = await get(url);
      await response.body!.cancel();
      return [response.status, response.headers.get("ETag")] as const;
    };
    const [status, before] = await tag();
    assertEquals([status, await tag()], [200, [200, before]]);
    await Deno.writeFile(path, modelFile({ fc: fc(7) }));
    await new Promise((resolve) => setTimeout(resolve, 150));
    assertEquals((await tag())[0], 409);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const [after, other] = await tag();
    assertEquals(after, 200);
    assert(other !== before);
  }));

Deno.test("models that a layer or a model can be compared with are told", () =>
  withApp(async (get) => {
    const partners = async (path: string) =>
      (await (await get(`/partners/${path}`)).json()).partners;
    assertEquals(await partners("tuned/_"), [{
      id: "base",
      title: "base.safetensors",
      tensors: 1,
    }]);
    assertEquals(await partners("base/fc"), [{
      id: "tuned",
      title: "tuned.safetensors",
      tensors: 1,
    }]);
    assertEquals(await partners("base/alone"), []);
    assertEquals((await get("/partners/base/none")).status, 404);
  }));

Deno.test("what cannot be compared is a problem document that says why", () =>
  withApp(async (get) => {
    const problem = async (path: string) => await (await get(path)).json();
    const alone = await problem("/tiles/tuned/head/weights/0/0/0.png?against=base");
    assertEquals([alone.status, alone.parameter, alone.expected], [400, "against", "head"]);
    const unknown = await problem("/legend/tuned/_/map.json?against=nobody");
    assertEquals([unknown.status, unknown.found, unknown.expected], [400, "nobody", [
      "base",
      "tuned",
    ]]);
    assertMatch(
      (await problem("/models/tuned/fc/stats?against=base")).detail,
      /unknown parameter "against"/,
    );
  }));
