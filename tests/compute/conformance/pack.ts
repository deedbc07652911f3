import { assert, assertEquals, assertThrows } from "@std/assert";
import type { BlockStats, Ops } from "../../../src/compute/ops.ts";
import { reference } from "../../../src/compute/reference.ts";
import { normal } from "../samples.ts";

/** pack: bytes may be one off for two in a hundred, where the exact value lies between two. */
export function conformPack(ops: Ops): void {
  for (const [alpha, scale] of [[1, 0.5], [3, 1], [0.2, 1e-3]] as const) {
    Deno.test(`${ops.name} pack() with α ${alpha}, s ${scale} is the reference's`, () => {
      for (const width of [1, 2, 3, 4, 5, 63, 128]) {
        const values = normal((width * 2 + 2) * 34, width, 0.7, 0.1);
        values.fill(NaN, 5, 60);
        const stats = reference.blockStats({ values, width: width * 2, height: 32 }, 2);
        const got = ops.frame(() => ops.pack(stats, alpha, scale).slice());
        const want = reference.pack(stats, alpha, scale);
        assertEquals(got.length, width * 16 * 4);
        const off = want.reduce((total, byte, i) => {
          assert(Math.abs(got[i]! - byte) <= 1, `byte ${i}: ${got[i]} instead of ${byte}`);
          return total + (got[i] === byte ? 0 : 1);
        }, 0);
        assert(off <= 0.02 * want.length, `${off} of ${want.length} bytes are off`);
      }
    });
  }

  Deno.test(`${ops.name} pack() has mean, deviation, gradient and sign entropy in R, G, B, A`, () => {
    const pack = (one: Partial<Record<keyof BlockStats, number>>) => [
      ...ops.frame(() => ops.pack(single(one), 1, 1).slice()),
    ];
    assertEquals(pack({ count: 0, mean: NaN }), [0, 0, 0, 0]);
    assertEquals(pack({ count: 4, zero: 4 }), [128, 0, 0, 0]);
    assertEquals(pack({ count: 4, mean: 50, positive: 4 }), [255, 0, 0, 0]);
    assertEquals(pack({ count: 4, mean: -50 }), [0, 0, 0, 0]);
    assertEquals(pack({ count: 4, zero: 2, positive: 1, m2: 1e9 }), [128, 255, 0, 255]);
    assertEquals(pack({ count: 8, gradient: 1e9, positive: 2 }), [128, 0, 255, 207]);
    assertEquals(pack({ count: 8, m2: 8 * 0.25, gradient: 4, positive: 8 }), [128, 118, 118, 0]);
    assertEquals(pack({ count: 2 ** 31, positive: 1, m2: Infinity }), [128, 255, 0, 0]);
  });

  Deno.test(`${ops.name} pack() refuses entries that are missing`, () => {
    assertThrows(() => ops.pack({ ...single({}), width: 5 }, 1, 1), RangeError, "5 entries; 1");
  });
}

/** One block, 0 in every figure that is not given. */
function single(figures: Partial<Record<keyof BlockStats, number>>): BlockStats {
  const floats = (name: keyof BlockStats) => Float32Array.of(figures[name] ?? 0);
  const words = (name: keyof BlockStats) => Uint32Array.of(figures[name] ?? 0);
  return {
    width: 1,
    height: 1,
    count: words("count"),
    mean: floats("mean"),
    m2: floats("m2"),
    min: floats("min"),
    max: floats("max"),
    gradient: floats("gradient"),
    positive: words("positive"),
    zero: words("zero"),
    nan: words("nan"),
    infinite: words("infinite"),
  };
}
