import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { blendOnce } from "../../src/modes/blend.ts";

/** λ·x + (1 − λ)·up(avgpool2(x)) as the words have it, in float64, for finite values. */
function oracle(values: readonly number[], width: number, height: number, lambda: number) {
  const across = Math.ceil(width / 2), down = Math.ceil(height / 2);
  const pool = (px: number, py: number) => {
    const x = Math.min(across - 1, Math.max(0, px)), y = Math.min(down - 1, Math.max(0, py));
    let sum = 0, count = 0;
    for (let b = 2 * y; b < Math.min(height, 2 * y + 2); b++) {
      for (let a = 2 * x; a < Math.min(width, 2 * x + 2); a++, count++) {
        sum += values[b * width + a]!;
      }
    }
    return sum / count;
  };
  return values.map((value, i) => {
    const u = (i % width + 0.5) / 2 - 0.5, v = (Math.floor(i / width) + 0.5) / 2 - 0.5;
    const x = Math.floor(u), y = Math.floor(v), right = u - x, below = v - y;
    const up = (pool(x, y) * (1 - right) + pool(x + 1, y) * right) * (1 - below) +
      (pool(x, y + 1) * (1 - right) + pool(x + 1, y + 1) * right) * below;
    return lambda * value + (1 - lambda) * up;
  });
}

Deno.test("blendOnce is λ·x + (1 − λ)·up(avgpool2(x)), ragged sides too", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 9 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 81, maxLength: 81 }),
    (width, height, lambda, all) => {
      const values = all.slice(0, width * height);
      const blended = Float32Array.from(values);
      blendOnce(blended, width, height, lambda);
      for (const [i, expected] of oracle(values, width, height, lambda).entries()) {
        assertAlmostEquals(blended[i]!, expected, 1e-3, `${i} of ${width} × ${height}`);
      }
    },
  ));
});

Deno.test("blendOnce leaves what is not finite as it is, and out of every average", () => {
  const values = Float32Array.of(NaN, 4, Infinity, NaN, 2, 6, NaN, -Infinity);
  const expected = [NaN, 4, Infinity, NaN, 4, 4, NaN, -Infinity];
  blendOnce(values, 4, 2, 0);
  assertEquals([...values], expected);
});

Deno.test("a constant picture blends into itself, and means are kept", () => {
  const constant = new Float32Array(7 * 5).fill(0.75);
  blendOnce(constant, 7, 5, 0.3);
  assert(constant.every((value) => value === 0.75));
});
