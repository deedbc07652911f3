import { assertEquals, assertThrows } from "@std/assert";
import { type Ops, orderKey } from "../../../src/compute/ops.ts";
import { lengths, withEdges } from "../samples.ts";

/** countKeys: exact. */
export function conformCountKeys(ops: Ops): void {
  Deno.test(`${ops.name} countKeys() adds every value to its bin`, () => {
    const bins = new Uint32Array(65536).fill(3);
    const want = bins.slice();
    for (const length of lengths) {
      const values = withEdges(length, length);
      for (const bits of new Uint32Array(values.buffer)) want[orderKey(bits) >>> 16]! += 1;
      ops.frame(() => ops.countKeys(values, bins));
    }
    assertEquals(bins, want);
  });

  Deno.test(`${ops.name} countKeys() orders bins as values are ordered`, () => {
    const values = [-Infinity, -3e38, -1, -1e-40, -0, 0, 1e-38, 1, 2, 3e38, Infinity];
    const places = values.map((value) => {
      const bins = new Uint32Array(65536);
      ops.frame(() => ops.countKeys(Float32Array.of(value), bins));
      return bins.indexOf(1);
    });
    assertEquals(places, places.toSorted((a, b) => a - b));
    assertEquals(new Set(places).size, places.length);
  });

  Deno.test(`${ops.name} countKeys() counts in place where the bins are scratch`, () => {
    ops.frame(() => {
      const bytes = ops.scratch(65536 * 4).fill(0);
      const bins = new Uint32Array(bytes.buffer, bytes.byteOffset, 65536);
      ops.countKeys(new Float32Array(1001).fill(1), bins);
      assertEquals(bins[0xbf80], 1001);
    });
    assertThrows(() => ops.countKeys(new Float32Array(1), new Uint32Array(256)), RangeError, "256");
  });
}
