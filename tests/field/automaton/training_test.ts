import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { reference } from "../../../src/compute/reference.ts";
import { wasm } from "../../../src/compute/wasm.ts";
import { advance } from "../../../src/field/automaton/advance.ts";
import { wholeOf } from "../../../src/field/automaton/region.ts";
import type { Automaton } from "../../../src/field/automaton/rule.ts";
import { learned, type LearnedOptions } from "../../../src/field/automaton/rules/learned.ts";
import type { Network } from "../../../src/field/automaton/rules/network.ts";
import { initial } from "../../../src/field/automaton/state.ts";
import { Adam } from "../../../src/field/automaton/training/adam.ts";
import { backward, numbersOf } from "../../../src/field/automaton/training/backward.ts";
import { fileOf } from "../../../src/field/automaton/training/file.ts";
import { forward } from "../../../src/field/automaton/training/forward.ts";
import { cellAt, type Grid, roomOf } from "../../../src/field/automaton/training/grid.ts";
import {
  gridOf,
  laidOut,
  lossOf,
  MARGIN,
  slopesOf,
  type Target,
} from "../../../src/field/automaton/training/target.ts";
import { train, type TrainOptions } from "../../../src/field/automaton/training/train.ts";
import { MemorySource } from "../../../src/storage/memory.ts";
import { normal } from "../../compute/samples.ts";
import { assertSameBits } from "../../compute/same_bits.ts";
import { never } from "./planes.ts";
import { readNetwork } from "./read_network.ts";
import { lossByHand } from "./training_oracle.ts";

const CHANNELS = 5, HIDDEN = 7;
const target: Target = {
  width: 5,
  height: 3,
  channels: [normal(15, 1, 0.5), new Float32Array(15).fill(1)],
};
const grid = gridOf(target, CHANNELS), wanted = laidOut(target, grid);
const alive = { channel: 1, threshold: 0.1 };
const network: Network = {
  channels: CHANNELS,
  alive,
  hidden: {
    ...{ inputs: 3 * CHANNELS, outputs: HIDDEN },
    ...{ weights: normal(3 * CHANNELS * HIDDEN, 2, 0.4), bias: normal(HIDDEN, 3, 0.1) },
  },
  update: {
    ...{ inputs: HIDDEN, outputs: CHANNELS },
    ...{ weights: normal(CHANNELS * HIDDEN, 4, 0.2), bias: normal(CHANNELS, 5, 0.05) },
  },
};
const ways: LearnedOptions[] = [
  { fireRate: 0.6, seed: 5, alive: null },
  { fireRate: 0.6, seed: 5, alive },
];

/** A state with life in places, as training has it, and as fields. */
function start({ width, height, channels }: Grid, seed = 20, life = (value: number) => value) {
  const fields = Array.from({ length: channels }, (_, c) => {
    const values = normal(width * height, c + seed, 0.3);
    return c === alive.channel ? values.map((value) => value > 0.45 ? life(value) : 0) : values;
  });
  const state = new Float32Array(roomOf(grid) * channels);
  for (const [c, field] of fields.entries()) {
    for (const [i, value] of field.entries()) {
      state[cellAt(grid, i % width, Math.floor(i / width)) * channels + c] = value;
    }
  }
  return { fields, state };
}

for (const way of ways) {
  const what = way.alive ? "some die" : "none dies";

  Deno.test(`states in training are those of the rule, to the bit; ${what}`, () => {
    const { fields, state } = start(grid), size = [grid.width, grid.height];
    const rule = learned(network, way);
    for (const t of [1, 6]) {
      const { last } = forward(wasm, network, way, grid, state, t);
      const automaton = { ops: reference, rule, edges: "zero", cancelled: never } as const;
      const now = advance(automaton, initial(size, wholeOf(size), fields), wholeOf(size), t);
      for (const [c, field] of now.fields.entries()) {
        const found = field.map((_, i) => {
          const cell = cellAt(grid, i % grid.width, Math.floor(i / grid.width));
          return last[cell * CHANNELS + c]!;
        });
        assertSameBits(found, field, `channel ${c} at ${t}`);
      }
      const living = last.reduce((sum, value) => sum + (value === 0 ? 0 : 1), 0);
      assert(living > 100, `only ${living} numbers are left`);
    }
  });

  Deno.test(`gradients are what finite differences are; ${what}`, () => {
    const { fields, state } = start(grid), steps = 6;
    const trace = forward(wasm, network, way, grid, state, steps);
    const gradients = numbersOf(network).map(({ length }) => new Float32Array(length));
    backward(wasm, network, grid, trace, slopesOf(grid, trace.last, wanted), gradients);

    const numbers = numbersOf(network).map((values) => Float64Array.from(values));
    const first = fields.map((field) => Float64Array.from(field));
    const size = [grid.width, grid.height] as const;
    const flat = target.channels.map((_, c) => {
      return Array.from({ length: grid.width * grid.height }, (_, i) => {
        const cell = cellAt(grid, i % grid.width, Math.floor(i / grid.width));
        return wanted[cell * 2 + c]!;
      });
    });
    const loss = () => lossByHand(numbers, network, way, size, first, steps, flat);
    assertAlmostEquals(lossOf(grid, trace.last, wanted), loss(), 1e-5);
    for (const [n, slopes] of gradients.entries()) {
      const largest = slopes.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0);
      assert(largest > 1e-3, `array ${n} has no slopes`);
      const values = numbers[n]!, step = 1e-6;
      for (let i = 0; i < values.length; i++) {
        const value = values[i]!;
        values[i] = value + step;
        const above = loss();
        values[i] = value - step;
        const slope = (above - loss()) / (2 * step);
        values[i] = value;
        // Float32's rounding, through six steps; a missed term would be off by far more.
        assertAlmostEquals(slopes[i]!, slope, 1e-4 * largest, `number ${i} of array ${n}`);
      }
    }
  });
}

Deno.test("cells are passed over in training only where that changes nothing", () => {
  const size = [grid.width, grid.height];
  for (let seed = 1; seed <= 60; seed++) {
    // All live hardly: whether they still do may hang on what becomes of dead neighbours.
    const { fields, state } = start(grid, 10 * seed, () => 0.06);
    const way = { fireRate: 0.3, seed, alive: { channel: 1, threshold: 0.05 } };
    const { last } = forward(wasm, network, way, grid, state, 1);
    const automaton: Automaton = {
      ...{ ops: wasm, rule: learned(network, way) },
      ...{ edges: "zero", cancelled: never },
    };
    const now = advance(automaton, initial(size, wholeOf(size), fields), wholeOf(size), 1);
    for (const [c, field] of now.fields.entries()) {
      for (const [i, value] of field.entries()) {
        const cell = cellAt(grid, i % grid.width, Math.floor(i / grid.width));
        assertEquals(last[cell * CHANNELS + c], value, `${seed}: channel ${c}, cell ${i}`);
      }
    }
  }
});

Deno.test("Adam's first step is its rate against each slope, and it finds a parabola's lowest point", () => {
  const numbers = [Float32Array.of(3, -2, 5)], adam = new Adam(numbers);
  adam.step([Float32Array.of(0.2, -40, 0)], 0.01);
  for (const [i, value] of [2.99, -1.99, 5].entries()) {
    assertAlmostEquals(numbers[0]![i]!, value, 1e-6);
  }
  for (let i = 0; i < 2000; i++) adam.step([numbers[0]!.map((x) => 2 * (x - 1))], 0.02);
  for (const value of numbers[0]!) assertAlmostEquals(value, 1, 1e-3);
});

const small: TrainOptions = { channels: 6, hidden: 12, steps: 300, seed: 3, fireRate: 0.5 };
const blot: Target = {
  width: 4,
  height: 4,
  channels: [new Float32Array(16).fill(0.7), new Float32Array(16).fill(1)],
};
const quiet = new AbortController().signal;

Deno.test("training learns, alike for the same seed, and its file is read as what was learned", async () => {
  const losses: number[] = [];
  const one = await train(wasm, blot, small, quiet, ({ loss }) => losses.push(loss));
  assertEquals([one.steps, losses.length], [300, 300]);
  assert(one.loss < one.before / 3, `the loss went from ${one.before} to ${one.loss}`);
  const again = await train(wasm, blot, small, quiet);
  assertEquals(again, one);
  const other = await train(wasm, blot, { ...small, seed: 4, steps: 2 }, quiet);
  assert(other.network.hidden.weights.some((w, i) => w !== one.network.hidden.weights[i]));

  const file = new MemorySource("rule.safetensors", fileOf(one.network, { rule: "learned" }));
  assertEquals(await readNetwork(file, wasm), one.network);
});

Deno.test("training that is interrupted keeps what there is", async () => {
  const stopped = new AbortController();
  const found = await train(wasm, blot, { ...small, steps: 1e6 }, stopped.signal, ({ step }) => {
    if (step === 7) stopped.abort();
  });
  assertEquals(found.steps, 7);
  assert(found.network.update.weights.some((weight) => weight !== 0));
});

Deno.test("what is learned from cells that are given takes those to the target", async () => {
  const width = 6, height = 5, count = width * height;
  const begin = { width, height, channels: [normal(count, 7, 1), normal(count, 8, 1)] };
  const wish: Target = { width, height, channels: [normal(count, 9, 0.4)] };
  const options = { ...small, start: begin };
  const found = await train(wasm, wish, options, quiet);
  assertEquals(found.network.alive, null);
  const miss = (values: Float32Array) =>
    values.reduce((sum, value, i) => sum + (value - wish.channels[0]![i]!) ** 2, 0) / count;
  assertAlmostEquals(found.before, miss(begin.channels[0]!), 1e-6);
  assert(found.loss < found.before / 4, `the loss went from ${found.before} to ${found.loss}`);

  // The rule itself, from the same cells with zeros in their other channels and around them.
  const size = [width, height], none = new Float32Array(count);
  const fields = [...begin.channels, ...Array.from({ length: 4 }, () => none)];
  const rule = learned(found.network, { fireRate: 0.5, seed: 0, alive: null });
  const automaton = { ops: wasm, rule, edges: "zero", cancelled: never } as const;
  const grown = advance(automaton, initial(size, wholeOf(size), fields), wholeOf(size), 2 * 6);
  assertAlmostEquals(miss(grown.fields[0]!), found.loss, 1e-6);
});

Deno.test("what cells cannot hold, or is of another size, is refused", async () => {
  const refused = (options: Partial<TrainOptions>, message: string) =>
    assertRejects(() => train(wasm, blot, { ...small, ...options }, quiet), RangeError, message);
  await refused({ channels: 1 }, "1 channels cannot hold the 2 of what is given");
  const start = { width: 4, height: 3, channels: [1, 2, 3].map(() => new Float32Array(12)) };
  await refused({ start }, "a target of 4 × 4 cells cannot grow from 4 × 3");
  await refused({ channels: 2, start }, "2 channels cannot hold the 3 of what is given");
  assertEquals([grid.width, grid.height], [5 + 2 * MARGIN, 3 + 2 * MARGIN]);
});
