import { assert, assertEquals } from "@std/assert";
import {
  NEGATIVE_INFINITY,
  NOT_A_NUMBER,
  type Ops,
  POSITIVE_INFINITY,
  type Shade,
} from "../../../src/compute/ops.ts";
import { reference } from "../../../src/compute/reference.ts";
import { lengths, normal, withEdges } from "../samples.ts";

const shades: Shade[] = [
  { curve: "linear", center: 0, scale: 0.7, gain: 1 },
  { curve: "linear", center: 0.25, scale: 4, gain: 0.125 },
  { curve: "tanh", center: 0, scale: 0.5, gain: 1 },
  { curve: "tanh", center: -1, scale: 3, gain: 0.45 },
  { curve: "log", center: 0, scale: 10, gain: 0.3 },
  { curve: "log", center: 0.5, scale: 1e-4, gain: 2000 },
];
const title = ({ curve, center, scale, gain }: Shade) =>
  `${gain}·${curve}((x − ${center})·${scale})`;

/**
 * shade: entries of `linear` are equal to the reference's; those of `tanh` and `log` may be one
 * step off for two values in a thousand, where the exact place lies between two entries.
 */
export function conformShade(ops: Ops): void {
  for (const shade of shades) {
    Deno.test(`${ops.name} shade() by ${title(shade)} is the reference's`, () => {
      for (const length of lengths) {
        const values = withEdges(length, length);
        compare(ops, values, shade, shade.curve === "linear" ? 0 : 1, length < 4096 ? 1 : 0.002);
      }
      compare(ops, normal(65536, 5, 2), shade, shade.curve === "linear" ? 0 : 1, 0.002);
    });
  }

  Deno.test(`${ops.name} shade() has the center on entry 125 and ±x on mirrored entries`, () => {
    for (const shade of shades) {
      const steps = Float32Array.from({ length: 500 }, (_, i) => i / 100);
      const up = entries(ops, steps.map((x) => shade.center + x), { ...shade });
      const down = entries(ops, steps.map((x) => shade.center - x), { ...shade });
      assertEquals(up[0], 125);
      assertEquals(down[0], 125);
      if (shade.center === 0) assertEquals(up, down.map((entry) => 250 - entry), title(shade));
    }
    const signs = Float32Array.of(0, -0);
    assertEquals([...entries(ops, signs, shades[4]!)], [125, 125]);
  });

  Deno.test(`${ops.name} shade() rounds to nearest and clamps to the ramp`, () => {
    const shade: Shade = { curve: "linear", center: 0, scale: 1, gain: 1 };
    const values = Float32Array.of(-2, -1, -0.9, -0.005, 0.003, 0.005, 0.021, 0.5, 1, 1.1, 3e38);
    assertEquals([...entries(ops, values, shade)], [
      ...[0, 0, 13, 124, 125, 126, 128, 187, 250, 250, 250],
    ]);
  });

  Deno.test(`${ops.name} shade() has entries of their own for NaN and the infinities`, () => {
    for (const shade of shades) {
      for (const at of [0, 1, 7, 15, 16, 18]) {
        const values = new Float32Array(19).fill(shade.center);
        const special = [[NaN, NOT_A_NUMBER], [Infinity, POSITIVE_INFINITY]] as const;
        for (const [value, entry] of [...special, [-Infinity, NEGATIVE_INFINITY] as const]) {
          values[at] = value;
          const got = entries(ops, values, shade);
          assertEquals([...got], [...values].map((_, i) => i === at ? entry : 125));
        }
      }
    }
  });

  Deno.test(`${ops.name} shade() follows its curve, to a step, where values are huge`, () => {
    const values = Float32Array.of(1e30, -1e30, 3e38, -3e38);
    const log: Shade = { curve: "log", center: 0, scale: 1e30, gain: 1 / 100 };
    compare(ops, values, log, 1, 1);
    assertEquals([...entries(ops, values, { ...log, curve: "tanh", gain: 1 })], [250, 0, 250, 0]);
  });
}

const entries = (ops: Ops, values: Float32Array, shade: Shade): Uint8Array =>
  ops.frame(() => ops.shade(values, shade).slice());

function compare(ops: Ops, values: Float32Array, shade: Shade, slack: 0 | 1, share: number): void {
  const got = entries(ops, values, shade);
  const want = reference.shade(values, shade);
  assertEquals(got.length, want.length);
  let off = 0;
  for (const [i, entry] of want.entries()) {
    if (got[i] === entry) continue;
    off++;
    assert(
      Math.abs(got[i]! - entry) <= slack,
      `value ${i} of ${values.length}, ${values[i]}: entry ${got[i]} instead of ${entry}`,
    );
  }
  assert(off <= share * values.length, `${off} of ${values.length} entries are a step off`);
}
