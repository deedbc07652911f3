import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { createApp } from "../../routes/app.ts";
import { createEngine } from "../../src/tile/engine.ts";
import { fixtureModels } from "../tile/golden.ts";

Deno.test("how a layer's volume is merged is answered as JSON, and what cannot be is refused", async () => {
  const engine = await createEngine([fixtureModels.pathname], { workers: 1 });
  try {
    const app = createApp(engine);
    const get = async (path: string) => await app(new Request(`http://localhost${path}`));
    const answer = await get("/octree/tiny-transformer/blocks.1.fc?epsilon=3&kappa=2");
    assertEquals(answer.status, 200);
    const { sides, cells, leaves, error, epsilon, kappa, axes } = await answer.json();
    assertEquals(sides.reduce((product: number, side: number) => product * side, 1), cells);
    assertEquals(leaves.length, 1 + Math.ceil(Math.log2(Math.max(...sides))));
    assertEquals([kappa, error <= epsilon], [2, true]);
    assertMatch(axes, /^across: .*; down: .*; through: axis 0/);

    for (const [i, axis] of ["x", "y", "z"].entries()) {
      const view = await (await get(`/models/tiny-transformer/blocks.1.fc/octree?axis=${axis}`))
        .json();
      const count = sides[i];
      assertEquals(view.ranges, {
        slice: { minimum: 0, maximum: count - 1, default: Math.floor(count / 2) },
      });
    }

    const stacked = await (await get("/octree/tiny-transformer/blocks.1.fc?stack=blocks")).json();
    const names = [0, 1, 2, 3].map((i) => `blocks.${i}.fc.weight`);
    assertEquals([stacked.stack, stacked.sides], [names, [64, 256, 4]]);
    assertMatch(stacked.axes, /^through: 4 tensors, from blocks\.0\.fc\.weight to blocks\.3\.fc\./);
    for (const mode of ["octree", "voxels"]) {
      const path = `tiny-transformer/blocks.1.fc/${mode}`;
      const view = await (await get(`/models/${path}?stack=blocks`)).json();
      assertEquals([view.stack, view.query, view.idle], [names, "stack=blocks", []]);
      assertMatch(view.tiles.png, /stack=blocks/);
      const legend = await (await get(`/legend/${path}.json?stack=blocks`)).json();
      assertMatch(legend.normalization, /4 layers, z from blocks\.0\.fc\.weight to blocks\.3/);
      const tile = await get(`/tiles/${path}/0/0/0.png?stack=blocks`);
      const own = await get(`/tiles/${path}/0/0/0.png`);
      assertEquals([tile.status, own.status], [200, 200]);
      assertNotEquals(tile.headers.get("ETag"), own.headers.get("ETag"));
      await Promise.all([tile.body!.cancel(), own.body!.cancel()]);
      const head = await (await get(`/models/tiny-transformer/head/${mode}`)).json();
      assertEquals(["stack" in head, head.idle], [false, ["stack"]]);
    }
    const cell = await get(
      "/inspect/tiny-transformer/blocks.1.fc/octree?stack=blocks&axis=y&slice=9&x=5&y=3",
    );
    const { tensor, index } = await cell.json();
    assertEquals([tensor, index], ["blocks.3.fc.weight", [9, 5]]);

    const { version } = await (await get("/models/tiny-transformer")).json();
    const named = await get(`/octree/tiny-transformer/blocks.1.fc?v=${version}`);
    assertMatch(named.headers.get("Cache-Control")!, /immutable/);
    await named.body!.cancel();

    for (
      const [path, status, detail] of [
        ["/octree/tiny-transformer/blocks.1.fc?epsilon=0", 400, /epsilon=0 is not a number from/],
        ["/octree/tiny-transformer/nothing", 404, /no layer or tensor "nothing"/],
        ["/octree/tiny-transformer/head?stack=blocks", 400, /"head.weight" lies in none/],
        ["/octree/tiny-transformer/head?stack=head,nobody", 400, /"nobody"/],
        ["/tiles/digits-mlp-f16/l1.fc/voxels/0/0/0.png?stack=blocks", 400, /\[192,784\] \(l1/],
        ["/octree/nobody/blocks.1.fc", 404, /nobody/],
      ] as const
    ) {
      const refused = await get(path);
      assertEquals(refused.status, status);
      assertMatch((await refused.json()).detail, detail);
    }
  } finally {
    await engine.close();
  }
});
