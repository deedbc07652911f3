import { assertEquals } from "@std/assert";
import { tileAt, withFolder } from "./models.ts";

const fixture = new URL("../../fixtures/hdf5/tiles.h5", import.meta.url);

Deno.test("the same weights in one run, in chunks, deflated or as big-endian doubles: one picture", async () => {
  const prepare = (folder: string) => Deno.copyFile(fixture, `${folder}/model.h5`);
  await withFolder(prepare, { workers: 1 }, async (engine) => {
    for (const mode of ["weights"]) {
      for (const place of [[0, 0, 0], [1, 0, 0], [1, 0, 1], [4, 0, 3]] as const) {
        const tiles = [];
        for (const layer of ["plain", "chunked", "deflated", "whole"]) {
          const { bytes } = await engine.ticket(tileAt(layer, [...place], "", { mode })).tile();
          tiles.push(bytes);
        }
        for (const tile of tiles) assertEquals(tile, tiles[0], `${mode} ${place}`);
      }
    }
  });
});
