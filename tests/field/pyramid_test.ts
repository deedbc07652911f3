import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { BlockStats, Ops } from "../../src/compute/ops.ts";
import { reference } from "../../src/compute/reference.ts";
import { wasm } from "../../src/compute/wasm.ts";
import { Canvas, windowOf } from "../../src/field/canvas.ts";
import { heldLevels } from "../../src/field/levels/held.ts";
import { allocate, mergeLevels } from "../../src/field/pyramid.ts";
import { measureSlab, slabOf, stepsOf } from "../../src/field/slab.ts";
import { laidOut, readerOf, tensorOf } from "./planes.ts";

/** The block straight from its definition, in float64. */
function bruteForce(
  cell: (x: number, y: number) => number | undefined,
  block: number,
  bx: number,
  by: number,
) {
  const values: number[] = [];
  let gradient = 0, nan = 0, infinite = 0;
  for (let y = by * block; y < (by + 1) * block; y++) {
    for (let x = bx * block; x < (bx + 1) * block; x++) {
      const value = cell(x, y);
      if (value === undefined) continue;
      if (Number.isNaN(value)) nan++;
      else if (!Number.isFinite(value)) infinite++;
      else {
        values.push(value);
        const slope = Math.hypot(along(cell, x, y, 1, 0), along(cell, x, y, 0, 1));
        if (Number.isFinite(slope)) gradient += slope;
      }
    }
  }
  const count = values.length;
  const mean = values.reduce((sum, v) => sum + v, 0) / count;
  const m2 = values.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  const positive = values.filter((v) => v > 0).length, zero = values.filter((v) => v === 0).length;
  return {
    count,
    mean,
    m2,
    gradient,
    positive,
    zero,
    nan,
    infinite,
    min: values.reduce((low, v) => Math.min(low, v), count ? Infinity : NaN),
    max: values.reduce((high, v) => Math.max(high, v), count ? -Infinity : NaN),
  };
}

/** Central difference, one-sided at edges. */
function along(
  cell: (x: number, y: number) => number | undefined,
  x: number,
  y: number,
  dx: number,
  dy: number,
) {
  const before = cell(x - dx, y - dy), here = cell(x, y)!, after = cell(x + dx, y + dy);
  if (before !== undefined && after !== undefined) return (after - before) / 2;
  return after !== undefined ? after - here : before !== undefined ? here - before : 0;
}

function agree(
  stats: BlockStats,
  at: number,
  want: ReturnType<typeof bruteForce>,
  reach: number,
  place: string,
) {
  for (const field of ["count", "positive", "zero", "nan", "infinite"] as const) {
    assertEquals(stats[field][at], want[field], `${field} of ${place}`);
  }
  if (want.count === 0) return assert(Number.isNaN(stats.mean[at]!), `mean of ${place}`);
  assertEquals([stats.min[at], stats.max[at]], [want.min, want.max], place);
  const near = (got: number, want: number, scale: number, what: string) =>
    assert(
      Math.abs(got - want) <= 1e-5 * Math.max(Math.abs(want), scale),
      `${what} of ${place}: ${got}, want ${want}`,
    );
  near(stats.mean[at]!, want.mean, 1e-2 * reach, "mean");
  near(stats.m2[at]!, want.m2, 1e-7 * reach ** 2 * want.count, "m2");
  near(stats.gradient[at]!, want.gradient, 1e-5 * reach * want.count, "gradient");
}

const odd = (i: number) => {
  const noise = Math.sin(i * 12.9898) * 43758.5453;
  const value = noise - Math.floor(noise) - 0.4;
  return i % 97 === 5 ? NaN : i % 89 === 3 ? Infinity : i % 7 === 0 ? 0 : value;
};

/** Shapes [output, input, space…], and the order in which the file has their axes, where another. */
const cases: readonly (readonly [number[], number[]?])[] = [
  ...[[300, 530], [5000], [40, 30, 3, 3], [1, 1], [3, 2000]].map((shape) => [shape] as const),
  [[300, 530], [1, 0]],
  [[530, 3], [1, 0]],
  [[2100, 70], [1, 0]],
  [[40, 30, 3, 3], [3, 2, 0, 1]],
  [[70, 1, 3, 3], [2, 3, 0, 1]],
];

for (const ops of [reference, wasm] satisfies Ops[]) {
  Deno.test(`${ops.name}: every zoom of a plane equals brute force over its cells`, () => {
    for (const [shape, layout] of cases) {
      const made = layout ? laidOut(shape, layout, odd) : tensorOf(shape, odd);
      const reader = readerOf(made, undefined, ops);
      const { plane } = reader;
      const width = plane.width;
      const all = new Float32Array(plane.width * plane.height);
      const cell = (x: number, y: number) => {
        if (
          x < 0 || y < 0 || x >= width || y >= plane.height ||
          y * width + x >= plane.cells && plane.folded
        ) return undefined;
        return all[y * width + x];
      };
      for (let y = 0; y < plane.height; y++) {
        for (let x = 0; x < width; x++) all[y * width + x] = valueAt(made.flat, shape, x, y, width);
      }
      // A folded vector's cells beside its missing ones have no gradient: SPEC's difference needs neighbours.
      const gradients = !plane.folded;
      const pyramid = allocate(plane);
      const slab = slabOf(pyramid);
      measureSlab(reader, slab, 0, stepsOf(plane, slab), null);
      mergeLevels(ops, pyramid.levels);
      for (let log2 = 0; log2 < pyramid.base + pyramid.levels.length; log2++) {
        const z = plane.nativeZoom - log2;
        ops.frame(() => {
          const canvas = new Canvas(
            reader,
            heldLevels(pyramid),
            windowOf(plane, { z, x: 0, y: 0, density: 1, crop: true }),
          );
          const stats = canvas.stats(), means = canvas.means();
          const step = Math.max(1, Math.floor(stats.width * stats.height / 60));
          for (let at = 0; at < stats.width * stats.height; at += step) {
            const bx = at % stats.width, by = Math.floor(at / stats.width);
            const want = bruteForce(cell, 2 ** log2, bx, by);
            const got = gradients
              ? stats
              : { ...stats, gradient: Float32Array.from(stats.gradient) };
            if (!gradients) got.gradient[at] = want.gradient;
            if (want.count > 0) assertAlmostEquals(means[at]!, want.mean, 1e-6);
            agree(got, at, want, 1, `block (${bx}, ${by}) of ${2 ** log2} in [${shape}] ${layout}`);
          }
        });
      }
    }
  });
}

function valueAt(flat: Float32Array, shape: number[], x: number, y: number, width: number): number {
  if (shape.length < 4) return flat[y * width + x]!;
  const [, inputs, kh, kw] = shape as [number, number, number, number];
  const o = Math.floor(y / kh), ky = y % kh, i = Math.floor(x / kw), kx = x % kw;
  return flat[((o * inputs + i) * kh + ky) * kw + kx]!;
}

Deno.test("a tile amid the plane, read as it is stored, equals brute force too", () => {
  const side = 1300;
  const made = tensorOf([side, side], odd);
  const cell = (x: number, y: number) =>
    x < 0 || y < 0 || x >= side || y >= side ? undefined : made.flat[y * side + x]!;
  for (const ops of [reference, wasm]) {
    for (const [z, x, y] of [[3, 2, 3], [2, 1, 1], [3, 1, 1], [3, 5, 5]] as const) {
      ops.frame(() => {
        const reader = readerOf(made, undefined, ops);
        const window = windowOf(reader.plane, { z, x, y, density: 1, crop: true });
        const canvas = new Canvas(reader, null, window);
        const stats = canvas.stats();
        for (let at = 0; at < stats.count.length; at += 977) {
          const bx = canvas.x + at % stats.width, by = canvas.y + Math.floor(at / stats.width);
          agree(
            stats,
            at,
            bruteForce(cell, 2 ** canvas.log2, bx, by),
            1,
            `${ops.name} ${bx}, ${by}`,
          );
        }
      });
    }
  }
});

Deno.test("tiles of a zoom cover the plane once, and a parent covers its four children", () => {
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 3000 }),
    fc.integer({ min: 1, max: 3000 }),
    fc.integer({ min: 0, max: 4 }),
    (width, height, out) => {
      const reader = readerOf(tensorOf([0, 0], () => 0));
      const plane = { ...reader.plane, width, height, cells: width * height };
      plane.nativeZoom = Math.max(0, Math.ceil(Math.log2(Math.max(width, height) / 256)));
      const z = Math.max(0, plane.nativeZoom - out);
      const at = (z: number, x: number, y: number) =>
        windowOf(plane, { z, x, y, density: 1, crop: true });
      const scale = 2 ** (plane.nativeZoom - z);
      let area = 0;
      for (let y = 0; y * 256 * scale < height; y++) {
        for (let x = 0; x * 256 * scale < width; x++) {
          area += at(z, x, y).width * at(z, x, y).height;
        }
      }
      assertEquals(area, Math.ceil(width / scale) * Math.ceil(height / scale));
      if (z < plane.nativeZoom) {
        const [parent, child] = [at(z, 0, 0), at(z + 1, 0, 0)];
        assertEquals([child.x, child.y], [parent.x * 2, parent.y * 2]);
        const below = z + 1 <= plane.nativeZoom && child.width === 256 && width / (scale / 2) > 256
          ? child.width + at(z + 1, 1, 0).width
          : child.width;
        assertEquals(parent.width, Math.ceil(below / 2));
      }
    },
  ));
});
