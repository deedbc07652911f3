import { assert, assertEquals, assertMatch } from "@std/assert";
import { createApp } from "../../routes/app.ts";
import { FormatError } from "../../src/errors.ts";
import { createEngine } from "../../src/tile/engine.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { npyFile, npyHeader, zipFile } from "../formats/build.ts";
import { ingesting, largeFile, mapTile, TALL, until, WIDE } from "./large.ts";
import { failure, numbers, tileAt } from "./models.ts";

Deno.test("a missing shard is told of with what it holds, and brings it when it appears", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const shard = (name: string) => largeFile([name], 1, 64, 64);
    await Deno.mkdir(`${folder}/model`);
    await Deno.writeFile(`${folder}/model/one.safetensors`, shard("a"));
    await Deno.writeTextFile(
      `${folder}/model/model.safetensors.index.json`,
      JSON.stringify({ weight_map: { a: "one.safetensors", b: "two.safetensors" } }),
    );
    const engine = await createEngine([folder], { workers: 1 });
    try {
      const app = createApp(engine);
      const described = async () =>
        await (await app(new Request("http://localhost/models/model"))).json();
      const before = await described();
      assertEquals(before.tensors.map(({ name }: { name: string }) => name), ["a"]);
      assertEquals(before.failures.length, 1);
      assertEquals([before.failures[0].file, before.failures[0].tensors], ["two.safetensors", 1]);
      assertEquals(before.structure.ignored, [
        { name: "b", reason: 'its shard "two.safetensors" cannot be read' },
      ]);
      // No answer tells where on the server's disk it would have to be.
      assert(!JSON.stringify(before).includes(folder), before.failures[0].detail);
      const tile = await engine.ticket(mapTile([0, 0, 0])).tile();
      assertEquals(tile.headers["Synaptile-Refinement"], "1");
      engine.watch(folder).catch(() => {});
      await Deno.writeFile(`${folder}/model/two.safetensors`, shard("b"));
      await new Promise((done) => setTimeout(done, 120)); // longer than a model is believed
      for (let i = 0; i < 40 && (await described()).tensors?.length !== 2; i++) {
        await new Promise((done) => setTimeout(done, 50));
      }
      const after = await described();
      assertEquals([after.tensors.length, after.failures, after.structure.ignored], [2, [], []]);
      assert(after.version !== before.version);
    } finally {
      await engine.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** An archive of byte matrices, the compressed bytes of one of which are damaged. */
function archive(): Uint8Array {
  const matrix = (offset: number) => {
    const data = new Uint8Array(TALL * WIDE);
    for (let i = 0; i < data.length; i++) data[i] = offset + (i >> 15) % 50 + (i * 7) % 3;
    return npyFile(npyHeader("|u1", [TALL, WIDE]), data);
  };
  const members = ["a", "b", "c"].map((name, i) => ({
    name: `${name}.npy`,
    data: matrix(60 * i),
    deflate: true,
  }));
  const bytes = zipFile(members);
  // Well within the second member.
  const middle = Math.floor(bytes.length / 2);
  bytes.fill(0xff, middle, middle + 64);
  return bytes;
}

/** Whether the middle of where a tensor lies on the map shows any colour there. */
async function alphaAt(engine: Engine, tensor: string): Promise<number> {
  const { layout } = engine.layout(engine.model("model"));
  const region = layout.regions.find(({ plane }) =>
    layout.planes[plane]!.plane.tensor.name === tensor
  )!;
  const { values, width } = await numbers(engine, mapTile([0, 0, 0]));
  const scale = 2 ** layout.nativeZoom;
  const x = Math.floor((region.x + region.width / 2) / scale);
  const y = Math.floor((region.y + region.height / 2) / scale);
  return values[y * width + x]!;
}

for (const background of [true, false]) {
  const how = background ? "is ingested" : "is only looked at";
  Deno.test(`a layer whose bytes are damaged is the only one that is lost when a model ${how}`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const path = `${folder}/model.npz`;
      await Deno.writeFile(path, archive());
      const look = async (engine: Engine) => {
        const own = await failure(async () => await engine.ticket(tileAt("b", [0, 0, 0])).tile());
        assert(own instanceof FormatError, String(own));
        const intact = await engine.ticket(tileAt("c", [0, 0, 0])).tile();
        assertEquals(intact.headers["Synaptile-Refinement"], "1");
        // The map shows the others, and says that it is not all.
        const tile = await engine.ticket(mapTile([0, 0, 0])).tile();
        assertMatch(tile.etag, /^W\//);
        assert(Number(tile.headers["Synaptile-Refinement"]) < 1);
        assert(await alphaAt(engine, "a") > 0);
        assert(await alphaAt(engine, "c") > 0);
        assert(Number.isNaN(await alphaAt(engine, "b")));
        const { nativeZoom } = engine.layout(engine.model("model")).layout;
        for (let x = 0; x < 4; x++) {
          await engine.ticket(mapTile([nativeZoom - 1, x, 1])).tile();
          await engine.ticket(mapTile([nativeZoom - 1, x, 1], "scope=model")).tile();
        }
      };
      if (background) {
        await ingesting(path, `${folder}/store`, async (engine) => {
          await until(engine, "done");
          const { layers, failures } = engine.ingest("model")!;
          assertEquals(layers, { done: 2, total: 3 });
          assertEquals(failures.map(({ tensor }) => tensor), ["b"]);
          await look(engine);
        });
      } else {
        const engine = await createEngine([path], { workers: 1 });
        try {
          await look(engine);
        } finally {
          await engine.close();
        }
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
