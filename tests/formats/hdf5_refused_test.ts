import { assert, assertEquals, assertRejects } from "@std/assert";
import { deflateSync } from "node:zlib";
import { FormatError } from "../../src/errors.ts";
import { hdf5 } from "../../src/formats/hdf5.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { inFolder } from "../storage/folder.ts";
import { concat, u16, u32, u64 } from "./build.ts";
import { chunked, contiguous, dataset, Hdf5Builder, link, message } from "./hdf5_build.ts";
import { opensInTime } from "./opening.ts";
import { refused } from "./refused.ts";
import { COUNT, sparse } from "./sparse.ts";
import { valuesOf } from "./values.ts";

// A small file by h5py (fixtures/hdf5/make_tame.py), damaged; and files no library would write.

const tame = Deno.readFileSync(new URL("../../fixtures/hdf5/tame.h5", import.meta.url));
const list = (bytes: Uint8Array) => hdf5.list(new MemorySource("hostile", bytes));

Deno.test("HDF5: the undamaged file opens", async () => {
  const { tensors } = await list(tame);
  assertEquals(tensors.map(({ name }) => name).sort(), ["group/packed", "group/plain"]);
});

/** Where a signature stands, the `nth` one. */
function at(signature: string, nth = 0): number {
  const text = new TextDecoder("latin1").decode(tame);
  let found = text.indexOf(signature);
  while (nth-- > 0) found = text.indexOf(signature, found + 1);
  assert(found >= 0);
  return found;
}

/** The tame file with other bytes at a place. */
function patched(place: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = tame.slice();
  bytes.set(concat(...parts), place);
  return bytes;
}

const [GROUP_TREE, CHUNK_TREE] = [at("TREE", 1), at("TREE", 2)];
const GROUP_TABLE = at("SNOD", 1);
const view = new DataView(tame.buffer);
/** The header that the group's table leads to second. */
const PLAIN = Number(view.getBigUint64(GROUP_TABLE + 56, true));

/** Where in an early header the body of a message is. */
function bodyOf(header: number, kind: number): number {
  for (let place = header + 16; place < tame.length;) {
    if (view.getUint16(place, true) === kind) return place + 8;
    place += 8 + view.getUint16(place + 2, true);
  }
  throw new Error(`no message ${kind}`);
}

const damaged: Readonly<Record<string, [() => Uint8Array, ...string[]]>> = {
  "no signature": [() => patched(0, u32(0)), "signature", "no signature at 0, 512"],
  "an unknown version": [() => patched(8, Uint8Array.of(9)), "superblock version is 9"],
  "addresses of three bytes": [() => patched(13, Uint8Array.of(3)), "is 3, expected 2, 4 or 8"],
  "a file that was cut": [() => tame.slice(0, 9000), "end of file is 11040", "at most 9000"],
  "a B-tree node below itself": [
    () =>
      patched(GROUP_TREE + 5, Uint8Array.of(1), u16(1), u64(0), u64(0), u64(0), u64(GROUP_TREE)),
    `B-tree node at ${GROUP_TREE} is met twice`,
  ],
  "a B-tree of the other kind": [
    () => patched(GROUP_TREE + 4, Uint8Array.of(1)),
    `B-tree node at ${GROUP_TREE} type is 1, expected 0`,
  ],
  "a B-tree node of too many entries": [
    () => patched(GROUP_TREE + 6, u16(0xffff)),
    "place is 1048584 bytes",
  ],
  "a name outside its heap": [
    () => patched(GROUP_TABLE + 8, u64(100_000)),
    `symbol table at ${GROUP_TABLE} name is at 100000 of the heap, expected below`,
  ],
  "a heap outside the file": [
    () => patched(at("HEAP", 1) + 24, u64(50_000)),
    "names of a local heap place is 88 bytes at 50000",
  ],
  "a heap larger than the file": [
    () => patched(at("HEAP", 1) + 8, u64(1 << 20)),
    "names of a local heap place is 1048576 bytes",
  ],
  "an object outside the file": [
    () => patched(GROUP_TABLE + 16, u64(1 << 20)),
    "object header at 1048576",
  ],
  "an object that is none": [
    () => patched(GROUP_TABLE + 16, u64(GROUP_TABLE)),
    `object header at ${GROUP_TABLE} version is 83`,
  ],
  "a header larger than the file": [
    () => patched(PLAIN + 8, u32(0xffffffff)),
    `object header at ${PLAIN} place is 4294967311 bytes`,
  ],
  "a header that continues where it has been": [
    () => {
      const again = [u64(PLAIN + 16), u64(view.getUint32(PLAIN + 8, true))];
      return patched(bodyOf(PLAIN, 0) - 8, u16(0x10), u16(16), u32(0), ...again);
    },
    `object header at ${PLAIN} continuation is at ${PLAIN + 16} again`,
  ],
  "a shape whose product is inexact": [
    () => patched(bodyOf(PLAIN, 1) + 8, u64(1n << 53n)),
    "number is 9007199254740992, expected at most 2^53 - 1",
  ],
  "a data set larger than the file": [
    () => patched(bodyOf(PLAIN, 1) + 8, u64(5000)),
    'data set "group/plain" place is 20000 bytes',
  ],
  "a chunk that ends outside the file": [
    () => patched(CHUNK_TREE + 24, u32(0x7fffffff)),
    'data set "group/packed" place is 2147483647 bytes',
  ],
  "a chunk that cannot hold what it should": [
    () => patched(CHUNK_TREE + 24, u32(0)),
    "is 0 bytes, expected as many as 80 can come from",
  ],
  "an element of no bytes": [
    () => patched(bodyOf(PLAIN, 3) + 4, u32(0)),
    "size is 0, expected at least one byte",
  ],
  "a text outside its collection": [
    () => patched(at("GCOL") + 16, u16(7)),
    "object is 1, expected an object of 17 bytes",
  ],
};
for (const [what, [bytes, ...parts]] of Object.entries(damaged)) {
  refused(`HDF5 with ${what}`, hdf5, bytes, ...parts);
}

Deno.test("HDF5: a group within itself is met once", async () => {
  const { tensors } = await list(patched(GROUP_TABLE + 16, u64(96)));
  assertEquals(tensors.map(({ name }) => name), ["group/plain"]);
});

Deno.test("HDF5: chunks that are bombs or no streams open, and are refused when looked at", async () => {
  const bomb = new Uint8Array(deflateSync(new Uint8Array(5_000_000)));
  const size = view.getUint32(CHUNK_TREE + 24, true);
  const chunk = Number(view.getBigUint64(CHUNK_TREE + 48, true));
  const noise = patched(chunk, new Uint8Array(size).fill(7));
  const grown = concat(patched(CHUNK_TREE + 24, u32(bomb.length)), bomb);
  new DataView(grown.buffer).setBigUint64(CHUNK_TREE + 48, BigInt(tame.length), true);
  for (const bytes of [noise, grown]) {
    const { tensors } = await list(bytes);
    const packed = tensors.find(({ name }) => name === "group/packed")!;
    await assertRejects(() => valuesOf(packed), FormatError, "does not decode to 80 bytes");
  }
});

/** A file of one group. */
function file(make: (builder: Hdf5Builder) => readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const builder = new Hdf5Builder();
  return builder.file(builder.header(...make(builder)));
}

const one = (...messages: readonly Uint8Array[]) => () =>
  file((builder) => [link("x", builder.header(...messages))]);

Deno.test("HDF5: what the builder writes opens", async () => {
  const bytes = one(...dataset([2, 3], contiguous(0, 24)))();
  const { tensors } = await list(bytes);
  const [{ name, dtype, shape, offset }] = [tensors[0]!];
  assertEquals([name, dtype, shape, offset], ["x", "F32", [2, 3], 0]);
});

refused("HDF5 whose header's checksum is wrong", hdf5, () => {
  const bytes = file(() => [link("x", 48)]);
  bytes[48 + 16]! ^= 1;
  return bytes;
}, "object header at 48 checksum is");
refused("HDF5 of groups 65 deep", hdf5, () => {
  const builder = new Hdf5Builder();
  let group = builder.header(link("leaf", 48));
  for (let i = 0; i < 66; i++) group = builder.header(link("in", group));
  return builder.file(group);
}, "depth is over 64");
refused("HDF5 of an endless name", hdf5, () => {
  return file((builder) => [link("long".repeat(2000), builder.header(link("y", 48)))]);
}, "is 8000 letters, expected at most 4096");
refused("HDF5 of 33 axes", hdf5, one(...dataset(new Array(33).fill(1), contiguous(0, 4))), "33");
refused(
  "HDF5 of sides whose product overflows",
  hdf5,
  one(...dataset([1 << 30, 1 << 30], contiguous(0, 4))),
  "dimensions is [1073741824, 1073741824]",
  "below 2^53",
);
refused(
  "HDF5 of chunks without width",
  hdf5,
  one(...dataset([4], chunked([0]))),
  "chunk is [0, 4]",
);
refused(
  "HDF5 of chunks with other axes",
  hdf5,
  one(...dataset([4, 4], chunked([4]))),
  "chunks of [4], expected as [4,4]",
);
refused("HDF5 without a datatype", hdf5, () => {
  return one(dataset([4], contiguous(0, 16))[0]!, dataset([4], contiguous(0, 16))[2]!)();
}, 'data set "x" datatype is missing');
refused("HDF5 of attributes in a heap that is none", hdf5, () => {
  const builder = new Hdf5Builder();
  const dense = message(0x15, Uint8Array.of(0, 0), u64(48), u64(48));
  return builder.file(builder.header(dense, link("x", 48)));
}, "fractal heap at 48");

Deno.test("HDF5: zeros that nobody wrote are drawn, but not without end", async () => {
  const small = await list(one(...dataset([40, 50], chunked([8, 8])))());
  assertEquals((await valuesOf(small.tensors[0]!)).every((value) => value === 0), true);
  const { tensors, ignored } = await list(one(...dataset([1 << 20, 1 << 20], chunked([9, 9])))());
  assertEquals(tensors, []);
  assertEquals(ignored![0]!.name, "x");
  const large = await list(one(...dataset([1 << 14, 1 << 13], chunked([1, 1])))());
  assertEquals(large.ignored![0]!.reason, "it is cut into 134217728 chunks, over 131072");
});

Deno.test("HDF5: 10,000 data sets in a sparse file of 10 GB open in 300 ms, in few reads", () =>
  inFolder(async (folder) => {
    const path = sparse["hdf5"]!(folder);
    await opensInTime(hdf5, path, ({ listing: { tensors }, source }) => {
      assertEquals(tensors.length, COUNT);
      assert(source.reads < 200, `${source.reads} reads`);
      assert(source.bytes < 3e6, `${source.bytes} bytes read`);
    });
  }));
