import { assert, assertEquals, assertRejects } from "@std/assert";
import { deflateRawSync } from "node:zlib";
import { FormatError } from "../../src/errors.ts";
import { npz } from "../../src/formats/npz.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { MeteredSource } from "../../src/storage/metered.ts";
import { openSource } from "../../src/storage/open.ts";
import { concat, npyFile, npyHeader, utf8, zipFile, type ZipMember } from "./build.ts";
import { flipped } from "./flipped.ts";
import { refused } from "./refused.ts";
import { valuesOf } from "./values.ts";

const list = async (bytes: Uint8Array) =>
  (await npz.list(new MemorySource("given.npz", bytes))).tensors;
const bytes = (...values: number[]) =>
  npyFile(npyHeader("|u1", [values.length]), Uint8Array.from(values));
const member = (more: Partial<ZipMember> = {}) => ({
  name: "a.npy",
  data: bytes(1, 2, 3),
  ...more,
});

for (const deflate of [false, true]) {
  for (const wide of [false, true]) {
    const what = `${deflate ? "deflated" : "stored"} members${wide ? ", 64-bit sizes" : ""}`;
    Deno.test(`npz: ${what}`, async () => {
      const members = [member({ deflate, wide }), {
        name: "b/ö c.npy",
        data: bytes(4),
        deflate,
        wide,
      }];
      const tensors = await list(zipFile(members, { wide }));
      assertEquals(tensors.map(({ name }) => name), ["a", "b/ö c"]);
      assertEquals([...await valuesOf(tensors[0]!)], [1, 2, 3]);
      assertEquals([...await valuesOf(tensors[1]!)], [4]);
    });
  }
}

Deno.test("npz: members that are no npy files, folders and an archive of none are passed over", async () => {
  const tensors = await list(zipFile([{ name: "notes.txt", data: utf8("hello") }, {
    name: "folder/",
    data: utf8(""),
  }]));
  assertEquals(tensors, []);
  assertEquals(await list(zipFile([])), []);
});

Deno.test("npz: opening a large deflated member reads and inflates its beginning only", async () => {
  const noise = crypto.getRandomValues(new Uint8Array(60_000));
  const data = npyFile(npyHeader("|u1", [600_000]), concat(...new Array(10).fill(noise)));
  const source = new MeteredSource(
    new MemorySource("x.npz", zipFile([member({ data, deflate: true })])),
  );
  const [tensor] = (await npz.list(source)).tensors;
  assert(source.bytes < 80_000, `${source.bytes} bytes read`); // 64 KiB of them the archive's end
  assertEquals((await valuesOf(tensor!)).length, 600_000);
});

Deno.test("npz: a few bytes that would fill gigabytes are left out, the others are shown", async () => {
  // What ninety million zeros deflate to, as far as the header needs it.
  const side = 9500, size = side * side + 128;
  const start = npyFile(npyHeader("|u1", [side, side]), new Uint8Array(1 << 20));
  const packed = concat(deflateRawSync(start), new Uint8Array(100_000));
  const bomb = member({ name: "bomb.npy", data: packed, method: 8, size });
  const { tensors, ignored } = await npz.list(
    new MemorySource("given.npz", zipFile([bomb, member({ name: "a.npy" })])),
  );
  assertEquals([tensors.map(({ name }) => name), ignored], [["a"], [{
    name: "bomb",
    reason: `its ${packed.length} bytes would be inflated to ${size} at once`,
  }]]);
});

Deno.test("npz: a padded header longer than usual is found", async () => {
  const data = npyFile(npyHeader("|u1", [2]).padEnd(4000), Uint8Array.of(8, 9));
  for (const deflate of [false, true]) {
    const [tensor] = await list(zipFile([member({ data, deflate })]));
    assertEquals([...await valuesOf(tensor!)], [8, 9]);
  }
});

const zip = (more: Partial<ZipMember>, end = {}) => () => zipFile([member(more)], end);
const valid = zip({});
refused("an empty file", npz, () => utf8(""), "no end record");
refused("an npy file", npz, () => bytes(1), "no end record");
refused(
  "an archive cut anywhere in its directory",
  npz,
  () => valid().subarray(0, -1),
  "no end record",
);
refused("a directory that is cut off", npz, () => {
  const whole = valid();
  return concat(whole.subarray(0, 120), whole.subarray(-22));
}, "directory");
refused("a directory elsewhere", npz, zip({}, { offset: 5 }), "directory entry 0");
refused("a directory past the end", npz, zip({}, { offset: 1e9 }), "1000000000");
refused(
  "more members than the directory can hold",
  npz,
  zip({}, { count: 9 }),
  "member count is 9",
);
refused("an encrypted member", npz, zip({ flags: 1 }), "encrypted");
refused("another compression", npz, zip({ method: 14 }), "method is 14");
refused("a stored size that differs", npz, zip({ size: 1e9 }), "size is 1000000000");
refused(
  "a size that deflate cannot reach",
  npz,
  zip({ deflate: true, size: 2 ** 30 }),
  "deflate's bound",
);
refused("more bytes than the archive has", npz, zip({ packed: 5000, size: 5000 }), "place");
refused(
  "a local header elsewhere",
  npz,
  () => zipFile([member({ offset: 3 }), member({ name: "b.npy" })]),
  "another local header",
);
refused("a local header past the end", npz, zip({ offset: 1e6 }), "place");
refused("a name given twice", npz, () => zipFile([member(), member()]), "given twice");
refused("overlapping members", npz, () => {
  const inner = zipFile([{ name: "b.npy", data: bytes(1) }]);
  const local = inner.subarray(0, 30 + "b.npy".length + bytes(1).length);
  return zipFile([
    { name: "a.npy", data: local },
    { name: "b.npy", data: bytes(1), offset: 30 + "a.npy".length },
  ]);
}, "place");
for (const name of ["../a.npy", "/a.npy", "x/../../a.npy", "..\\a.npy", "a\0.npy"]) {
  refused(`the name ${JSON.stringify(name)}`, npz, zip({ name }), "a path inside the archive");
}
refused(
  "a member of pickled objects",
  npz,
  zip({ data: npyFile(npyHeader("|O", [1]), utf8("cos\nsystem\n")) }),
  'member "a.npy"',
  "pickled objects",
);
refused(
  "a member that is no deflate stream",
  npz,
  zip({ method: 8, data: utf8("\xff\xff") }),
  "a.npy",
);
refused("a member without a header", npz, zip({ data: utf8("") }), "magic");

Deno.test("npz: a member that inflates to more than it says is refused when read", async () => {
  const data = npyFile(npyHeader("|u1", [100]), new Uint8Array(100));
  const bomb = npyFile(npyHeader("|u1", [100]), new Uint8Array(50_000_000));
  const [tensor] = await list(
    zipFile([{
      name: "a.npy",
      data: new Uint8Array(deflateRawSync(bomb)),
      method: 8,
      size: data.length,
    }]),
  );
  await assertRejects(
    () => valuesOf(tensor!),
    FormatError,
    `does not inflate to ${data.length} bytes`,
  );
});

Deno.test("npz: a member that inflates to less than it says is refused when read", async () => {
  const data = npyFile(npyHeader("|u1", [200]), new Uint8Array(100));
  const size = data.length + 100;
  const [tensor] = await list(zipFile([member({ data, deflate: true, size })]));
  await assertRejects(() => valuesOf(tensor!), FormatError, `expected ${size} bytes`);
});

Deno.test("npz: a member whose checksum differs is refused when read, waiting or not", async () => {
  const [tensor] = await list(zipFile([member({ deflate: true, checksum: 7 })]));
  await assertRejects(() => valuesOf(tensor!), FormatError, "CRC-32 7");
  const source = openSource(tensor!.source);
  await assertRejects(
    async () => await source.readSync!(0, new Uint8Array(1)),
    FormatError,
    "CRC-32 7",
  );
});

flipped(
  "npz",
  () => zipFile([member(), member({ name: "b.npy", deflate: true })]),
  async (bytes) => {
    for (const tensor of await list(bytes)) await valuesOf(tensor);
  },
);
