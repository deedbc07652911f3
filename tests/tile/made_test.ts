import { assertEquals } from "@std/assert";
import { createEngine } from "../../src/tile/engine.ts";
import { npy } from "./pictures.ts";

const capture = new URL("../../fixtures/captures/decoder", import.meta.url).pathname;
/** Bytes of one matrix of the capture. */
const ONE = 128 * 128 * 4;

Deno.test("what was made is made again once it was let go of, and is the same", async () => {
  const engine = await createEngine([capture], {
    ...{ workers: 2, cacheBytes: 0, madeBytes: 2 * ONE },
  });
  try {
    const draw = async (head: number) => {
      const { bytes } = await engine.ticket({
        ...{ model: "decoder", layer: "block3", mode: "attention", z: 0, x: 0, y: 0 },
        ...{ density: 1, crop: true, format: "npy" },
        query: new URLSearchParams({ head: String(head), power: "4" }),
      }).tile();
      return npy(bytes).values;
    };
    const first = [await draw(0), await draw(1), await draw(2), await draw(3)];
    for (const head of [3, 0, 1, 2]) assertEquals(await draw(head), first[head]);
    const together = await Promise.all([0, 1, 2, 3, 0, 1, 2, 3].map(draw));
    for (const [i, values] of together.entries()) assertEquals(values, first[i % 4]);
  } finally {
    await engine.close();
  }
});

Deno.test("one that is larger than all that may be kept is drawn too", async () => {
  const engine = await createEngine([capture], { workers: 1, madeBytes: 1 });
  try {
    const query = new URLSearchParams({ power: "2" });
    const view = engine.view("decoder", "block0", "attention", query);
    const { value } = await engine.inspect(view, 0, 127, undefined);
    assertEquals(value! > 0, true);
    const { normalization } = await engine.legend(view);
    assertEquals(normalization.startsWith("linear from min to max"), true);
  } finally {
    await engine.close();
  }
});
