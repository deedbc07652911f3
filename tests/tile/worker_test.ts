import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Changed } from "../../src/errors.ts";
import {
  failure,
  modelFile,
  numbers,
  tileAt,
  withFolder,
  withTensors,
  writeRows,
} from "./models.ts";

const model = (value: number) => ({
  matrix: { shape: [300, 600], values: new Float32Array(300 * 600).fill(value) },
});

const changes: Record<string, (path: string) => void> = {
  "rewritten in place": (path) => Deno.writeFileSync(path, modelFile(model(2))),
  "replaced by another": (path) => {
    Deno.writeFileSync(`${path}.new`, modelFile(model(2)));
    Deno.renameSync(`${path}.new`, path);
  },
  "removed": (path) => Deno.removeSync(path),
};

for (const [what, change] of Object.entries(changes)) {
  Deno.test(`a file ${what} between a tile's ticket and its work is Changed, no picture`, () =>
    withTensors(model(1), async (engine, path) => {
      // The worker's handle is open, the layer's scale is known.
      await engine.ticket(tileAt("matrix", [2, 0, 0])).tile();
      const tickets = [[2, 1, 0], [2, 1, 1], [0, 0, 0]].map((place) =>
        engine.ticket(tileAt("matrix", place as [number, number, number]))
      );
      change(path);
      for (const ticket of tickets) {
        const error = await failure(() => ticket.tile());
        assert(error instanceof Changed, String(error));
      }
    }));
}

Deno.test("a file that changes while a tile is read is Changed, or the tile was read before", () => {
  const rows = new Uint8Array(2048).fill(1);
  return withFolder(
    (folder) => writeRows(`${folder}/model.safetensors`, 2048, rows),
    { workers: 1, cacheBytes: 0 },
    async (engine, folder) => {
      const ticket = engine.ticket({
        ...tileAt("matrix", [0, 0, 0]),
        mode: "stats",
        format: "bin",
      });
      const before = (await ticket.tile()).bytes;
      using file = Deno.openSync(`${folder}/model.safetensors`, { write: true });
      // Its last rows are read last.
      const end = Deno.statSync(`${folder}/model.safetensors`).size;
      file.seekSync(end - 512 * 2048, Deno.SeekMode.Start);
      const again = ticket.tile();
      again.catch(() => {}); // looked at below
      await new Promise((resolve) => setTimeout(resolve, 2));
      file.writeSync(new Uint8Array(512 * 2048).fill(9));
      try {
        assertEquals((await again).bytes, before);
      } catch (error) {
        assert(error instanceof Changed, String(error));
      }
    },
  );
});

Deno.test("one worker shows more models than it keeps handles of, and the first one again", () => {
  const count = 70;
  return withFolder(
    async (folder) => {
      for (let i = 0; i < count; i++) {
        const values = new Float32Array(400).fill(i + 1);
        const bytes = modelFile({ matrix: { shape: [20, 20], values } });
        await Deno.writeFile(`${folder}/m${i}.safetensors`, bytes);
      }
    },
    { workers: 1, cacheBytes: 0 },
    async (engine, folder) => {
      const check = async (i: number) => {
        const address = { ...tileAt("matrix", [0, 0, 0], "", { crop: true }), model: `m${i}` };
        const { values } = await numbers(engine, address);
        assert(values.every((value) => value === i + 1), `model ${i} shows ${values[0]}`);
      };
      const idle = open(folder);
      for (let i = 0; i < count; i++) await check(i);
      for (const i of [0, 1, count - 1, 5, 0]) await check(i);
      if (Deno.build.os === "linux") assertAlmostEquals(open(folder) - idle, 64, 1);
    },
  );
});

Deno.test("a worker closes a file that was replaced, once its successor is shown", () =>
  withTensors(model(0), async (engine, path) => {
    for (let value = 1; value <= 3; value++) {
      await engine.ticket(tileAt("matrix", [2, 0, 0])).tile();
      Deno.writeFileSync(`${path}.new`, modelFile(model(value)));
      Deno.renameSync(`${path}.new`, path);
      // A file is believed to be unchanged for 100 ms, then opened again.
      for (let shown = NaN, tries = 0; shown !== value; tries++) {
        assert(tries < 80, "the new file is not shown within two seconds");
        await new Promise((resolve) => setTimeout(resolve, 25));
        try {
          shown = (await numbers(engine, tileAt("matrix", [2, 0, 0]))).values[0]!;
        } catch (error) {
          assert(error instanceof Changed, String(error));
        }
      }
    }
    // The catalogue's and the worker's handle of the file as it is now.
    if (Deno.build.os === "linux") assertEquals(open(path), 2);
  }));

/** Files below the path that this process has open; 0 where the system does not tell. */
function open(path: string): number {
  if (Deno.build.os !== "linux") return 0;
  return [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith(path);
    } catch {
      return false; // The handle that lists them is gone by now.
    }
  }).length;
}
