import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { deflateRawSync } from "node:zlib";
import { TooLarge, Unreadable } from "../../src/errors.ts";
import { openSource } from "../../src/storage/open.ts";
import { Prefetched, type Supply, type Wanted } from "../../src/storage/prefetched.ts";
import type { SourceRef } from "../../src/storage/source.ts";

const bytes = Uint8Array.from({ length: 5000 }, (_, i) => (i * 31 + (i >> 8)) & 255);
const ref = (url = "https://one/m", size = bytes.length) =>
  ({ kind: "remote", url, size, version: "v" }) as const;

/** As a main thread would answer. */
function supply(wanted: readonly Wanted[], from = bytes): Supply[] {
  return wanted.map((each) => {
    const parts = each.spans.map(({ offset, length }) => from.subarray(offset, offset + length));
    const size = parts.reduce((sum, { length }) => sum + length, 0);
    const shared = new Uint8Array(new SharedArrayBuffer(size));
    parts.reduce((at, part) => (shared.set(part, at), at + part.length), 0);
    return { ...each, bytes: shared };
  });
}

Deno.test("prefetched: reads give zeros and are noted, and give the bytes once they were supplied", () => {
  const span = fc.tuple(fc.nat(4999), fc.nat(300))
    .map(([offset, length]) => [offset, Math.min(length, bytes.length - offset)] as const);
  fc.assert(fc.property(fc.array(span), fc.array(span), (first, second) => {
    const prefetched = new Prefetched();
    const source = prefetched.open(ref());
    const read = (spans: readonly (readonly [number, number])[]) =>
      spans.every(([offset, length]) => {
        const into = new Uint8Array(length).fill(7);
        const there = source.readSync!(offset, into);
        const expected = there ? bytes.slice(offset, offset + length) : new Uint8Array(length);
        assertEquals(into, expected);
        return there || length > 0;
      });
    prefetched.begin();
    read(first);
    const supplies = supply(prefetched.missing());
    prefetched.begin(supplies);
    for (const [offset, length] of first) {
      assert(source.readSync!(offset, new Uint8Array(length)));
    }
    assertEquals(prefetched.missing(), []);
    // What another attempt wants may lie across what is there and what is not.
    read(second);
    prefetched.begin([...supplies, ...supply(prefetched.missing())]);
    for (const [offset, length] of [...first, ...second]) {
      assert(source.readSync!(offset, new Uint8Array(length)));
    }
    assertEquals(prefetched.missing(), []);
  }));
});

Deno.test("prefetched: objects are kept apart, and nothing is left of the attempt before", async () => {
  const prefetched = new Prefetched();
  const [one, two] = [prefetched.open(ref()), prefetched.open(ref("https://two/m"))];
  prefetched.begin();
  one.readSync!(0, new Uint8Array(10));
  const supplies = supply(prefetched.missing());
  prefetched.begin(supplies);
  assert(one.readSync!(0, new Uint8Array(10)));
  assertEquals(await one.read(2, 3), bytes.slice(2, 5));
  assert(!two.readSync!(0, new Uint8Array(10)));
  assertEquals(prefetched.missing().map(({ url }) => url), ["https://two/m"]);
  await assertRejects(() => two.read(0, 1), Unreadable);
  prefetched.begin();
  assertEquals(prefetched.missing(), []);
  assert(!one.readSync!(0, new Uint8Array(10)));
  assertThrows(() => one.readSync!(4999, new Uint8Array(2)), RangeError);
});

Deno.test("prefetched: one compressed stream inside of another is there after as many rounds", () => {
  const inner = new Uint8Array(deflateRawSync(bytes));
  const outer = new Uint8Array(deflateRawSync(new Uint8Array([9, ...inner])));
  const file = new Uint8Array([1, 2, 3, ...outer]);
  const nested: SourceRef = {
    kind: "inflated",
    from: {
      kind: "inflated",
      from: ref("https://one/m", file.length),
      offset: 3,
      length: outer.length,
      size: inner.length + 1,
    },
    offset: 1,
    length: inner.length,
    size: bytes.length,
  };
  const prefetched = new Prefetched();
  const source = openSource(nested, (remote) => prefetched.open(remote));
  const into = new Uint8Array(100).fill(7);
  prefetched.begin();
  assert(!source.readSync!(1000, into));
  assertEquals(into, new Uint8Array(100));
  const wanted = prefetched.missing();
  assertEquals(wanted[0]!.spans, [{ offset: 3, length: outer.length }]);
  prefetched.begin(supply(wanted, file));
  assert(source.readSync!(1000, into));
  assertEquals(into, bytes.slice(1000, 1100));
});

Deno.test("prefetched: more than memory should hold is refused", () => {
  const prefetched = new Prefetched();
  const source = prefetched.open(ref("https://one/large", 2 ** 33));
  prefetched.begin();
  const piece = new Uint8Array(2 ** 26);
  const read = () => {
    for (let i = 0; i < 17; i++) source.readSync!(i * piece.length * 2, piece);
  };
  assertThrows(read, TooLarge, "held at once");
  // The same bytes over and over are not more.
  prefetched.begin();
  for (let i = 0; i < 40; i++) source.readSync!(i % 2 * 2 ** 30, piece);
  assertEquals(prefetched.missing()[0]!.spans.length, 2);
});

Deno.test("a remote reference is not opened where nothing fetches for it", () => {
  assertThrows(() => openSource(ref()), Unreadable, "cannot be opened here");
});
