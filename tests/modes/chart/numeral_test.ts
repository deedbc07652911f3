import { assertEquals } from "@std/assert";
import { numeral } from "../../../src/modes/chart/numeral.ts";

Deno.test("a numeral has so many digits, and powers of ten where it is very large or small", () => {
  for (
    const [value, digits, text] of [
      [0, 4, "0"],
      [0.0015, 2, "0.0015"],
      [-2.34567, 3, "−2.35"],
      [12345.6, 4, "12350"],
      [123456, 3, "1.23×10⁵"],
      [-0.00012, 4, "−1.2×10⁻⁴"],
      [3e-7, 4, "3×10⁻⁷"],
      // Rounded up to the next power.
      [0.00099999, 3, "1×10⁻³"],
      [999999, 3, "1×10⁶"],
      [NaN, 3, "NaN"],
    ] as const
  ) assertEquals(numeral(value, digits), text);
});
