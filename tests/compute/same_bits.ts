import { assert } from "@std/assert";

/** Asserts that numbers are the same to the bit, −0 too; NaN is NaN whatever its bits. */
export function assertSameBits(got: Float32Array, want: Float32Array, what: string): void {
  assert(got.length === want.length, `${what}: ${got.length} values instead of ${want.length}`);
  for (let i = 0; i < got.length; i++) {
    if (Object.is(got[i], want[i])) continue;
    throw new Error(`${what}: value ${i} is ${got[i]} instead of ${want[i]}`);
  }
}
