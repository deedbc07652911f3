import { assertEquals } from "@std/assert";
import { type Ops, RAMP } from "../../../src/compute/ops.ts";
import { reference } from "../../../src/compute/reference.ts";
import { lengths } from "../samples.ts";

/** places: of every entry that there is exactly the reference's. */
export function conformPlaces(ops: Ops): void {
  const clamps = [[0, RAMP - 1, 125], [0, RAMP - 1, 0], [20, 180, 250], [125, 125, 24], [
    76,
    75,
    25,
  ]];
  for (const [least, most, zero] of clamps as [number, number, number][]) {
    Deno.test(`${ops.name} places() of entries from ${least} to ${most}, others at ${zero}`, () => {
      for (const length of [...lengths, 256]) {
        const entries = Uint8Array.from({ length }, (_, i) => length - 1 - i);
        const want = reference.places(entries, least, most, zero);
        ops.frame(() => assertEquals(ops.places(entries, least, most, zero), want));
      }
    });
  }

  Deno.test(`${ops.name} places() goes from 0 to 255, and puts what is no number in its own place`, () => {
    ops.frame(() => {
      const found = ops.places(Uint8Array.of(0, 125, 250, 251, 253, 255), 0, RAMP - 1, 50);
      assertEquals([...found], [0, 128, 255, 51, 51, 51]);
    });
  });
}
