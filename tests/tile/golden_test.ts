import { assert, assertEquals } from "@std/assert";
import sharp from "sharp";
import { createEngine } from "../../src/tile/engine.ts";
import { draw, fixturePlaces, goldenFolder, goldenTiles } from "./golden.ts";

Deno.test("golden tiles are drawn as they were blessed", async (t) => {
  const engine = await createEngine(fixturePlaces, { workers: 1 });
  try {
    for (const golden of goldenTiles) {
      await t.step(golden[0], async () => {
        const blessed = await decode(
          await Deno.readFile(new URL(`${golden[0]}.png`, goldenFolder)),
        );
        const drawn = await decode(await draw(engine, golden));
        assertEquals([drawn.info.width, drawn.info.height], [
          blessed.info.width,
          blessed.info.height,
        ]);
        const differ = drawn.data.reduce((n, byte, i) => n + (byte === blessed.data[i] ? 0 : 1), 0);
        assert(
          differ === 0,
          `${differ} of ${drawn.data.length} bytes differ from fixtures/golden/${golden[0]}.png`,
        );
      });
    }
  } finally {
    await engine.close();
  }
});

const decode = (png: Uint8Array) =>
  sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
