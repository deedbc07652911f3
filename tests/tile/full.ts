/** What `full_test.ts` runs where ROOT is a disk of 4 MiB of its own: `full.ts ROOT MODEL`. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { createEngine } from "../../src/tile/engine.ts";
import { run } from "../cli/run.ts";
import { filesBelow, ingesting, mapTile, until } from "./large.ts";
import { tileAt } from "./models.ts";

const [root, path] = Deno.args as [string, string];
const store = `${root}/store`, filler = `${root}/filler`;
await Deno.writeFile(filler, new Uint8Array(3.6 * 2 ** 20));

const { code, stderr } = await run("ingest", path, "--store", store);
assertEquals(code, 1);
assertMatch(stderr, /^synaptile: the disk is full: \S+ was not \w+; make room and run this again/);
assert(stderr.includes(store), stderr);
assertEquals(filesBelow(store).filter((path) => path.endsWith(".part")), []);

const plain = await createEngine([path], { workers: 1 });
const expected = (await plain.ticket(tileAt("c", [0, 0, 0])).tile()).bytes;
await plain.close();

await ingesting(path, store, async (engine) => {
  await until(engine, "failed");
  const { detail, layers } = engine.ingest("model")!;
  assertMatch(detail!, /the disk is full/);
  assert(!detail!.includes(root), detail); // which is no client's business
  assert(layers.done < layers.total);
  // From the file: what lies near exactly, what lies far as an estimate.
  for (const layer of ["a", "c"]) {
    const near = await engine.ticket(tileAt(layer, [3, 1, 1])).tile();
    assertEquals(near.type, "image/png");
    await engine.ticket(tileAt(layer, [0, 0, 0])).tile();
  }
  const whole = engine.ticket(mapTile([0, 0, 0]));
  assert(whole.preliminary);
  await whole.tile();
  // Nothing has changed: it fails again, and says so.
  assertEquals(engine.setIngest("model", "running").state, "waiting");
  await until(engine, "failed");
  await Deno.remove(filler);
  engine.setIngest("model", "running");
  await until(engine, "done");
  assertEquals(engine.ingest("model")!.detail, undefined);
  assertEquals((await engine.ticket(tileAt("c", [0, 0, 0])).tile()).bytes, expected);
});
console.log("ok");
