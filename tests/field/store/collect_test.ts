import { assert, assertEquals, assertRejects } from "@std/assert";
import { collectStores, ModelStore, type StoreContent } from "../../../src/field/store.ts";
import { tryLock } from "../../../src/field/store/locks.ts";
import { inFolder } from "../../storage/folder.ts";
import { other } from "./other.ts";
import { contentOf, filesIn } from "./stats.ts";

const content = (key: string): StoreContent => ({ ...contentOf(100, 50), key });
const HOUR = 60 * 60 * 1000;

/** Makes stores of about 100 kB each, the first used `days` ago, the others a day later each. */
function makeStores(root: string, keys: readonly string[], days = keys.length): ModelStore[] {
  return keys.map((key, i) => {
    const store = ModelStore.open(root, content(key));
    store.writePart(0, 0, new Uint8Array(100_000));
    const used = new Date(Date.now() - (days - i) * 24 * HOUR);
    Deno.utimeSync(`${store.folder}/used`, used, used);
    return store;
  });
}

const remaining = (root: string, stores: readonly ModelStore[]) =>
  stores.map(({ folder }) => [...Deno.readDirSync(root)].some(({ name }) => folder.endsWith(name)));

Deno.test("stores that were not used for longest go, until the rest is within the limit", () =>
  inFolder(async (root) => {
    const stores = makeStores(root, ["a", "b", "c", "d"]);
    const sizes = await Promise.all(stores.map((store) => store.bytes()));
    for (const bytes of sizes) assert(bytes > 100_000 && bytes < 150_000, `${bytes}`);
    stores[0]!.touch(); // now the last one used
    for (const store of stores) store.close();
    const all = sizes.reduce((sum, bytes) => sum + bytes);
    assertEquals(await collectStores(root, { limit: all }), { removed: 0, bytes: all });
    const two = await collectStores(root, { limit: 250_000 });
    assertEquals(two, { removed: 2, bytes: sizes[0]! + sizes[3]! });
    assertEquals(remaining(root, stores), [true, false, false, true]);
    assertEquals(await collectStores(root, { limit: 0 }), { removed: 2, bytes: 0 });
    assertEquals([...Deno.readDirSync(root)], []);
    assertEquals(await collectStores(`${root}/none`, { limit: 0 }), { removed: 0, bytes: 0 });
  }));

Deno.test("stores that were not used for too long go", () =>
  inFolder(async (root) => {
    const stores = makeStores(root, ["a", "b", "c"], 10); // ten, nine, eight days
    for (const store of stores) store.close();
    const { removed } = await collectStores(root, { limit: Infinity, maxAgeDays: 8.5 });
    assertEquals(removed, 2);
    assertEquals(remaining(root, stores), [false, false, true]);
  }));

Deno.test("stores that are to be kept, or are open in this or another process, stay", () =>
  inFolder(async (root) => {
    const stores = makeStores(root, ["kept", "here", "there", "none"]);
    await using holder = await other(root, content("there"), "open");
    for (const key of [0, 2, 3]) stores[key]!.close();
    const keep = [stores[0]!.folder];
    const collect = () => collectStores(root, { limit: 0, maxAgeDays: 0, keep });
    assertEquals((await collect()).removed, 1);
    assertEquals(remaining(root, stores), [true, true, true, false]);
    await holder.kill();
    stores[1]!.close();
    assertEquals((await collect()).removed, 2);
    assertEquals(remaining(root, stores), [true, false, false, false]);
  }));

Deno.test("what has another name, or was half written or half removed, and when", () =>
  inFolder(async (root) => {
    const [store] = makeStores(root, ["a"]);
    const old = new Date(Date.now() - 2 * HOUR);
    const uuid = crypto.randomUUID();
    const files: readonly (readonly [string, boolean])[] = [
      [`${store!.folder}/records/000000.${uuid}-1.part`, false],
      [`${store!.folder}/pyramids.zarr/layers/000000/mean_3/c.0.0.${uuid}-1.part`, false],
      [`${store!.folder}/records/000001`, true],
      [`${store!.folder}.${uuid}.removed/parts/1`, false],
      [`${root}/synaptile-notes/0.${uuid}-1.part`, true],
      [`${root}/synaptile-0123456789abcdef.zip`, true],
      [`${root}/model.safetensors`, true],
    ];
    for (const [path] of files) {
      Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      Deno.writeFileSync(path, new Uint8Array(10));
      Deno.utimeSync(path, old, old);
    }
    const fresh = `${store!.folder}/records/000000.${uuid}-2.part`;
    Deno.writeFileSync(fresh, new Uint8Array(10));
    assertEquals((await collectStores(root, { limit: 1e9 })).removed, 0);
    const there = new Set(filesIn(root).map((path) => `${root}/${path}`));
    for (const [path, stays] of files) assertEquals(there.has(path), stays, path);
    assert(there.has(fresh));
    store!.close();
    await collectStores(root, { limit: 0 });
    assertEquals(filesIn(root), [
      ...["model.safetensors", "synaptile-0123456789abcdef.zip"],
      `synaptile-notes/0.${uuid}-1.part`,
    ]);
  }));

Deno.test("a store that is opened while it is being collected is whole, if empty", () =>
  inFolder(async (root) => {
    for (let i = 0; i < 20; i++) {
      makeStores(root, ["a"])[0]!.close();
      const collecting = collectStores(root, { limit: 0 });
      const opened: ModelStore[] = [];
      for (let j = 0; j < 10; j++) {
        const store = ModelStore.open(root, content("a"));
        store.writeRecord(0, { j });
        opened.push(store);
        await new Promise((resolve) => setTimeout(resolve, j % 2));
        assertEquals(store.readRecord(0), { j });
        if (j < 3) opened.pop()!.close();
      }
      await collecting;
      assertEquals(opened.at(-1)!.readRecord(0), { j: 9 });
      for (const store of opened) store.close();
    }
  }));

Deno.test("who waits to open a store while it is taken away gets a new one, and holds that", () =>
  inFolder(async (root) => {
    const [store] = makeStores(root, ["a"]);
    store!.close();
    const lock = tryLock(`${store!.folder}/used`)!;
    const waiting = other(root, content("a"), "open");
    await new Promise((resolve) => setTimeout(resolve, 400));
    Deno.renameSync(store!.folder, `${root}/aside`);
    lock.release();
    await using holder = await waiting;
    assertEquals(holder.said, "ready");
    assertEquals((await collectStores(root, { limit: 0 })).removed, 0);
    assertEquals(filesIn(store!.folder).filter((path) => path.startsWith("parts")), []);
  }));

Deno.test("collecting ends when it is cancelled", () =>
  inFolder(async (root) => {
    const stores = makeStores(root, ["a"]);
    stores[0]!.close();
    const signal = AbortSignal.abort();
    await assertRejects(() => collectStores(root, { limit: 0, signal }), DOMException);
    assertEquals(remaining(root, stores), [true]);
  }));
