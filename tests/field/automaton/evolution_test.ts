import { assert, assertEquals, assertThrows } from "@std/assert";
import { wasm } from "../../../src/compute/wasm.ts";
import { BadRequest } from "../../../src/errors.ts";
import { Evolution } from "../../../src/field/automaton/evolution.ts";
import { choose } from "../../../src/field/automaton/plan.ts";
import { haloOf, wholeOf } from "../../../src/field/automaton/region.ts";
import { relax } from "../../../src/field/automaton/rules/relax.ts";
import { assertSameBits } from "../../compute/same_bits.ts";
import { never, Oracle } from "./planes.ts";

const rule = { alpha: 0.6, beta: 0.7, gamma: 0.2, nonlinearity: "tanh" } as const;
const automaton = { ops: wasm, rule: relax(rule, 5), edges: "wrap", cancelled: never } as const;
const STATE = 24 * 20 * 5 * 4;

Deno.test("a plane's steps are the same in any order, whatever is kept", () => {
  const oracle = new Oracle([24, 20], "wrap", rule);
  for (const states of [0, 0.5, 1, 2, 4, 100]) {
    const evolution = new Evolution(oracle.whole(), states * STATE);
    for (const t of [0, 5, 70, 64, 71, 3, 200, 199, 16]) {
      const { step, fields } = evolution.at(automaton, t);
      assertEquals(step, t);
      for (const [i, want] of oracle.at(t).entries()) assertSameBits(fields[i]!, want, `${t}`);
    }
    assert(evolution.kept.length + 1 <= Math.max(1, states), `${evolution.kept} with ${states}`);
  }
});

Deno.test("what is kept lies at equal distances, which double when there is no room", () => {
  const oracle = new Oracle([24, 20], "wrap", rule);
  const evolution = new Evolution(oracle.whole(), 5 * STATE);
  evolution.at(automaton, 70);
  assertEquals([evolution.kept, evolution.nearest(63)], [[16, 32, 48, 64], 48]);
  evolution.at(automaton, 100);
  assertEquals([evolution.kept, evolution.nearest(500)], [[32, 64, 96], 100]);
  evolution.at(automaton, 300);
  assertEquals(evolution.kept, [64, 128, 192, 256]);
  assertThrows(() => evolution.at(automaton, 4097), BadRequest, "4096, got 4097");
});

Deno.test("a tile is computed from its halo while that is less work than the plane is", () => {
  const tile = [{ first: 512, count: 256 }, { first: 512, count: 256 }];
  const question = { size: [4096, 4096], tile, edges: "clamp" as const, reach: 1, kept: 0 };
  const few = choose({ ...question, t: 16, tiles: 1, most: 2 ** 30 });
  assertEquals(few.way, "tile");
  // The sum of (256 + 2k)² over the steps that are left, k.
  const sum = (t: number) => Array.from({ length: t }, (_, k) => (256 + 2 * k) ** 2);
  assertEquals(few.tile, sum(16).reduce((a, b) => a + b));
  assertEquals(few.plane, 16 * 4096 ** 2);
  assertEquals(choose({ ...question, t: 16, tiles: 256, most: 2 ** 30 }).way, "plane");
  assertEquals(choose({ ...question, t: 16, tiles: 256, most: 2 ** 20 }).way, "tile");
  assertEquals(choose({ ...question, t: 4000, tiles: 1, most: 2 ** 30 }).way, "tile");
  assertEquals(choose({ ...question, t: 4000, kept: 3990, tiles: 1, most: 2 ** 30 }).way, "plane");
  const small = {
    ...question,
    size: [300, 200],
    tile: wholeOf([300, 200]),
    tiles: 1,
    most: 2 ** 30,
  };
  assertEquals(choose({ ...small, t: 100 }), { way: "plane", tile: 6e6, plane: 6e6 });
});

Deno.test("halos stop at edges, go on where they wrap, and are the whole axis where that is short", () => {
  const tile = [{ first: 2, count: 4 }, { first: 90, count: 10 }];
  const spans = (edges: "clamp" | "wrap" | "zero", t: number) =>
    haloOf(tile, t, [8, 100], edges).map(({ first, count }) => [first, count]);
  assertEquals(spans("clamp", 3), [[0, 8], [87, 13]]);
  assertEquals(spans("zero", 1), [[1, 6], [89, 11]]);
  assertEquals(spans("wrap", 1), [[1, 6], [89, 12]]);
  assertEquals(spans("wrap", 3), [[0, 8], [87, 16]]);
  assertEquals(spans("wrap", 4000)[1]![1], 100);
});
