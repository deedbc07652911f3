import { assert, assertEquals, assertThrows } from "@std/assert";
import { ABSENT, EMPTY, INNER, LEAF } from "../../../src/compute/octree.ts";
import type { Brick, BrickTree, MergeRule, NodeFigures, Ops } from "../../../src/compute/ops.ts";
import { reference } from "../../../src/compute/reference.ts";
import { edges, normal, random, withEdges } from "../samples.ts";

/** Plateaus of several sizes with some noise on them: trees with leaves of all levels. */
function plateaus(length: number, seed: number, width: number): Float32Array {
  const next = random(seed);
  const side = 2 ** Math.floor(next() * 4);
  return Float32Array.from({ length }, (_, i) => {
    const x = i % width, rest = Math.floor(i / width);
    const step = Math.floor(x / side) + 2 * Math.floor(rest / (side * width));
    return step + (next() < 0.02 ? next() : 0.05 * next());
  });
}

const kinds: Record<string, (length: number, width: number) => Float32Array> = {
  "plateaus": (length, width) => plateaus(length, length + width, width),
  "smooth": (length, width) =>
    Float32Array.from(
      { length },
      (_, i) => Math.sin(i % width / 9) + Math.cos(i / width / width / 7),
    ),
  "normal": (length) => normal(length, 71),
  "normal, edges at both ends": (length) => withEdges(length, 72),
  "all alike": (length) => new Float32Array(length).fill(-2.5),
  "zeros of both signs": (length) => normal(length, 73).map((x) => x < 0 ? -0 : 0),
  "all NaN": (length) => new Float32Array(length).fill(NaN),
  "NaN in the upper half": (length) =>
    new Float32Array(length).fill(1).map((x, i) => 2 * i < length ? x : NaN),
  "all infinite": (length) => new Float32Array(length).fill(Infinity),
  "plateaus with a NaN here and there": (length, width) =>
    plateaus(length, 74, width).map((x, i) => i % 97 === 5 ? NaN : x),
  "too large to be added": (length) => normal(length, 75).map((x) => 3.4e38 + 1e36 * x),
  "subnormal": (length) => normal(length, 76).map((x) => x * 2 ** -140),
};

const rules: readonly MergeRule[] = [
  { epsilon: 0.1 },
  { epsilon: 0.1, tau: 0.1 ** 2 / 16 },
  { epsilon: 1.5, tau: 0.02 },
  { epsilon: 1.5, kappa: 3, largest: 4 },
  { epsilon: 1e-30 },
  { epsilon: 1e38, kappa: 0.5, largest: 3.4e38 },
];

const sizes = [
  [2, 4, 4, 4],
  [2, 1, 1, 1],
  [2, 0, 3, 3],
  [3, 8, 8, 8],
  [3, 5, 7, 3],
  [4, 16, 16, 16],
  [4, 1, 1, 13],
  [4, 16, 1, 4],
  [5, 21, 32, 6],
  [6, 2, 1, 64],
] as const;

/** mergeBrick: exact, to the bit. */
export function conformMergeBrick(ops: Ops): void {
  for (const [kind, make] of Object.entries(kinds)) {
    Deno.test(`${ops.name} mergeBrick() of cells that are ${kind}`, () => {
      for (const [levels, width, height, depth] of sizes) {
        const values = make(width * height * depth, width);
        const brick = brickOf(values, width, height, depth);
        for (const rule of rules) check(ops, brick, levels, rule, [width, height, depth]);
      }
    });
  }

  Deno.test(`${ops.name} mergeBrick() of a whole brick, far and near, and with room between rows`, () => {
    const brick = brickOf(plateaus(64 ** 3, 77, 64), 64, 64, 64);
    check(ops, brick, 6, rules[1]!, [64, 64, 64]);
    const spaced = {
      values: plateaus(50 * 41 * 37 + 9, 78, 50),
      ...{ start: 9, pitch: 50, slice: 50 * 41, width: 48, height: 40, depth: 36 },
    };
    check(ops, spaced, 6, rules[0]!, "spaced");
    ops.frame(() => {
      const { buffer, byteOffset } = ops.scratch(spaced.values.byteLength);
      const near = new Float32Array(buffer, byteOffset, spaced.values.length);
      near.set(spaced.values);
      check(ops, { ...spaced, values: near }, 6, rules[3]!, "near");
    });
  });

  Deno.test(`${ops.name} mergeBrick() of every edge value at every place of a block`, () => {
    for (const edge of edges) {
      for (let place = 0; place < 64; place++) {
        const values = new Float32Array(512).fill(0.5);
        // In each block of 4 × 4 × 4.
        for (let block = 0; block < 8; block++) {
          const x = (block & 1) * 4 + place % 4, y = (block & 2) * 2 + (place >> 2) % 4;
          values[((block >> 2) * 4 + (place >> 4)) * 64 + y * 8 + x] = edge;
        }
        check(ops, brickOf(values, 8, 8, 8), 3, { epsilon: 1 }, `${edge} at ${place}`);
      }
    }
  });

  Deno.test(`${ops.name} mergeBrick() keeps apart what is ε apart, and merges what is just nearer`, () => {
    const tree = (other: number, rule: MergeRule) =>
      merge(ops, brickOf(Float32Array.of(1, 1, 1, other, 1, 1, 1, 1), 2, 2, 2), 2, rule);
    assertEquals(tree(1.5, { epsilon: 0.5 }).root.state, INNER);
    assertEquals(tree(1.4999, { epsilon: 0.5 }).root.state, LEAF);
    // The variance of one of eight that is off by d is 7/64 d².
    assertEquals(tree(1.25, { epsilon: 0.5, tau: 7 / 1024 }).root.state, INNER);
    assertEquals(tree(1.25, { epsilon: 0.5, tau: 7.001 / 1024 }).root.state, LEAF);
    // ρ is 1 and 1/2.
    assertEquals(tree(0.75, { epsilon: 0.5, kappa: 1, largest: 1 }).root.state, INNER);
    assertEquals(tree(0.75, { epsilon: 0.5, kappa: 1, largest: 2 }).root.state, LEAF);
  });

  Deno.test(`${ops.name} mergeBrick() tells what is not there from what is not a number`, () => {
    const brick = (...values: number[]) => brickOf(Float32Array.from(values), values.length, 1, 1);
    const states = [[], [NaN], [NaN, NaN, NaN], [1], [1, 1, 1], [1, NaN], [Infinity, Infinity]];
    assertEquals(
      states.map((values) => merge(ops, brick(...values), 2, { epsilon: 1 }).root.state),
      [ABSENT, EMPTY, EMPTY, LEAF, LEAF, INNER, INNER],
    );
    const { leaves, absent, root } = merge(ops, brick(3, NaN), 2, { epsilon: 1 });
    assertEquals([...leaves[0]!.means], [3, NaN, NaN, NaN, NaN, NaN, NaN, NaN]);
    assertEquals([...absent], [6, 7]);
    assertEquals([root.count, root.mean, root.min, root.max], [1, 3, 3, 3]);
  });

  Deno.test(`${ops.name} mergeBrick() refuses odd rules, levels and missing cells`, () => {
    const brick = brickOf(new Float32Array(64), 4, 4, 4);
    const call = (rule: MergeRule, levels = 2, part: Partial<Brick> = {}) => () =>
      ops.frame(() => ops.mergeBrick({ ...brick, ...part }, levels, rule));
    for (const epsilon of [0, -1, NaN, Infinity]) {
      assertThrows(call({ epsilon }), RangeError, `epsilon must be a finite number`);
      assertThrows(call({ epsilon }), RangeError, `got ${epsilon}`);
    }
    for (const tau of [0, -1, NaN, Infinity]) {
      assertThrows(call({ epsilon: 1, tau }), RangeError, `got ${tau}`);
    }
    for (const kappa of [-1, NaN, Infinity]) {
      assertThrows(call({ epsilon: 1, kappa, largest: 1 }), RangeError, `got ${kappa}`);
    }
    assertThrows(call({ epsilon: 1, kappa: 1 }), RangeError, "largest");
    assertThrows(call({ epsilon: 1, largest: -1 }), RangeError, "largest");
    for (const levels of [1, 7, 2.5, NaN]) {
      assertThrows(call({ epsilon: 1 }, levels), RangeError, `from 2 to 6, got ${levels}`);
    }
    assertThrows(call({ epsilon: 1 }, 2, { width: 5 }), RangeError, "in no cube of 4");
    assertThrows(call({ epsilon: 1 }, 2, { start: 1 }), RangeError, "1..64 of 64");
    assertThrows(call({ epsilon: 1 }, 2, { slice: 17 }), RangeError, "0..66 of 64");
  });
}

const brickOf = (values: Float32Array, width: number, height: number, depth: number): Brick => ({
  ...{ values, start: 0, pitch: width, slice: width * height, width, height, depth },
});

/** A tree that outlives its frame. */
const merge = (ops: Ops, brick: Brick, levels: number, rule: MergeRule): BrickTree =>
  ops.frame(() => structuredClone(copied(ops.mergeBrick(brick, levels, rule))));

const copied = (tree: BrickTree): BrickTree => ({
  ...tree,
  leaves: tree.leaves.map(copiedFigures),
  inner: tree.inner.map(copiedFigures),
  masks: tree.masks.map((array) => array.slice()),
  firsts: tree.firsts.map((array) => array.slice()),
});

const copiedFigures = ({ means, variances, mins, maxs }: NodeFigures): NodeFigures => ({
  ...{ means: means.slice(), variances: variances.slice(), mins: mins.slice(), maxs: maxs.slice() },
});

function check(ops: Ops, brick: Brick, levels: number, rule: MergeRule, where: unknown): void {
  const got = merge(ops, brick, levels, rule);
  const want = reference.mergeBrick(brick, levels, rule);
  assertEquals(got, want, `${where}, ${JSON.stringify(rule)}`);
  checkNodes(brick, got, rule);
}

/**
 * By brute force: no cell is further from the value of its leaf than the tree says, nor than ε, and
 * figures of nodes are those of their cells.
 */
function checkNodes(brick: Brick, tree: BrickTree, { epsilon, kappa = 0, largest = 1 }: MergeRule) {
  const { values, start, pitch, slice, width, height, depth } = brick;
  let error = 0;
  const used = tree.leaves.map(() => 0), inner = tree.masks.map(() => 0);
  const visit = (level: number, x: number, y: number, z: number, value: number | null): void => {
    const side = 2 ** level;
    const cells: number[] = [];
    for (let c = z; c < Math.min(z + side, depth); c++) {
      for (let b = y; b < Math.min(y + side, height); b++) {
        const from = start + c * slice + b * pitch;
        cells.push(...values.subarray(from + x, from + Math.max(x, Math.min(x + side, width))));
      }
    }
    if (value !== null) {
      if (level > 0 && level < tree.levels) {
        checkFigures(cells, tree.leaves[level]!, used[level]! - 1);
      }
      const most = cells.reduce((most, cell) => Math.max(most, Math.abs(cell)), 0);
      for (const cell of cells) {
        if (!Number.isFinite(cell)) {
          assert(Object.is(cell, value), `${value} stands for ${cell}`);
          continue;
        }
        const off = Math.abs(cell - value);
        if (level < tree.levels) error = Math.max(error, off);
        assert(off <= epsilon / (1 + kappa * most / largest), `${value} stands for ${cell}`);
      }
      return;
    }
    const mask = level > 1 ? tree.masks[level]![inner[level]!]! : 0;
    if (level > 1) checkFigures(cells, tree.inner[level]!, inner[level]!);
    inner[level]!++;
    for (let n = 0; n < 8; n++) {
      const half = side / 2, below = level - 1;
      const child = mask >> n & 1 ? null : tree.leaves[below]!.means[used[below]!++]!;
      visit(
        below,
        x + (n & 1) * half,
        y + (n >> 1 & 1) * half,
        z + (n >> 2) * half,
        child,
      );
    }
  };
  const { state, mean } = tree.root;
  visit(tree.levels, 0, 0, 0, state === INNER ? null : mean);
  assertEquals(used, tree.leaves.map(({ means }) => means.length));
  assert(Math.abs(error - tree.error) <= 1e-6 * error, `error ${tree.error}, not ${error}`);
}

/** Exact but for rounding: sums, where float32 holds them, are those of float64. */
function checkFigures(cells: readonly number[], figures: NodeFigures, at: number): void {
  const { means, variances, mins, maxs } = figures;
  const got = [means, variances, mins, maxs].map((list) => list[at]!) as [...number[]];
  const finite = cells.filter(Number.isFinite);
  if (finite.length === 0) return assertEquals(got, [NaN, 0, NaN, NaN]);
  const min = finite.reduce((a, b) => Math.min(a, b)),
    max = finite.reduce((a, b) => Math.max(a, b));
  const mean = finite.reduce((sum, cell) => sum + cell / finite.length, 0);
  const variance = finite.reduce((sum, cell) => sum + (cell - mean) ** 2 / finite.length, 0);
  assertEquals(got.slice(2).map((n) => n + 0), [min + 0, max + 0]);
  const size = Math.max(Math.abs(min), Math.abs(max));
  assert(Math.abs(got[0]! - mean) <= 1e-6 * size + 1e-44, `mean ${got[0]}, not ${mean}`);
  // Squares of float32 overflow, and those of the least vanish.
  if (size > 1e19 && variance > 1e37) return assertEquals(got[1], Infinity);
  const slack = 1e-5 * variance + 1e-6 * size * Math.sqrt(variance) + 1e-12 * size ** 2 + 1e-37;
  assert(Math.abs(got[1]! - variance) <= slack, `variance ${got[1]}, not ${variance}`);
}
