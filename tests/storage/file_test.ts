import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Changed, Unreadable } from "../../src/errors.ts";
import { FileSource } from "../../src/storage/file.ts";
import { openSource } from "../../src/storage/open.ts";
import { inFolder } from "./folder.ts";

/** More than the source reads at once. */
const BIG = 9 << 20;
const big = Uint8Array.from({ length: BIG }, (_, i) => (i * 7 + (i >> 8)) & 255);
const pattern = (length: number) => big.slice(0, length);

/** A file, opened for the test and closed afterwards. */
function withFile(
  bytes: Uint8Array,
  test: (source: FileSource, path: string) => Promise<void> | void,
): Promise<void> {
  return inFolder(async (folder) => {
    await Deno.writeFile(`${folder}/file`, bytes);
    const source = new FileSource(`${folder}/file`);
    try {
      await test(source, `${folder}/file`);
    } finally {
      source.close();
    }
  });
}

Deno.test("file: reads any span, waiting or not, short or long", () => {
  const bytes = pattern(BIG);
  return withFile(bytes, async (source) => {
    assertEquals(source.size, BIG);
    for (const [offset, length] of [[0, 0], [0, 9], [5, 3000], [BIG, 0], [BIG - 1, 1]] as const) {
      const into = new Uint8Array(length);
      source.readSync(offset, into);
      assertEquals(into, bytes.slice(offset, offset + length));
      assertEquals(await source.read(offset, length), into);
    }
    const long = await source.read(123, BIG - 123);
    assertEquals(long.length, BIG - 123);
    assert(long.every((byte, i) => byte === bytes[i + 123]));
  });
});

Deno.test("file: a span outside is the caller's mistake", () =>
  withFile(pattern(10), async (source) => {
    for (const [offset, length] of [[8, 3], [-1, 2], [0.5, 1], [NaN, 1], [0, 2 ** 60]] as const) {
      await assertRejects(() => source.read(offset, length), RangeError, "10 bytes");
    }
  }));

Deno.test("file: a cancelled read rejects, before it starts or between its pieces", () =>
  withFile(pattern(BIG), async (source) => {
    const abort = new AbortController();
    const reading = source.read(0, BIG, abort.signal);
    abort.abort();
    await assertRejects(() => reading, DOMException);
    await assertRejects(() => source.read(0, 1, abort.signal), DOMException);
  }));

Deno.test("file: a file closed while it is read gives the bytes or Changed, then Changed", () =>
  withFile(pattern(BIG), async (source) => {
    const reading = source.read(0, BIG);
    source.close();
    await assertRejects(() => reading, Changed, "closed");
    assertThrows(() => source.readSync(0, new Uint8Array(1)), Changed, "closed");
    source.close();
  }));

Deno.test("file: an unchanged file passes its check and reopens by reference", () =>
  withFile(pattern(100), async (source) => {
    source.check();
    const again = openSource(source.ref);
    assertEquals(again.version, source.version);
    assertEquals(await again.read(50, 50), await source.read(50, 50));
    again.close();
  }));

Deno.test("file: an appended file fails its check, which names what changed", () =>
  withFile(pattern(100), async (source, path) => {
    await Deno.writeFile(path, pattern(1), { append: true });
    const error = assertThrows(() => source.check(), Changed, "size 100 → 101");
    assertEquals(error.status, 409);
  }));

Deno.test("file: a replaced file fails its check, though size and time are the same", () =>
  withFile(pattern(100), async (source, path) => {
    const { mtime } = await Deno.stat(path);
    await Deno.writeFile(path + ".new", pattern(100).reverse());
    await Deno.utime(path + ".new", mtime!, mtime!);
    await Deno.rename(path + ".new", path);
    assertThrows(() => source.check(), Changed, "ino");
    assertThrows(() => openSource(source.ref), Changed, source.version);
    assertEquals(await source.read(0, 100), pattern(100) as Uint8Array<ArrayBuffer>);
  }));

Deno.test("file: a file written in place fails its check", () =>
  withFile(pattern(100), async (source, path) => {
    await Deno.writeFile(path, pattern(100).reverse());
    await Deno.utime(path, 1, 1);
    assertThrows(() => source.check(), Changed, "mtime");
    assertThrows(() => openSource(source.ref), Changed);
  }));

Deno.test("file: a removed file fails its check", () =>
  withFile(pattern(100), async (source, path) => {
    await Deno.remove(path);
    assertThrows(() => source.check(), Changed, "gone");
    assertThrows(() => openSource(source.ref), Unreadable, "cannot be read");
  }));

Deno.test("file: a truncated file gives Changed where the bytes end", () =>
  withFile(pattern(BIG), async (source, path) => {
    await Deno.truncate(path, 60);
    assertThrows(() => source.readSync(50, new Uint8Array(20)), Changed, "ends at byte 60");
    await assertRejects(() => source.read(0, BIG), Changed, "ends at byte 60");
    assertEquals((await source.read(0, 60)).length, 60);
  }));

Deno.test("file: the version depends on content and time, not on the path", () =>
  inFolder(async (folder) => {
    const version = async (name: string, bytes: Uint8Array, time: number) => {
      await Deno.writeFile(`${folder}/${name}`, bytes);
      await Deno.utime(`${folder}/${name}`, time, time);
      const source = new FileSource(`${folder}/${name}`);
      source.close();
      assert(/^[0-9a-z]{8,32}$/.test(source.version));
      return source.version;
    };
    const first = await version("a", pattern(100), 1000);
    assertEquals(await version("b", pattern(100), 1000), first);
    const others = [
      await version("c", pattern(100), 1001),
      await version("d", pattern(99), 1000),
      await version("e", pattern(100).with(0, 9), 1000),
    ];
    assert(!others.includes(first));
  }));

Deno.test("file: what is missing or no regular file is Unreadable", () =>
  inFolder((folder) => {
    assertThrows(() => new FileSource(`${folder}/none`), Unreadable, "none cannot be read");
    assertThrows(() => new FileSource(folder), Unreadable, "no regular file");
    assertThrows(() => new FileSource("/dev/zero"), Unreadable, "no regular file");
  }));
