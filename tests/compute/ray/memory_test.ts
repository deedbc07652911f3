import { assertEquals, assertThrows } from "@std/assert";
import { frame, keep, release, scratch } from "../../../src/compute/wasm/memory.ts";

Deno.test("kept bytes outlive frames, and their room is used again", () => {
  const a = keep(100), b = keep(1000), c = keep(10);
  for (const [i, bytes] of [a, b, c].entries()) bytes.fill(i + 1);
  frame(() => scratch(2 ** 20).fill(9));
  assertEquals([...new Set(a), ...new Set(b), ...new Set(c)], [1, 2, 3]);
  assertEquals([a, b, c].map((bytes) => bytes.byteOffset % 16), [0, 0, 0]);
  release(b);
  const d = keep(900), e = keep(2000);
  d.fill(4);
  e.fill(5);
  assertEquals([...new Set(a), ...new Set(c)], [1, 3]);
  assertEquals(d.byteOffset > c.byteOffset && e.byteOffset < c.byteOffset, true);
  for (const bytes of [a, c, d, e]) release(bytes);
});

Deno.test("what is kept and scratch never meet", () => {
  const kept = keep(200 * 2 ** 20);
  frame(() => {
    assertThrows(() => scratch(100 * 2 ** 20), RangeError, "are free");
    scratch(30 * 2 ** 20);
    assertThrows(() => keep(40 * 2 ** 20), RangeError, "bytes to keep");
  });
  release(kept);
  frame(() => scratch(100 * 2 ** 20));
});
