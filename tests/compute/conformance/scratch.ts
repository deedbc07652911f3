import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Ops } from "../../../src/compute/ops.ts";

/** Scratch memory: aligned, disjoint, given back when its frame ends. */
export function conformScratch(ops: Ops): void {
  Deno.test(`${ops.name} scratch() is 16-byte aligned and its arrays do not overlap`, () => {
    ops.frame(() => {
      const arrays = [5, 0, 16, 1, 100].map((length) => ops.scratch(length));
      for (const [i, array] of arrays.entries()) array.fill(i);
      for (const [i, array] of arrays.entries()) {
        assertEquals(array.byteOffset % 16, 0);
        assert(array.every((byte) => byte === i), `array ${i} was overwritten`);
      }
    });
  });

  Deno.test(`${ops.name} frame() gives back what its work answers and lets go of its scratch`, () => {
    // Far more in total than memory holds, never much at a time.
    ops.frame(() => {
      const kept = ops.scratch(16).fill(7);
      for (let i = 0; i < 64; i++) {
        assertEquals(ops.frame(() => ops.scratch(32 * 2 ** 20).length), 32 * 2 ** 20);
      }
      assertThrows(
        () =>
          ops.frame(() => {
            ops.scratch(32 * 2 ** 20);
            throw new Error("work failed");
          }),
        Error,
        "work failed",
      );
      assertEquals(ops.frame(() => ops.scratch(32 * 2 ** 20).length), 32 * 2 ** 20);
      assert(kept.every((byte) => byte === 7), "the outer frame's scratch was given away");
    });
  });
}
