/** What `full_test.ts` runs on a small disk of its own: `full.ts ROOT full|read-only`. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { OutOfSpace, Unreadable } from "../../../src/errors.ts";
import { ModelStore, readMeans, writeStats } from "../../../src/field/store.ts";
import { contentOf, filesIn, someStats } from "./stats.ts";

const [root, what] = Deno.args as [string, string];
const content = contentOf(6144, 6144);
const store = ModelStore.open(root, content);
const pyramid = store.layer(0);
const stats = someStats(384, 384, 1);

if (what === "full") {
  const error = assertThrows(() => writeStats(pyramid, 4, 0, 0, stats), OutOfSpace);
  assert(error.message.includes(pyramid.folder), error.message);
  // The means fit, and there is nothing of what did not.
  assertEquals(filesIn(pyramid.folder), ["mean_4/c.0.0"]);
  const note = assertThrows(() => store.writePart(0, 1, new Uint8Array(800_000)), OutOfSpace);
  assert(note.message.includes(`${store.folder}/parts`), note.message);
  assertEquals([store.readPart(0, 1), store.parts(0)], [null, []]);
  assertEquals(filesIn(store.folder).filter((path) => path.endsWith(".part")), []);
  // What was written is still right, and once there is room it goes on.
  const found = new Float32Array(384 * 384);
  readMeans(pyramid, 4, { x: 0, y: 0, width: 384, height: 384 }, {
    values: found,
    start: 0,
    pitch: 384,
  });
  assertEquals(found, stats.mean);
  Deno.removeSync(`${pyramid.folder}/mean_4`, { recursive: true });
  store.writePart(0, 1, new Uint8Array(100_000));
  assertEquals(store.parts(0), [1]);
} else {
  store.close(); // whose open file would keep the disk busy
  const run = new Deno.Command("mount", { args: ["-o", "remount,ro", root] }).outputSync();
  assert(run.success, new TextDecoder().decode(run.stderr));
  assertThrows(() => writeStats(pyramid, 4, 0, 0, stats), Unreadable, "cannot be");
  assertThrows(() => store.writeRecord(0, {}), Unreadable, "cannot be");
  assertThrows(() => store.touch(), Unreadable, "cannot be");
  assertThrows(() => ModelStore.open(root, content), Unreadable, "cannot be");
  assertThrows(() => ModelStore.open(`${root}/new`, content), Unreadable, "cannot be made");
}
console.log("ok");
