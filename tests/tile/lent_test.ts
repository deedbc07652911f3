import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { Lent } from "../../src/tile/lent.ts";

Deno.test("the smallest piece that will do is lent, and never to two at once", () => {
  const lent = new Lent();
  const large = lent.take(4096), small = lent.take(100);
  assertEquals([large.byteLength, small.byteLength], [4096, 100]);
  lent.give(large, small);
  assertStrictEquals(lent.take(90), small);
  assertStrictEquals(lent.take(90), large);
  assertNotStrictEquals(lent.take(90), large);
});

Deno.test("there are no more pieces than were in use at once, whatever their sizes", () => {
  const lent = new Lent(), made = new Set<SharedArrayBuffer>();
  let used: SharedArrayBuffer[] = [];
  for (let round = 1; round <= 50; round++) {
    for (let piece = 0; piece < 3; piece++) used.push(lent.take(round * 1000 + piece));
    for (const piece of used) made.add(piece);
    assertEquals(new Set(used).size, 3);
    lent.give(...used);
    used = [];
  }
  // Each of the later, larger ones took the place of one; all that is left is taken now.
  const left = Array.from({ length: 6 }, () => lent.take(1)).filter((piece) => made.has(piece));
  assertEquals(left.length, 3);
});

Deno.test("what was let go of is not lent again", () => {
  const lent = new Lent();
  const piece = lent.take(10);
  lent.give(piece);
  lent.clear();
  assert(lent.take(10) !== piece);
});
