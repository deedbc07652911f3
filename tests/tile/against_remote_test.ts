import { assert, assertEquals } from "@std/assert";
import { createEngine } from "../../src/tile/engine.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { rangeServer, served } from "../storage/servers/range.ts";
import { type Content, hash, modelFile, numbers } from "./models.ts";
import { comparedAt } from "./pair.ts";

const content = (shape: readonly [number, number], seed: number): Content => ({
  shape,
  values: Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => hash(i + seed) - 0.5),
});
const files = {
  base: modelFile({ small: content([300, 280], 1), large: content([1500, 1400], 2) }),
  tuned: modelFile({ large: content([1500, 1400], 3), small: content([300, 280], 4) }),
};

/** An engine on copies on disk, and one of whose models those named lie behind a network. */
async function withFar(
  far: readonly (keyof typeof files)[],
  test: (mixed: Engine, near: Engine, sent: () => number) => Promise<void>,
): Promise<void> {
  await using server = await rangeServer({
    "/base.safetensors": served(files.base),
    "/tuned.safetensors": served(files.tuned),
  });
  const folder = await Deno.makeTempDir();
  const names = ["base", "tuned"] as const;
  for (const name of names) await Deno.writeFile(`${folder}/${name}.safetensors`, files[name]);
  const places = names.map((name) =>
    `${far.includes(name) ? server.origin : folder}/${name}.safetensors`
  );
  const near = await createEngine(names.map((name) => `${folder}/${name}.safetensors`), {
    workers: 1,
  });
  const mixed = await createEngine(places, {
    workers: 2,
    remote: { policy: { hosts: [], private: true } },
  });
  try {
    await test(mixed, near, () => server.sent);
  } finally {
    await Promise.all([near.close(), mixed.close()]);
    await Deno.remove(folder, { recursive: true });
  }
}

for (const far of [["base"], ["tuned"], ["base", "tuned"]] as (keyof typeof files)[][]) {
  Deno.test(`comparisons of models behind a network are those of copies on disk: ${far.join(", ")}`, () =>
    withFar(far, async (mixed, near, sent) => {
      const before = sent();
      // Near, only what is looked at is fetched; the scale is an estimate then.
      const tile = comparedAt("large", [3, 2, 1]);
      assertEquals((await numbers(mixed, tile)).values, (await numbers(near, tile)).values);
      assert(mixed.ticket(tile).preliminary);
      assert(sent() - before < 2 * 4e6, `${sent() - before} bytes were fetched`);
      const addresses = [
        comparedAt("small", [1, 0, 1], "compare=ratio"),
        comparedAt("small", [0, 0, 0], "scientific=0"),
        comparedAt("large", [0, 0, 0], "compare=signs"),
      ];
      for (const address of addresses) {
        const [there, here] = [mixed, near].map((engine) => engine.ticket(address).tile());
        assertEquals((await there!).bytes, (await here!).bytes);
      }
      const { nativeZoom } = mixed.view("tuned", "_", "map", new URLSearchParams()).plane;
      const map = comparedAt("_", [nativeZoom, 1, 1], "", "map");
      assertEquals((await numbers(mixed, map)).values, (await numbers(near, map)).values);
      const legend = (engine: Engine) =>
        engine.legend(engine.view("tuned", "_", "map", new URLSearchParams("against=base")));
      assert((await legend(mixed)).refinement! < 1);
      assertEquals((await legend(near)).refinement, undefined);
    }));
}
