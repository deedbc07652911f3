import { assertEquals, assertMatch } from "@std/assert";
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

    const { version } = await (await get("/models/tiny-transformer")).json();
    const named = await get(`/octree/tiny-transformer/blocks.1.fc?v=${version}`);
    assertMatch(named.headers.get("Cache-Control")!, /immutable/);
    await named.body!.cancel();

    for (
      const [path, status, detail] of [
        ["/octree/tiny-transformer/blocks.1.fc?epsilon=0", 400, /epsilon=0 is not a number from/],
        ["/octree/tiny-transformer/nothing", 404, /no layer or tensor "nothing"/],
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
