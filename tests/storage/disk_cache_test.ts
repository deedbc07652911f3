import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DiskCache } from "../../src/storage/disk_cache.ts";
import { MemoryCache, SECTOR, type Sectors } from "../../src/storage/sectors.ts";
import { inFolder } from "./folder.ts";

const SIZE = 10_000_037;
const byteAt = (at: number) => (at * 31 + (at >> 7) + (at >> 15)) & 255;
const content = (first: number, count: number) =>
  Uint8Array.from(
    { length: Math.min(count * SECTOR, SIZE - first * SECTOR) },
    (_, i) => byteAt(first * SECTOR + i),
  );

/** What is there of some sectors; throws where a byte is wrong. */
function lookUp(sectors: Sectors, first: number, count: number): Set<number> {
  const there = new Set(Array.from({ length: count }, (_, i) => first + i));
  const into = new Uint8Array(content(first, count).length);
  let last = -1;
  sectors.read(first, into, (from, to) => {
    assert(from > last && to > from && from >= first && to <= first + count);
    last = to;
    for (let sector = from; sector < to; sector++) there.delete(sector);
  });
  for (const sector of there) {
    const at = (sector - first) * SECTOR;
    assertEquals(into.slice(at, at + SECTOR), content(sector, 1));
  }
  return there;
}

const range = (from: number, to: number) =>
  new Set(Array.from({ length: to - from }, (_, i) => from + i));
const none: Sectors = new MemoryCache(0).object();
const silent = () => {};

const kinds: Readonly<Record<string, (folder: string) => Sectors & { close?(): Promise<void> }>> = {
  memory: () => new MemoryCache(20_000_000).object(),
  disk: (folder) => {
    const cache = new DiskCache(folder, 100_000_000);
    return { ...cache.object("object", none), close: () => cache.close() };
  },
};
for (const [kind, make] of Object.entries(kinds)) {
  Deno.test(`${kind}: what was written is there, and nothing else, across segments and at the end`, async () => {
    const last = Math.ceil(SIZE / SECTOR);
    const stretch = fc.tuple(fc.nat(last - 1), fc.integer({ min: 1, max: 300 }))
      .map(([first, count]) => [first, Math.min(count, last - first)] as const);
    const near = fc.tuple(fc.constantFrom(0, 32_700, 65_500, last - 40), fc.nat(35)).chain(
      ([base, more]) => fc.tuple(fc.constant(base + more), fc.integer({ min: 1, max: 100 })),
    ).map(([first, count]) => [first, Math.min(count, last - first)] as const);
    const writes = fc.array(fc.oneof(stretch, near), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(writes, writes, (writes, reads) =>
        inFolder(async (folder) => {
          const sectors = make(folder);
          const written = new Set<number>();
          for (const [first, count] of writes) {
            sectors.write(first, content(first, count));
            for (let i = 0; i < count; i++) written.add(first + i);
          }
          for (const [first, count] of [...reads, ...writes]) {
            assertEquals(
              lookUp(sectors, first, count),
              range(first, first + count).intersection(written),
            );
          }
          await sectors.close?.();
        })),
      { numRuns: 25 },
    );
  });
}

Deno.test("memory: holds no more than it may, of all objects, and drops what was used longest ago", () => {
  const cache = new MemoryCache(4 * 4096);
  const [one, two] = [cache.object(), cache.object()];
  for (const page of [0, 1, 2]) one.write(page * 32, content(page * 32, 32));
  two.write(0, content(0, 1));
  assertEquals(lookUp(one, 0, 1).size, 1);
  two.write(32, content(32, 1));
  assertEquals([lookUp(one, 0, 32).size, lookUp(one, 32, 32).size, lookUp(one, 64, 32).size], [
    ...[32, 0, 32],
  ]);
  assertEquals(lookUp(two, 0, 64), new Set([0, 32]));
});

Deno.test("disk: what one process keeps another finds, at the same time or later", () =>
  inFolder(async (folder) => {
    const [one, two] = [new DiskCache(folder, 1e8), new DiskCache(folder, 1e8)];
    one.object("a", none).write(5, content(5, 10));
    assertEquals(lookUp(two.object("a", none), 0, 20), range(5, 15));
    // Each has its own idea of the checksums now, and neither loses what the other writes.
    two.object("a", none).write(100, content(100, 10));
    one.object("a", none).write(200, content(200, 10));
    await Promise.all([one.close(), two.close()]);
    const later = new DiskCache(folder, 1e8);
    const all = range(5, 15).union(range(100, 110)).union(range(200, 210));
    assertEquals(lookUp(later.object("a", none), 0, 300), all);
    assertEquals(lookUp(later.object("b", none), 0, 300).size, 0);
    await later.close();
  }));

Deno.test("disk: a torn write, a lost one and garbage are never served", () =>
  inFolder(async (folder) => {
    const write = async () => {
      const cache = new DiskCache(folder, 1e8);
      cache.object("a", none).write(0, content(0, 40));
      await cache.close();
    };
    const found = async () => {
      const cache = new DiskCache(folder, 1e8);
      const there = lookUp(cache.object("a", none), 0, 40); // throws where a byte is wrong
      await cache.close();
      return there;
    };
    const path = `${folder}/sectors/a/0`;
    const data = 32_768 * 4;
    await write();
    assertEquals(await found(), range(0, 40));
    const whole = await Deno.readFile(path);

    // Data that never reached the disk, as zeros or as an end that comes too early.
    await Deno.writeFile(path, whole.slice().fill(0, data + 10 * SECTOR, data + 20 * SECTOR));
    assertEquals(await found(), range(0, 10).union(range(20, 40)));
    await Deno.truncate(path, data + 7 * SECTOR + 5);
    assertEquals(await found(), range(0, 7));
    await Deno.truncate(path, 100);
    assertEquals(await found(), new Set());
    await Deno.truncate(path, 0);
    assertEquals(await found(), new Set());

    // Any single byte.
    for (const at of [0, 3, 17, 159, data, data + 128, data + 40 * SECTOR - 1]) {
      const flipped = whole.slice();
      flipped[at]! ^= 0x40;
      await Deno.writeFile(path, flipped);
      const hurt = at < data ? Math.floor(at / 4) : Math.floor((at - data) / SECTOR);
      assertEquals(await found(), range(0, 40).difference(new Set([hurt])));
    }
    await Deno.writeFile(path, crypto.getRandomValues(new Uint8Array(65_536)));
    await found();
    await write();
    assertEquals(await found(), range(0, 40));
  }));

Deno.test("disk: stays within its limit, what was used longest ago goes first", () =>
  inFolder(async (folder) => {
    const mega = 1 << 20;
    const cache = new DiskCache(folder, 4 * mega);
    const sectors = (name: string) => cache.object(name, none);
    await cache.settled();
    for (const name of ["a", "b", "c", "d", "e", "f"]) {
      sectors(name).write(0, content(0, mega / SECTOR));
      await cache.settled();
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
    let held = 0;
    for await (const { name } of Deno.readDir(`${folder}/sectors`)) {
      for await (const file of Deno.readDir(`${folder}/sectors/${name}`)) {
        held += (await Deno.stat(`${folder}/sectors/${name}/${file.name}`)).blocks! * 512;
      }
    }
    assert(held <= 4 * mega, `${held}`);
    assertEquals(lookUp(sectors("a"), 0, 10).size, 0);
    assertEquals(lookUp(sectors("f"), 0, 10).size, 10);
    await cache.close();
    // What lies there from earlier counts too.
    const smaller = new DiskCache(folder, mega + mega / 2);
    smaller.object("g", none).write(0, content(0, 1));
    await smaller.settled();
    assertEquals(lookUp(smaller.object("e", none), 0, 10).size, 0);
    await smaller.close();
  }));

Deno.test("disk: tidies away nothing but its own, in whatever folder it is put", () =>
  inFolder(async (folder) => {
    const others = [`${folder}/photos/1`, `${folder}/sectors/a/notes.txt`];
    for (const path of others) {
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      await Deno.writeFile(path, new Uint8Array(100_000));
    }
    const cache = new DiskCache(folder, 1000);
    cache.object("a", none).write(0, content(0, 100));
    await cache.settled();
    cache.object("a", none).write(0, content(0, 100));
    await cache.settled();
    for (const path of others) assertEquals((await Deno.stat(path)).size, 100_000);
    assertEquals(lookUp(cache.object("a", none), 0, 10).size, 0);
    await cache.close();
  }));

Deno.test({
  name: "disk: no other user may read it",
  ignore: Deno.build.os === "windows", // which has other means
  fn: () =>
    inFolder(async (folder) => {
      await Deno.mkdir(`${folder}/sectors`, { mode: 0o755 });
      const cache = new DiskCache(folder, 1e6);
      cache.object("a", none).write(0, content(0, 10));
      await cache.close();
      const modes = ["sectors", "sectors/a", "sectors/a/0"]
        .map((path) => (Deno.statSync(`${folder}/${path}`).mode! & 0o777).toString(8));
      assertEquals(modes, ["700", "700", "600"]);
    }),
});

Deno.test("disk: where writing fails it says so once and memory takes over", () =>
  inFolder(async (folder) => {
    const told: string[] = [];
    const cache = new DiskCache(folder, 1e8, (message) => told.push(message));
    const memory = new MemoryCache(1e6).object();
    const sectors = cache.object("a", memory);
    sectors.write(0, content(0, 10));
    // A file where the folder of the next object should be, as a full disk would refuse too.
    await Deno.writeFile(`${folder}/sectors/b`, new Uint8Array(1));
    const other = cache.object("b", memory);
    other.write(50, content(50, 10));
    other.write(70, content(70, 10));
    assertEquals(told.length, 1);
    assert(told[0]!.includes("memory alone"));
    assertEquals(lookUp(other, 40, 50), range(50, 60).union(range(70, 80)));
    await cache.close();
  }));

Deno.test("disk: a folder that cannot be made or written to is refused at once", () =>
  inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/file`, new Uint8Array(1));
    assertThrows(() => new DiskCache(`${folder}/file/cache`, 1e6, silent));
  }));
