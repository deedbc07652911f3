import { assert, assertEquals, assertRejects } from "@std/assert";
import { FormatError } from "../../src/errors.ts";
import { gguf } from "../../src/formats/gguf.ts";
import { openModel } from "../../src/model/open.ts";
import { FileSource } from "../../src/storage/file.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { inFolder } from "../storage/folder.ts";
import { concat, u32, utf8 } from "./build.ts";
import {
  type Gguf,
  ggufFile,
  type GgufTensor,
  list,
  number,
  pair,
  text,
  word,
} from "./gguf_build.ts";
import { refused } from "./refused.ts";

const file = (what: string, given: Gguf, ...parts: readonly string[]) =>
  refused(what, gguf, () => ggufFile(given), ...parts);
const tensor = (what: string, given: Partial<GgufTensor>, ...parts: readonly string[]) =>
  file(what, { tensors: [{ name: "a", dims: [4], ...given }], data: 64 }, ...parts);
const value = (what: string, type: number, bytes: Uint8Array, ...parts: readonly string[]) =>
  file(what, { pairs: [pair("key", type, bytes)] }, ...parts);

refused("an empty file", gguf, () => utf8(""), "header at byte 0 is 24 bytes long", "at most 0");
refused("a file cut in its prefix", gguf, () => ggufFile().subarray(0, 23), "at most 23");
refused("another magic", gguf, () => ggufFile().with(3, 0x47), "magic is 0x47554747");
file("version 1", { version: 1 }, "version is 1, expected 2 or 3");
file("version 4", { version: 4 }, "version is 4, expected 2 or 3");
file("version 4 the other way round", { version: 4 << 24 }, "version is 4, expected 2 or 3");
file("version 0", { version: 0 }, "version is 0");

file("more pairs than can be", { pairCount: 1000 }, "metadata count is 1000", "at most 0");
file("2^64 - 1 pairs", { pairCount: 2n ** 64n - 1n }, "metadata count is 18446744073709552000");
file("more tensors than can be", { tensorCount: 5, data: 64 }, "tensor count is 5", "at most 3");
file("2^63 tensors", { tensorCount: 2n ** 63n }, "tensor count is 9223372036854776000");
file("a million tensors", { tensorCount: 1e6, data: 25e6 }, "tensor count", "at most 262144");

file("a key given twice", { pairs: [number("a", 1), number("a", 1)] }, '"a" is given twice');
file(
  "a key of 2^62 bytes",
  {
    pairs: [concat(text("", 2n ** 62n), u32(4), u32(1))],
  },
  "length of metadata key at byte 24 is 4611686018427388000",
  "at most 65535",
);
file(
  "a key beyond the file",
  {
    pairs: [concat(text("", 60_000), u32(4), u32(1))],
  },
  "metadata key at byte 32 is 60000 bytes long",
  "at most",
);
file("a key that is no UTF-8", {
  pairs: [pair("\u{fffd}", 4, u32(1)).with(8, 0xff)],
}, "metadata key at byte 32 is 3 bytes with an invalid sequence, expected UTF-8");
value("a type of value that there is not", 13, u32(0), 'type of metadata "key" is 13', "0 to 12");
value("text beyond the file", 8, text("abc", 1e6), 'metadata "key" at byte 47', "bytes long");
value("text of 2^64 - 1 bytes", 8, text("abc", 2n ** 64n - 1n), 'metadata "key"', "bytes long");
value("a list longer than the file", 9, list(4, 1e9), 'length of metadata "key" is 1000000000');
value("a list of 2^64 - 1 bytes", 9, list(0, 2n ** 64n - 1n), "length of metadata");
value("a list of another type", 9, list(13, 0), 'type of metadata "key" is 13');
value("more strings than can be", 9, list(8, 100, text("a")), "is 100, expected at most");
value(
  "strings that reach beyond the file",
  9,
  list(8, 5, ...["a", "b", "c", "d"].map((item) => text(item)), text("e", 1e5)),
  'metadata "key" at byte 95 is 100000 bytes long',
);
value(
  "a string of a long list beyond the file",
  9,
  list(8, 1000, ...Array.from({ length: 999 }, () => text("x")), text("", 2n ** 63n)),
  'metadata "key" at byte 9050',
);
value(
  "lists 10,000 deep",
  9,
  concat(...Array.from({ length: 10_000 }, () => list(9, 1))),
  "8 lists deep",
);
value(
  "lists in lists without end",
  9,
  list(9, 70_000, new Uint8Array(70_000 * 12)),
  "70000 lists in lists",
  "at most 65536",
);
file("20 MB of text", {
  pairs: Array.from({ length: 90 }, (_, i) => word(`key ${i}`, "x".repeat(256 << 10))),
}, "metadata is more than 16777216 bytes long");

for (const alignment of [0, 3, 24]) {
  file(
    `an alignment of ${alignment}`,
    { pairs: [number("general.alignment", alignment)] },
    `general.alignment is ${alignment}, expected a power of two`,
  );
}
file("an alignment in words", { pairs: [word("general.alignment", "32")] }, "a power of two");

tensor("9 axes", { dims: new Array(9).fill(1) }, '"a" number of axes is 9, expected at most 8');
tensor("2^32 - 1 axes", { axes: 2 ** 32 - 1 }, "number of axes is 4294967295");
tensor("sides beyond 2^53", { dims: [2 ** 40, 2 ** 40] }, "2^53");
tensor("a side of 2^64 - 1", { dims: [2n ** 64n - 1n] }, '"a" shape is [18446744073709552000]');
tensor("a product that wraps around 2^64", { dims: [2n ** 32n, 2n ** 32n] }, "2^53");
tensor("a row of half a block", { dims: [16, 2], type: 2 }, "row is 16 elements", "blocks of 32");
tensor("a row of Q4_K in 32s", { dims: [32, 8], type: 12 }, "whole blocks of 256 for Q4_K");
tensor("a single quantized value", { dims: [], type: 8 }, "row is 1 elements long");
tensor("an offset off the alignment", { offset: 8 }, '"a" offset is 8, expected a multiple of 32');
tensor("an offset beyond the file", { offset: 1024 }, "within the 64 bytes after the header");
tensor("an offset of 2^63", { offset: 2n ** 63n }, "offset is 9223372036854776000");
tensor("an end beyond the file", { dims: [17] }, "offset is 0, of 68 bytes as F32 [17]");
file(
  "tensors of a file that ends with its header",
  { tensors: [{ name: "a", dims: [4] }] },
  "within the 0 bytes after the header",
);
file(
  "overlapping tensors",
  {
    tensors: [{ name: "a", dims: [8], offset: 32 }, { name: "b", dims: [9], offset: 0 }],
    data: 128,
  },
  'tensor "a" offset is 32',
  'at least 36, where "b" ends',
);
file("a name given twice", {
  tensors: [{ name: "a", dims: [1] }, { name: "a", dims: [1], offset: 32 }],
  data: 64,
}, 'tensor "a" is given twice');
file("a tensor's name of 100 kB", {
  tensors: [{ name: "a".repeat(100_000), dims: [1] }],
}, "length of tensor name at byte 24 is 100000");

Deno.test("gguf: a file cut anywhere in its header is refused", async () => {
  const pairs = [word("a", "b"), pair("c", 9, list(8, 2, text("d"), text("e")))];
  const whole = ggufFile({ pairs, tensors: [{ name: "t", dims: [8] }], data: 32 });
  for (let length = 0; length < whole.length; length++) {
    const source = new MemorySource("cut", whole.subarray(0, length));
    await assertRejects(() => gguf.list(source), FormatError, "cut: ");
  }
});

Deno.test("gguf: what a header claims costs neither time nor memory", async () => {
  const lies = [
    { tensorCount: 2 ** 40 },
    { pairCount: 2 ** 40 },
    { pairs: [pair("key", 9, list(8, 2 ** 40))] },
    { pairs: [pair("key", 8, text("", 2 ** 40))] },
    { tensors: [{ name: "a", dims: [2 ** 50], axes: 8 }] },
  ];
  const before = Deno.memoryUsage().rss, start = performance.now();
  for (const lie of lies) {
    await assertRejects(() => gguf.list(new MemorySource("lie", ggufFile(lie))), FormatError);
  }
  assert(performance.now() - start < 1000);
  assert(Deno.memoryUsage().rss - before < 64e6);
});

Deno.test("gguf: a header without end is given up after 128 MiB", async () => {
  const path = await Deno.makeTempFile({ suffix: ".gguf" });
  await Deno.writeFile(path, ggufFile({ pairs: [pair("key", 9, list(8, 1e8))] }));
  await Deno.truncate(path, 1e9);
  const source = new FileSource(path);
  try {
    await assertRejects(() => gguf.list(source), FormatError, "more than 134217728 bytes long");
  } finally {
    source.close();
    await Deno.remove(path);
  }
});

Deno.test("gguf: a key that is special to JavaScript is a key as any other", () =>
  inFolder(async (folder) => {
    const special = pair("__proto__", 9, list(4, 1, u32(7)));
    await Deno.writeFile(`${folder}/a.gguf`, ggufFile({ pairs: [special, number("a", 1)] }));
    const { metadata, close } = await openModel(`${folder}/a.gguf`);
    assertEquals(Object.keys(metadata), ["version", "__proto__", "a"]);
    assertEquals(Object.getPrototypeOf(metadata), Object.prototype);
    close();
  }));
