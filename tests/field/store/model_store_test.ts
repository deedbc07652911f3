import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Unreadable } from "../../../src/errors.ts";
import { ModelStore, type StoredPyramid, writeMeans } from "../../../src/field/store.ts";
import { inFolder } from "../../storage/folder.ts";
import { other } from "./other.ts";
import { contentOf, filesIn } from "./stats.ts";

const content = contentOf(100, 50);

/** Runs a test at a store in a folder of its own. */
const atStore = (test: (store: ModelStore, root: string) => Promise<void> | void) =>
  inFolder(async (root) => {
    const store = ModelStore.open(root, content);
    try {
      await test(store, root);
    } finally {
      store.close();
    }
  });

/** The nearest level of a layer of 100 × 50 cells. */
const writeZeros = (pyramid: StoredPyramid) => {
  const target = { values: new Float32Array(91), start: 0, pitch: 13 };
  writeMeans(pyramid, 3, { x: 0, y: 0, width: 13, height: 7 }, target);
};

Deno.test("a record is there once it is written, and is what was written", () =>
  atStore((store, root) => {
    assertEquals(store.readRecord(0), null);
    const again = ModelStore.open(root, content);
    fc.assert(fc.property(fc.jsonValue(), (record) => {
      store.writeRecord(0, record);
      assertEquals(again.readRecord(0), JSON.parse(JSON.stringify(record)));
    }));
    again.close();
  }));

Deno.test("parts are there once they are written, until they are removed", () =>
  atStore((store) => {
    assertEquals([store.readPart(0, 5), store.parts(0)], [null, []]);
    const parts = new Map<number, Uint8Array>();
    fc.assert(
      fc.property(fc.nat(300), fc.uint8Array({ maxLength: 200 }), (part, bytes) => {
        store.writePart(0, part, bytes);
        parts.set(part, bytes);
        for (const [part, bytes] of parts) assertEquals(store.readPart(0, part), bytes);
        assertEquals(store.parts(0), [...parts.keys()].sort((a, b) => a - b));
      }),
      { numRuns: 30 },
    );
    store.removeParts(0);
    store.removeParts(0);
    assertEquals([store.readPart(0, 5), store.parts(0)], [null, []]);
  }));

Deno.test("a record or part that is torn, edited or empty counts as not there", () =>
  atStore((store) => {
    store.writeRecord(0, { norm: 1.5, histogram: [1, 2, 3] });
    store.writePart(0, 7, Uint8Array.of(1, 2, 3, 4, 5));
    for (
      const [path, read] of [
        [`${store.folder}/records/000000`, () => store.readRecord(0)],
        [`${store.folder}/parts/000000/7`, () => store.readPart(0, 7)],
      ] as const
    ) {
      const whole = Deno.readFileSync(path);
      assertNotEquals(read(), null);
      for (let at = 0; at < whole.length; at++) {
        const edited = whole.map((byte, i) => i === at ? byte ^ 1 << at % 8 : byte);
        for (const wrong of [edited, whole.slice(0, at)]) {
          Deno.writeFileSync(path, wrong);
          assertEquals(read(), null, `byte ${at}`);
        }
      }
      Deno.writeFileSync(path, Uint8Array.of(...whole, 0));
      assertEquals(read(), null);
    }
  }));

Deno.test("a discarded layer has no record and no parts, but its levels until they are written anew", () =>
  atStore((store) => {
    const pyramid = store.layer(0);
    writeZeros(pyramid);
    store.writePart(0, 1, new Uint8Array(1));
    store.describe(0);
    store.writeRecord(0, {});
    const before = filesIn(pyramid.folder);
    store.discard(0);
    store.discard(0);
    assertEquals([store.readRecord(0), store.parts(0)], [null, []]);
    assertEquals(filesIn(pyramid.folder), before);
    store.writeRecord(0, { second: true });
    assertEquals(store.readRecord(0), { second: true });
  }));

Deno.test("a layer that is described is not described again", () =>
  atStore((store) => {
    store.describe(0);
    const path = `${store.layer(0).folder}/zarr.json`;
    Deno.writeTextFileSync(path, "{}");
    store.describe(0);
    assertEquals(Deno.readTextFileSync(path), "{}");
  }));

Deno.test("the same content gives the same folder and the same bytes, other content another folder", () =>
  inFolder((root) => {
    const make = (root: string) => {
      const store = ModelStore.open(root, content);
      writeZeros(store.layer(0));
      store.writePart(0, 1, Uint8Array.of(1));
      store.describe(0);
      store.writeRecord(0, { norm: 1 });
      store.close();
      return store;
    };
    const [one, two] = [make(`${root}/a`), make(`${root}/b`)];
    assertEquals(two.folder, one.folder.replace(`${root}/a`, `${root}/b`));
    const files = filesIn(one.folder);
    assertEquals(filesIn(two.folder), files);
    assert(files.length > 10);
    for (const file of files) {
      assertEquals(
        Deno.readFileSync(`${two.folder}/${file}`),
        Deno.readFileSync(`${one.folder}/${file}`),
        file,
      );
    }
    const [layer] = content.layers;
    const others = [
      { ...content, key: "other" },
      // Another version may look at a tensor as another plane.
      { ...content, layers: [{ ...layer!, width: 50, height: 100 }] },
    ];
    for (const content of others) {
      const store = ModelStore.open(`${root}/a`, content);
      assertNotEquals(store.folder, one.folder);
      assertEquals(store.readRecord(0), null);
      store.close();
    }
  }));

Deno.test("ten thousand layers cost nothing before they are finished", () =>
  inFolder((root) => {
    const layers = Array.from(
      { length: 10_000 },
      (_, i) => ({ ...content.layers[0]!, name: `${i}` }),
    );
    const store = ModelStore.open(root, { ...content, layers });
    for (let i = 0; i < layers.length; i++) store.layer(i);
    assertEquals(filesIn(store.folder), [
      ...["pyramids.zarr/layers/zarr.json", "pyramids.zarr/zarr.json", "used"],
    ]);
    store.close();
  }));

Deno.test("layers that there are not are refused", () =>
  atStore((store) => {
    for (const index of [-1, 1, 0.5, NaN]) {
      assertThrows(() => store.layer(index), RangeError, "1 layers");
      assertThrows(() => store.readRecord(index), RangeError);
      assertThrows(() => store.parts(index), RangeError);
      assertThrows(() => store.tryLock(index), RangeError);
    }
  }));

Deno.test("a layer is locked by one handle at a time", () =>
  atStore((store, root) => {
    const again = ModelStore.open(root, content);
    const lock = store.tryLock(0);
    assert(lock !== null);
    assertEquals([store.tryLock(0), again.tryLock(0)], [null, null]);
    lock!.release();
    const second = again.tryLock(0);
    assert(second !== null);
    assertEquals(store.tryLock(0), null);
    second!.release();
    again.close();
  }));

Deno.test("a lock is seen by other processes and dies with its own, however that ends", () =>
  atStore(async (store, root) => {
    await using holder = await other(root, content, "lock");
    assertEquals(holder.said, "ready");
    assertEquals(store.tryLock(0), null);
    await using refused = await other(root, content, "lock");
    assertEquals(refused.said, "refused");
    await holder.kill();
    const lock = store.tryLock(0);
    assert(lock !== null);
    lock!.release();
  }));

Deno.test("processes that open and write one store at once leave it whole", () =>
  inFolder(async (root) => {
    const processes = await Promise.all([1, 2, 3].map(() => other(root, content, "write")));
    assertEquals(processes.map(({ said }) => said), ["ready", "ready", "ready"]);
    const store = ModelStore.open(root, content);
    assertEquals(store.readRecord(0), { filler: "x".repeat(5000) });
    assertEquals(store.parts(0), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const part of store.parts(0)) {
      assertEquals(store.readPart(0, part), new Uint8Array(1000).fill(part));
    }
    assertEquals(filesIn(store.folder).filter((path) => path.includes(".part")), []);
    store.close();
    for (const process of processes) await process[Symbol.asyncDispose]();
  }));

Deno.test("a process killed in the middle of writing leaves nothing half written", () =>
  inFolder(async (root) => {
    const store = ModelStore.open(root, content);
    for (let after = 0; after < 20; after += 2) {
      const process = await other(root, content, "churn");
      await new Promise((resolve) => setTimeout(resolve, after));
      await process.kill();
      assertEquals(store.readRecord(0), { filler: "x".repeat(50_000) });
      for (const part of store.parts(0)) {
        assertEquals(store.readPart(0, part), new Uint8Array(100_000).fill(part));
      }
    }
    store.close();
  }));

Deno.test({
  name: "no other user may read a store",
  ignore: Deno.build.os === "windows", // which has other means
  fn: () =>
    inFolder((root) => {
      Deno.mkdirSync(`${root}/deep`, { mode: 0o755 });
      const first = ModelStore.open(`${root}/deep`, content);
      Deno.chmodSync(first.folder, 0o755);
      first.close();
      const store = ModelStore.open(`${root}/deep`, content);
      store.writeRecord(0, {});
      const mode = (path: string) => (Deno.statSync(path).mode! & 0o777).toString(8);
      assertEquals(mode(store.folder), "700");
      assertEquals(mode(`${store.folder}/records/000000`), "600");
      assertEquals(mode(`${root}/deep`), "755"); // which is not the store's own
      store.close();
    }),
});

Deno.test("what cannot be a store's folder is refused in a sentence", () =>
  inFolder((root) => {
    Deno.writeFileSync(`${root}/file`, new Uint8Array(1));
    assertThrows(() => ModelStore.open(`${root}/file`, content), Unreadable, `${root}/file`);
    const { folder, close } = openAndClose(root);
    close();
    Deno.removeSync(folder, { recursive: true });
    Deno.mkdirSync(`${root}/elsewhere`);
    Deno.symlinkSync(`${root}/elsewhere`, folder);
    assertThrows(() => ModelStore.open(root, content), Unreadable, "is no folder");
    assertEquals(filesIn(`${root}/elsewhere`), []);
  }));

function openAndClose(root: string) {
  const store = ModelStore.open(root, content);
  return { folder: store.folder, close: () => store.close() };
}
