import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { Brick, MergeRule } from "../../src/compute/ops.ts";
import { reference } from "../../src/compute/reference.ts";
import { wasm } from "../../src/compute/wasm.ts";
import { TooLarge } from "../../src/errors.ts";
import { buildOctree, joinOctree, mergeBricks, type Octree } from "../../src/field/octree.ts";
import { type Box, gridOf, mortonOrder } from "../../src/field/octree/grid.ts";
import { cubeAt } from "../../src/field/octree/cube.ts";
import { type Axis, BEYOND, drawSlice, type SliceRect } from "../../src/field/octree/slice.ts";
import { foldVolume } from "../../src/field/volume.ts";
import { readBrick } from "../../src/field/volume/bricks.ts";
import { random } from "../compute/samples.ts";
import { type Cells, cubeOf, leavesOf, meanOf, type OracleLeaf } from "./octree_oracle.ts";
import { tensorOf } from "./planes.ts";
import { volumeReader } from "./volumes.ts";

const brickReader = ({ values, sides: [width, height] }: Cells) => (box: Box): Brick => ({
  values,
  start: (box.z * height + box.y) * width + box.x,
  ...{
    pitch: width,
    slice: width * height,
    width: box.width,
    height: box.height,
    depth: box.depth,
  },
});

const build = (cells: Cells, rule: MergeRule, ops = wasm): Octree =>
  buildOctree(ops, brickReader(cells), gridOf(...cells.sides), rule);

/** Numbers of which sums, differences and squares have no rounding, in boxes that are alike. */
function cellsOf(
  sides: readonly [number, number, number],
  seed: number,
  kinds: readonly number[],
): Cells {
  const next = random(seed);
  const [width, height, depth] = sides;
  const size = 2 ** Math.floor(next() * 4), noise = next() < 0.5 ? 0 : 0.03;
  const colours = Array.from({ length: 64 }, () => kinds[Math.floor(next() * kinds.length)]!);
  const values = Float32Array.from({ length: width * height * depth }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width) % height];
    const z = Math.floor(i / width / height);
    if (next() < noise) return kinds[Math.floor(next() * kinds.length)]!;
    const box = Math.floor(x / size) * 7 + Math.floor(y / size) * 3 + Math.floor(z / size);
    return colours[box % 64]! + (next() < 0.3 ? 1 / 64 : 0);
  });
  return { values, sides };
}

const side = fc.integer({ min: 1, max: 13 });
const sizes = fc.oneof(
  fc.constantFrom(
    [1, 1, 1],
    [2, 2, 2],
    [4, 4, 4],
    [8, 8, 8],
    [1, 1, 130],
    [70, 3, 2],
    [65, 65, 3],
    [
      ...[64, 64, 64],
    ],
    [66, 5, 129],
    [3, 200, 1],
  ),
  fc.tuple(side, side, side),
) as fc.Arbitrary<[number, number, number]>;
const palettes = fc.constantFrom(
  [0, 0.25, 1],
  [0, 0.125, 0.25, -2],
  [1, 1, 1, NaN],
  [NaN],
  [0.5],
  [0, Infinity, -Infinity, NaN, 3],
);
const rules = fc.constantFrom<MergeRule>(
  { epsilon: 0.01 },
  { epsilon: 0.2 },
  { epsilon: 0.3, tau: 0.01 },
  { epsilon: 1.7 },
  { epsilon: 2, kappa: 5 },
  { epsilon: 1e6 },
);
const seeds = fc.integer({ min: 0, max: 2 ** 31 });

/** By brute force: which leaf each cell lies in. */
function leafMap(cells: Cells, leaves: readonly OracleLeaf[]): Int32Array {
  const map = new Int32Array(cells.values.length).fill(-1);
  const [width, height, depth] = cells.sides;
  for (const [i, { corner: [x, y, z], level }] of leaves.entries()) {
    for (let c = z; c < Math.min(depth, z + 2 ** level); c++) {
      for (let b = y; b < Math.min(height, y + 2 ** level); b++) {
        const from = (c * height + b) * width;
        map.fill(i, from + x, from + Math.min(width, x + 2 ** level));
      }
    }
  }
  return map;
}

const close = (got: number, want: number, size = Math.abs(want)): boolean =>
  Object.is(got, want) || (Number.isNaN(got) && Number.isNaN(want)) ||
  Math.abs(got - want) <= 1e-6 * size + 1e-12;

Deno.test("octrees have the leaves that the rule makes, and tell what there is", () => {
  fc.assert(
    fc.property(sizes, palettes, rules, seeds, (sides, kinds, rule, seed) => {
      const cells = cellsOf(sides, seed, kinds);
      const tree = build(cells, rule);
      const { statistics, grid } = tree;
      const leaves = leavesOf(cells, grid.levels, rule);
      const map = leafMap(cells, leaves);
      const counts = new Array<number>(grid.levels + 1).fill(0);
      let error = 0;
      for (const { level, values, mean } of leaves) {
        counts[level]!++;
        for (const value of values) {
          if (Number.isFinite(value)) error = Math.max(error, Math.abs(value - mean));
        }
      }
      assertEquals(statistics.leaves, counts);
      assertEquals(statistics.nodes, leaves.length + statistics.inner.reduce((a, b) => a + b, 0));
      assert(close(statistics.error, error, 4), `error ${statistics.error}, not ${error}`);
      assert(statistics.error <= rule.epsilon);
      const finite = [...cells.values].filter(Number.isFinite);
      assertEquals([statistics.cells, statistics.finite], [cells.values.length, finite.length]);
      assert(close(statistics.mean, meanOf(finite), 4), `mean ${statistics.mean}`);
      assertEquals(statistics.denseBytes, cells.values.byteLength);
      const probes = random(seed);
      for (let n = 0; n < 300; n++) {
        const i = Math.floor(probes() * cells.values.length);
        const got = cubeAt(tree, ...placeOf(i, sides)), want = leaves[map[i]!]!;
        assertEquals([got.corner, got.level, got.isLeaf], [want.corner, want.level, true]);
        assert(close(got.mean, want.mean, 4), `${got.mean} is not ${want.mean}`);
      }
    }),
    { numRuns: 80 },
  );
});

Deno.test("a cube, leaf or not, has the figures of its finite cells, and the ε that holds there", () => {
  fc.assert(
    fc.property(sizes, palettes, rules, seeds, (sides, kinds, rule, seed) => {
      const cells = cellsOf(sides, seed, kinds);
      const tree = build(cells, rule), { levels } = tree.grid;
      const leaves = leavesOf(cells, levels, rule);
      const map = leafMap(cells, leaves);
      const largest = mostOf(cells.values) || 1;
      const next = random(seed);
      for (let n = 0; n < 60; n++) {
        const i = Math.floor(next() * cells.values.length);
        const place = placeOf(i, sides);
        const least = Math.floor(next() * (levels + 2));
        const leaf = leaves[map[i]!]!;
        const level = Math.max(leaf.level, Math.min(least, levels));
        const corner = place.map((at) => at - at % 2 ** level) as [number, number, number];
        const got = cubeAt(tree, ...place, least);
        assertEquals([got.level, got.corner, got.isLeaf], [level, corner, level === leaf.level]);

        const values = cubeOf(cells, corner, 2 ** level).filter(Number.isFinite);
        const mean = level === 0 ? cells.values[i]! : meanOf(values);
        const variance = values.length === 0 ? 0 : meanOf(values.map((v) => (v - mean) ** 2));
        const min = values.length === 0 ? NaN : values.reduce((a, b) => Math.min(a, b));
        const max = values.length === 0 ? NaN : values.reduce((a, b) => Math.max(a, b));
        assertEquals([got.count, got.min, got.max], [values.length, min, max]);
        assert(close(got.mean, mean, 4), `mean ${got.mean}, not ${mean}`);
        assert(close(got.variance, variance, 10), `variance ${got.variance}, not ${variance}`);
        const density = mostOf(values) / largest;
        assert(close(got.epsilon, rule.epsilon / (1 + (rule.kappa ?? 0) * density)));
      }
    }),
    { numRuns: 80 },
  );
});

const placeOf = (i: number, [width, height]: Cells["sides"]): [number, number, number] => [
  i % width,
  Math.floor(i / width) % height,
  Math.floor(i / width / height),
];

const mostOf = (values: ArrayLike<number> & Iterable<number>): number =>
  [...values].filter(Number.isFinite).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** A slice's pixels by brute force. */
function sliceOf(cells: Cells, leaves: readonly OracleLeaf[], map: Int32Array, rect: SliceRect) {
  const { sides } = cells;
  const through = "xyz".indexOf(rect.axis);
  const [across, down] = [0, 1, 2].filter((axis) => axis !== through) as [number, number];
  const size = 2 ** rect.detail;
  const means: number[] = [], levels: number[] = [];
  for (let i = 0; i < rect.width * rect.height; i++) {
    const corner = [0, 0, 0];
    corner[across] = (rect.x + i % rect.width) * size;
    corner[down] = (rect.y + Math.floor(i / rect.width)) * size;
    corner[through] = Math.floor(rect.index / size) * size;
    const [x, y, z] = corner as [number, number, number];
    if (corner[across]! >= sides[across]! || corner[down]! >= sides[down]!) {
      means.push(NaN);
      levels.push(BEYOND);
      continue;
    }
    const leaf = leaves[map[(z * sides[1] + y) * sides[0] + x]!]!;
    const isLarger = leaf.level >= rect.detail;
    means.push(isLarger ? leaf.mean : meanOf(cubeOf(cells, corner, size)));
    levels.push(isLarger ? leaf.level : rect.detail);
  }
  return { means, levels };
}

Deno.test("slices show leaves, or the nodes that are as large as a pixel", () => {
  fc.assert(
    fc.property(sizes, palettes, rules, seeds, (sides, kinds, rule, seed) => {
      const cells = cellsOf(sides, seed, kinds);
      const tree = build(cells, rule);
      const leaves = leavesOf(cells, tree.grid.levels, rule);
      const map = leafMap(cells, leaves);
      const next = random(seed);
      const below = (n: number) => Math.floor(next() * n);
      for (const axis of ["x", "y", "z"] satisfies Axis[]) {
        for (let detail = 0; detail <= tree.grid.levels + 1; detail++) {
          const index = below(sides["xyz".indexOf(axis)]!);
          const rects = [{ x: 0, y: 0, width: 9, height: 7 }, {
            ...{ x: below(12), y: below(12), width: below(70), height: below(70) },
          }];
          for (const part of rects) {
            const rect = { axis, index, detail, ...part };
            const got = drawSlice(tree, rect);
            const want = sliceOf(cells, leaves, map, rect);
            assertEquals([...got.levels], want.levels, JSON.stringify(rect));
            for (const [i, mean] of got.means.entries()) {
              assert(close(mean, want.means[i]!, 4), `${mean}, not ${want.means[i]}`);
            }
          }
        }
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("no cell is further from its leaf than ε / (1 + κρ), whatever the cells are", () => {
  const sizes = fc.constantFrom([9, 6, 5], [16, 16, 16], [7, 1, 40], [70, 2, 3]) as fc.Arbitrary<
    [number, number, number]
  >;
  fc.assert(
    fc.property(
      sizes,
      seeds,
      fc.double({ min: 1e-3, max: 3, noNaN: true }),
      fc.double({ min: 0, max: 50, noNaN: true }),
      fc.constantFrom(1e-30, 1, 1e30),
      (sides, seed, epsilon, kappa, scale) => {
        const next = random(seed);
        const smooth = 1 + 30 * next();
        const values = Float32Array.from(
          { length: sides[0] * sides[1] * sides[2] },
          (_, i) => scale * (Math.sin(i / smooth) + next() * next() * 0.1),
        );
        const rule = { epsilon: epsilon * scale, kappa };
        const tree = build({ values, sides }, rule);
        const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        for (const [i, value] of values.entries()) {
          const [x, y] = [i % sides[0], Math.floor(i / sides[0]) % sides[1]];
          const { corner, level, mean } = cubeAt(tree, x, y, Math.floor(i / sides[0] / sides[1]));
          const near = cubeOf({ values, sides }, corner, 2 ** level);
          const most = near.reduce((most, cell) => Math.max(most, Math.abs(cell)), 0);
          assert(Math.abs(value - mean) <= rule.epsilon / (1 + kappa * most / largest));
        }
        assert(tree.statistics.error <= rule.epsilon);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("octrees of parts that workers made, and of the reference, are the same", () => {
  const cells = cellsOf([130, 70, 66], 5, [0, 0.25, 1, NaN]);
  const rule = { epsilon: 0.2, tau: 0.04, kappa: 0.5, largest: 1 };
  const grid = gridOf(...cells.sides);
  assertEquals(grid.bricks, [3, 2, 2]);
  const read = brickReader(cells);
  const whole = build(cells, rule);
  const parts = [[0, 5], [5, 5], [5, 11], [11, 12]].map(([from, to]) =>
    mergeBricks(wasm, read, grid, rule, from!, to!)
  );
  const joined = joinOctree(grid, rule, structuredClone(parts));
  const byReference = build(cells, rule, reference);
  for (const tree of [joined, byReference]) {
    const { linearBytes: _, compression: __, ...got } = tree.statistics;
    const { linearBytes, compression, ...want } = whole.statistics;
    assert(linearBytes > 0 && compression > 0);
    assertEquals(got, want);
    for (const [axis, index] of [["x", 129], ["y", 3], ["z", 64]] as const) {
      const rect = { axis, index, detail: 0, x: 0, y: 0, width: 130, height: 70 };
      assertEquals(drawSlice(tree, rect), drawSlice(whole, rect));
    }
  }
  assertThrows(() => joinOctree(grid, rule, parts.slice(1)), RangeError, "7 bricks");
});

Deno.test("what is all alike is one leaf, and what there is none of is none", () => {
  for (
    const [width, height, depth] of [[100, 3, 70], [1, 1, 1], [64, 64, 64], [256, 1, 1]] as const
  ) {
    const sides = [width, height, depth] as const;
    const alike = build({ values: new Float32Array(width * height * depth).fill(3), sides }, {
      epsilon: 1e-20,
    });
    const { leaves, nodes, error, compression } = alike.statistics;
    assertEquals([leaves.at(-1), nodes, error], [1, 1, 0]);
    if (width * height * depth > 10_000) assert(compression > 50);
    assertEquals(cubeAt(alike, width - 1, height - 1, depth - 1).mean, 3);
    const none = build({ values: new Float32Array(width * height * depth).fill(NaN), sides }, {
      epsilon: 1,
      kappa: 1,
    });
    assertEquals([none.statistics.nodes, none.statistics.finite], [1, 0]);
    assertEquals(none.statistics.mean, NaN);
    assertEquals(cubeAt(none, 0, 0, 0).mean, NaN);
  }
  const empty = build({ values: new Float32Array(), sides: [0, 5, 5] }, { epsilon: 1 });
  assertEquals([empty.statistics.nodes, empty.statistics.cells, empty.grid.count], [0, 0, 0]);
  assertThrows(() => cubeAt(empty, 0, 0, 0), RangeError, "no cell of 0 × 5 × 5");
});

Deno.test("odd rules, places and slices are refused with what was found", () => {
  const cells = cellsOf([5, 6, 7], 3, [0, 1]);
  for (
    const rule of [{ epsilon: 0 }, { epsilon: NaN }, { epsilon: 1, kappa: -1 }, {
      epsilon: 1,
      tau: 0,
    }, { epsilon: 1, kappa: Infinity }]
  ) {
    assertThrows(() => build(cells, rule), RangeError, "octree: ");
  }
  const tree = build(cells, { epsilon: 0.5 });
  for (const [x, y, z] of [[5, 0, 0], [0, -1, 0], [0, 0, 7], [0.5, 0, 0]] as const) {
    assertThrows(() => cubeAt(tree, x, y, z), RangeError, "5 × 6 × 7");
  }
  const rect = { axis: "y", index: 0, detail: 0, x: 0, y: 0, width: 4, height: 4 } as const;
  assertThrows(() => drawSlice(tree, { ...rect, index: 6 }), RangeError, "y = 6 is not among 0..5");
  assertThrows(() => drawSlice(tree, { ...rect, detail: 0.5 }), RangeError, "2^0.5");
  assertThrows(() => drawSlice(tree, { ...rect, x: -1 }), RangeError, "at -1, 0");
});

Deno.test("a build ends where it takes too much, and when it is no longer wanted", () => {
  const cells = cellsOf([130, 20, 20], 3, [0, 1]);
  const noise = { ...cells, values: cells.values.map((_, i) => i % 7) };
  const grid = gridOf(...cells.sides);
  const make = (bounds: { bytes?: number; cancelled?: () => void }) => () =>
    buildOctree(wasm, brickReader(noise), grid, { epsilon: 0.1 }, bounds);
  assertThrows(make({ bytes: 50_000 }), TooLarge, "1 of 3 bricks");
  let asked = 0;
  const cancelled = () => {
    if (++asked === 3) throw new DOMException("no longer wanted", "AbortError");
  };
  assertThrows(make({ cancelled }), DOMException, "no longer wanted");
});

Deno.test("bricks come in Morton order", () => {
  assertEquals(mortonOrder(gridOf(130, 70, 66)), [
    ...[[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]],
    ...[[2, 0, 0], [2, 1, 0], [2, 0, 1], [2, 1, 1]],
  ] as [number, number, number][]);
  assertEquals(mortonOrder(gridOf(0, 3, 3)), []);
});

Deno.test("an octree of a tensor's volume has the tensor's values in its leaves", () => {
  const { tensor, source, flat } = tensorOf([40, 90, 3, 3], (i) => i % 9 < 3 ? 0.5 : i * 1e-3);
  const volume = foldVolume(tensor);
  const reader = volumeReader(volume, [source]);
  const { width, height, depth } = volume;
  const grid = gridOf(width, height, depth);
  const tree = buildOctree(wasm, (box) => readBrick(reader, box), grid, { epsilon: 1e-5 });
  assertEquals(tree.statistics.finite, flat.length);
  for (let i = 0; i < 500; i++) {
    const at = i * 61 % flat.length;
    const [o, k] = [Math.floor(at / 810), Math.floor(at / 9) % 90];
    const pieces = width / 3;
    const x = (k % pieces) * 3 + at % 3, y = Math.floor(k / pieces) * 3 + Math.floor(at % 9 / 3);
    assert(Math.abs(cubeAt(tree, x, y, o).mean - flat[at]!) <= 1e-5);
  }
});

Deno.test("lists of several pages, lent and used before, hold what fresh ones hold", () => {
  const next = random(9);
  const values = Float32Array.from({ length: 128 * 130 * 129 }, () => next());
  const cells: Cells = { values, sides: [128, 130, 129] };
  const grid = gridOf(...cells.sides);
  const lent: SharedArrayBuffer[] = [];
  const lend = (bytes: number) => {
    const buffer = new SharedArrayBuffer(bytes + 20);
    new Uint8Array(buffer).fill(0xa5);
    lent.push(buffer);
    return buffer;
  };
  const tree = buildOctree(wasm, brickReader(cells), grid, { epsilon: 0.05 }, { lend });
  assert(lent.length > 1 && tree.parts[0]!.pages.length === lent.length);
  const fresh = build(cells, { epsilon: 0.05 });
  assertEquals(tree.statistics, fresh.statistics);
  for (const [axis, index] of [["x", 64], ["y", 129], ["z", 128]] as const) {
    const rect = { axis, index, detail: 0, x: 0, y: 0, width: 130, height: 130 };
    const { means, levels } = drawSlice(tree, rect);
    assertEquals({ means, levels }, drawSlice(fresh, rect));
    for (let i = 0; i < means.length; i += 7) {
      if (levels[i] !== 0) continue;
      const [a, b] = [i % 130, Math.floor(i / 130)];
      const [x, y, z] = axis === "x" ? [index, a, b] : axis === "y" ? [a, index, b] : [a, b, index];
      assertEquals(means[i], values[(z * 130 + y) * 128 + x]);
    }
  }
});
