import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { reference } from "../../../src/compute/reference.ts";
import { wasm } from "../../../src/compute/wasm.ts";
import { BadRequest } from "../../../src/errors.ts";
import { advance, MAX_STEPS, pass } from "../../../src/field/automaton/advance.ts";
import { stepBlock } from "../../../src/field/automaton/block.ts";
import { blocksOf } from "../../../src/field/automaton/blocks.ts";
import { cellsOf, haloOf, type Region, wholeOf } from "../../../src/field/automaton/region.ts";
import type { Automaton } from "../../../src/field/automaton/rule.ts";
import { relax } from "../../../src/field/automaton/rules/relax.ts";
import { assertSameBits } from "../../compute/same_bits.ts";
import { allEdges, never, Oracle } from "./planes.ts";

const rule = { alpha: 0.6, beta: 0.7, gamma: 0.2, nonlinearity: "tanh" } as const;

/** Advances a region from just its halo, and holds it to the plane that is stepped whole. */
function follow(oracle: Oracle, region: Region, t: number, ops = wasm): void {
  const { edges, rule, fields } = oracle;
  const automaton: Automaton = { ops, rule: relax(rule, fields.length), edges, cancelled: never };
  const got = advance(automaton, oracle.state(region, t), region, t);
  assertEquals([got.step, got.region], [t, region]);
  const want = oracle.part(region, t);
  for (const [i, field] of got.fields.entries()) {
    assertSameBits(field, want[i]!, `field ${i} of ${JSON.stringify(region)} at ${t}, ${edges}`);
  }
}

const box = (...spans: readonly (readonly [number, number])[]): Region =>
  spans.map(([first, count]) => ({ first, count }));

for (const edges of allEdges) {
  Deno.test(`tiles at any step are those of the whole plane: inside, at edges and corners; ${edges}`, () => {
    const oracle = new Oracle([150, 131], edges, rule);
    const tiles = [
      box([0, 64], [0, 64]),
      box([64, 64], [0, 64]),
      box([86, 64], [67, 64]),
      box([64, 5], [130, 1]),
      box([0, 150], [60, 3]),
      box([70, 1], [66, 1]),
    ];
    for (const t of [0, 1, 7, 64]) for (const tile of tiles) follow(oracle, tile, t);
    follow(oracle, wholeOf(oracle.size), 7);
    follow(oracle, box([3, 9], [5, 6]), 5, reference);
  });

  Deno.test(`planes smaller than the halo, of one row, one column and one cell; ${edges}`, () => {
    for (const size of [[1, 1], [1, 9], [40, 1], [2, 3], [5, 4], [66, 65]]) {
      const oracle = new Oracle(size, edges, rule, 7);
      const middle = size.map((count) => ({ first: count >> 1, count: 1 }));
      for (const t of [1, 7, 64]) {
        follow(oracle, wholeOf(size), t);
        follow(oracle, middle, t);
      }
    }
  });

  Deno.test(`volumes: a box at any step is that of the whole; ${edges}`, () => {
    const large = new Oracle([21, 19, 17], edges, rule, 3);
    for (const t of [1, 7]) {
      follow(large, box([0, 8], [0, 8], [0, 8]), t);
      follow(large, box([8, 5], [18, 1], [6, 4]), t);
      follow(large, wholeOf(large.size), t);
    }
    for (const size of [[1, 1, 1], [7, 1, 2], [3, 4, 5]]) {
      follow(new Oracle(size, edges, rule, 5), size.map(() => ({ first: 0, count: 1 })), 12);
    }
  });
}

Deno.test("planes and volumes cut into blocks are the same cell for cell, across every seam", () => {
  for (const edges of allEdges) {
    for (const size of [[101, 57], [23, 11, 14]]) {
      const oracle = new Oracle(size, edges, rule, 2), { fields } = oracle;
      const automaton = { ops: wasm, rule: relax(rule, fields.length), edges, cancelled: never };
      const from = oracle.whole();
      for (const steps of [1, 3]) {
        const to = { ...from, step: steps, fields: fields.map((field) => field.slice().fill(NaN)) };
        for (const block of product(from.region.map((span) => [...pieces(span, 7)]))) {
          stepBlock(automaton, from, to, block, steps);
        }
        const shares = { ...to, fields: fields.map((field) => field.slice().fill(NaN)) };
        for (const which of [0, 1, 2]) pass(automaton, from, shares, which, 3);
        for (const [i, want] of oracle.at(steps).entries()) {
          assertSameBits(to.fields[i]!, want, `field ${i} in blocks, ${edges}`);
          assertSameBits(shares.fields[i]!, want, `field ${i} in shares, ${edges}`);
        }
      }
    }
    // Larger than a block, in both directions.
    follow(new Oracle([2100, 260], edges, { ...rule, gamma: 0 }, 2), box([0, 2100], [0, 260]), 2);
  }
});

Deno.test("blocks have every cell of a region once, in no more memory than there is for them", () => {
  const regions = [
    box([0, 1], [0, 1]),
    box([-3, 4100], [7, 999]),
    box([5, 9000], [0, 1]),
    box([0, 1], [3, 90000]),
    box([0, 300], [2, 300], [-9, 200]),
  ];
  for (const region of regions) {
    for (const [arrays, margin] of [[3, 5], [4, 1], [34, 2], [130, 2]] as const) {
      const blocks = blocksOf(region, arrays, margin);
      const cells = blocks.reduce((sum, block) => sum + cellsOf(block), 0);
      assertEquals(cells, cellsOf(region));
      const corners = new Set(blocks.map((block) => block.map(({ first }) => first).join()));
      assertEquals(corners.size, blocks.length);
      for (const block of blocks) {
        const all = block.reduce((all, { count }) => all * (count + 2 * margin), 4 * arrays);
        assert(all < 2 ** 26, `${JSON.stringify(block)} takes ${all} bytes`);
        for (const [axis, { first, count }] of block.entries()) {
          const outer = region[axis]!, end = outer.first + outer.count;
          assert(count > 0 && first >= outer.first && first + count <= end);
        }
      }
    }
  }
});

function* pieces({ first, count }: Region[number], length: number): Generator<Region[number]> {
  for (let i = 0; i < count; i += length) {
    yield { first: first + i, count: Math.min(length, count - i) };
  }
}

const product = (axes: readonly (readonly Region[number][])[]): Region[] =>
  axes.reduce<Region[]>(
    (blocks, spans) => blocks.flatMap((block) => spans.map((span) => [...block, span])),
    [[]],
  );

Deno.test("any part of any plane, by any rule and after any steps, is that of the whole", () => {
  const part = fc.record({
    size: fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })),
    corner: fc.tuple(
      fc.double({ max: 0.999, min: 0, noNaN: true }),
      fc.double({ max: 0.999, min: 0, noNaN: true }),
    ),
    side: fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 })),
    t: fc.integer({ min: 0, max: 30 }),
    edges: fc.constantFrom(...allEdges),
    gamma: fc.constantFrom(0, 0.3),
    nonlinearity: fc.constantFrom("none" as const, "tanh" as const, "relu" as const),
  });
  const same = fc.property(part, ({ size, corner, side, t, edges, gamma, nonlinearity }) => {
    const region = size.map((count, axis) => {
      const first = Math.floor(corner[axis]! * count);
      return { first, count: Math.min(side[axis]!, count - first) };
    });
    follow(new Oracle(size, edges, { ...rule, gamma, nonlinearity }, 11), region, t);
  });
  fc.assert(same, { numRuns: 60 });
});

Deno.test("advancing in two goes is advancing in one", () => {
  for (const edges of allEdges) {
    const oracle = new Oracle([90, 40], edges, rule);
    const automaton = { ops: wasm, rule: relax(rule, 5), edges, cancelled: never };
    const tile = box([80, 10], [3, 20]);
    const between = advance(
      automaton,
      oracle.state(tile, 23),
      haloOf(tile, 12, [90, 40], edges),
      11,
    );
    const { fields } = advance(automaton, between, tile, 23);
    for (const [i, want] of oracle.part(tile, 23).entries()) {
      assertSameBits(fields[i]!, want, edges);
    }
  }
});

Deno.test("advancing refuses steps that are none, and states with too few cells", () => {
  const oracle = new Oracle([30, 30], "clamp", rule);
  const automaton = { ops: wasm, rule: relax(rule, 5), edges: "clamp", cancelled: never } as const;
  const tile = box([8, 4], [8, 4]);
  for (const t of [-1, 1.5, NaN, MAX_STEPS + 1]) {
    const error = assertThrows(
      () => advance(automaton, oracle.whole(), tile, t),
      BadRequest,
      `${t}`,
    );
    assertEquals(error.details, { parameter: "t", found: t, limit: 4096 });
  }
  const state = oracle.state(tile, 3);
  assertThrows(
    () => advance(automaton, state, tile, 4),
    RangeError,
    "4..15 × 4..15 are needed, 5..14",
  );
  const later = advance(automaton, oracle.whole(), wholeOf([30, 30]), 3);
  assertThrows(() => advance(automaton, later, tile, 2), RangeError, "before 3");
});

Deno.test("advancing stops where it is cancelled, between blocks", () => {
  let calls = 0;
  const cancelled = () => {
    if (++calls === 3) throw new DOMException("no longer wanted", "AbortError");
  };
  const oracle = new Oracle([700, 400], "wrap", { ...rule, gamma: 0 });
  const automaton = { ops: wasm, rule: relax(rule, 5), edges: "wrap", cancelled } as const;
  const go = () => advance(automaton, oracle.whole(), wholeOf(oracle.size), 9);
  assertThrows(go, DOMException, "no longer wanted");
  assertEquals(calls, 3);
});
