import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { reference } from "../../../src/compute/reference.ts";
import { wasm } from "../../../src/compute/wasm.ts";
import { FormatError } from "../../../src/errors.ts";
import { advance } from "../../../src/field/automaton/advance.ts";
import { type Edges, haloOf, type Region, wholeOf } from "../../../src/field/automaton/region.ts";
import type { Automaton } from "../../../src/field/automaton/rule.ts";
import { fires, learned, type LearnedOptions } from "../../../src/field/automaton/rules/learned.ts";
import { readNetwork } from "./read_network.ts";
import { initial } from "../../../src/field/automaton/state.ts";
import { normal } from "../../compute/samples.ts";
import { assertSameBits } from "../../compute/same_bits.ts";
import { fileOf, type Tensors, tensorsOf, updateOf } from "./networks.ts";
import { allEdges, along, never } from "./planes.ts";

const CHANNELS = 5, HIDDEN = 19;
const tensors = tensorsOf(CHANNELS, HIDDEN);
const network = await readNetwork(fileOf(tensors), wasm);
const ways: LearnedOptions[] = [
  { fireRate: 0.5, seed: 7, alive: null },
  { fireRate: 0.7, seed: 7, alive: { channel: 3, threshold: 0.4 } },
];

const fieldsOf = ([width, height]: readonly number[]) =>
  Array.from({ length: CHANNELS }, (_, i) => normal(width! * height!, i + 1, 0.4));

/** Cells of a region, each looked up on its own. */
function part(
  fields: readonly Float32Array[],
  size: readonly number[],
  region: Region,
  edges: Edges,
) {
  const [x, y] = region as [Region[number], Region[number]];
  return fields.map((field) =>
    Float32Array.from({ length: x.count * y.count }, (_, i) => {
      const column = along(edges, x.first + i % x.count, size[0]!);
      const row = along(edges, y.first + Math.floor(i / x.count), size[1]!);
      return Math.min(column, row) < 0 ? 0 : field[row * size[0]! + column]!;
    })
  );
}

for (const edges of allEdges) {
  for (const options of ways) {
    const what = `${edges}, ${options.alive ? "some die" : "none dies"}`;
    const automaton = { ops: wasm, rule: learned(network, options), edges, cancelled: never };

    Deno.test(`one step of a neural automaton is what its definition says; ${what}`, () => {
      const size = [13, 9], fields = fieldsOf(size), region = wholeOf(size);
      const { fields: got } = advance(automaton, initial(size, region, fields), region, 1);
      const want = plainly(fields, size, edges, options);
      let dead = 0;
      for (const [channel, field] of got.entries()) {
        for (const [i, value] of field.entries()) {
          const expected = want[channel]![i]!;
          assert(Math.abs(value - expected) < 1e-5, `${channel}, ${i}: ${value}, not ${expected}`);
          if (value === 0) dead++;
        }
      }
      if (options.alive) assert(dead > 0 && dead < 13 * 9 * CHANNELS, `${dead} values are 0`);
    });

    Deno.test(`neural automata agree at seams, at corners and on small planes; ${what}`, () => {
      const sizes = [[61, 47], [5, 3], [1, 30], [2, 2], [1, 1]];
      for (const size of sizes) {
        const fields = fieldsOf(size), [width, height] = size as [number, number];
        const state = initial(size, wholeOf(size), fields);
        for (const t of [1, 7, 20]) {
          const whole = advance(automaton, state, wholeOf(size), t);
          if (width > 50) assert(whole.fields[0]!.some((value) => value !== 0), "all have died");
          const right = Math.max(1, width - 20), low = Math.max(1, height - 17);
          const tiles: [number, number, number, number][] = [
            [0, 0, right, low],
            [right, 0, width - right, low],
            [0, low, right, height - low],
            [width >> 1, height >> 1, 1, 1],
          ];
          for (const [x, y, w, h] of tiles) {
            if (w * h === 0) continue;
            const region = [{ first: x, count: w }, { first: y, count: h }];
            const halo = haloOf(region, t, size, edges, automaton.rule.reach);
            const from = initial(size, halo, part(fields, size, halo, edges));
            const tile = advance(automaton, from, region, t);
            const want = part(whole.fields, size, region, edges);
            for (const [i, field] of tile.fields.entries()) {
              assertSameBits(field, want[i]!, `channel ${i} of ${x}, ${y}, ${w}, ${h} at ${t}`);
            }
          }
        }
      }
    });

    Deno.test(`neural automata are the same to the bit by both backends; ${what}`, () => {
      const size = [21, 10], state = initial(size, wholeOf(size), fieldsOf(size));
      const plain = { ...automaton, ops: reference };
      const [got, want] = [automaton, plain].map((one) => advance(one, state, wholeOf(size), 12));
      for (const [i, field] of got!.fields.entries()) {
        assertSameBits(field, want!.fields[i]!, `channel ${i}`);
      }
    });
  }
}

Deno.test("cells that life is far from are passed over only where that changes nothing", () => {
  const size = [9, 8], region = wholeOf(size);
  let revived = 0;
  for (let seed = 1; seed <= 60; seed++) {
    // A few cells live, hardly: whether they still do may hang on what becomes of dead neighbours.
    const fields = fieldsOf(size).map((field, channel) =>
      channel === 3 ? normal(72, seed, 1).map((value) => value > 2 ? 0.06 : 0) : field
    );
    const options = { fireRate: 0.3, seed, alive: { channel: 3, threshold: 0.05 } };
    const automaton: Automaton = {
      ops: wasm,
      rule: learned(network, options),
      edges: "zero",
      cancelled: never,
    };
    const { fields: got } = advance(automaton, initial(size, region, fields), region, 1);
    const want = plainly(fields, size, "zero", options);
    for (const [channel, field] of got.entries()) {
      for (const [i, value] of field.entries()) {
        const expected = want[channel]![i]!;
        assert(
          Math.abs(value - expected) < 1e-5,
          `${seed}: ${channel}, ${i}: ${value}, ${expected}`,
        );
        if (channel === 3 && value > 0.05 && fields[3]![i] === 0) revived++;
      }
    }
  }
  assert(revived > 20, `${revived} cells came to life`);
});

Deno.test("the share of cells that fire is the rate, and seeds and steps choose others", () => {
  const pattern = (rate: number, seed: number, step: number) =>
    Array.from({ length: 40000 }, (_, i) => fires(rate, seed, step, i % 200, Math.floor(i / 200)));
  const share = (fired: boolean[]) => fired.filter(Boolean).length / fired.length;
  for (const rate of [0, 0.1, 0.5, 1]) {
    assert(Math.abs(share(pattern(rate, 3, 4)) - rate) < 0.01, `${share(pattern(rate, 3, 4))}`);
  }
  const first = pattern(0.5, 3, 4);
  for (const other of [pattern(0.5, 4, 4), pattern(0.5, 3, 5)]) {
    const same = share(first.map((fired, i) => fired === other[i]));
    assert(Math.abs(same - 0.5) < 0.02, `${same}`);
  }
  // Neighbours are no more alike than chance has it.
  const alike = share(first.map((fired, i) => fired === first[(i + 1) % 40000]));
  assert(Math.abs(alike - 0.5) < 0.02, `${alike}`);
});

Deno.test("networks are read from convolutions too, with and without a second bias", async () => {
  const { "dense1.weight": first, "dense2.weight": second } = tensors;
  const convolutions: Tensors = {
    ...tensors,
    "dense1.weight": { ...first!, shape: [...first!.shape, 1, 1] },
    "dense2.weight": { ...second!, shape: [...second!.shape, 1, 1] },
    "dense2.bias": { shape: [CHANNELS], values: normal(CHANNELS, 9) },
  };
  const read = await readNetwork(fileOf(convolutions), wasm);
  assertEquals(read.hidden, network.hidden);
  assertEquals(read.update.weights, network.update.weights);
  assertEquals(read.update.bias, convolutions["dense2.bias"]!.values);
  assertEquals(network.update.bias, new Float32Array(CHANNELS));
  assertEquals([network.channels, network.hidden.outputs], [CHANNELS, HIDDEN]);
});

Deno.test("files that are no neural automaton are refused by what they lack", async () => {
  const floats = (...shape: number[]) => {
    return { shape, values: new Float32Array(shape.reduce((a, b) => a * b)) };
  };
  const refuse = (change: Partial<Tensors>, text: string) => {
    const all = Object.entries({ ...tensors, ...change }).filter(([, tensor]) => tensor);
    const file = fileOf(Object.fromEntries(all) as Tensors);
    return assertRejects(() => readNetwork(file, wasm), FormatError, text);
  };
  await refuse({ "dense1.bias": undefined }, `rule.safetensors: tensor "dense1.bias" is missing`);
  await refuse({ "dense2.weight": undefined }, `"dense2.weight" is missing`);
  await refuse({ "dense1.weight": floats(19) }, `"dense1.weight" is [19], expected a matrix`);
  await refuse({ "dense1.weight": floats(19, 15, 3, 3) }, "[19,15,3,3], expected a matrix");
  await refuse({ "dense1.weight": floats(19, 16) }, "[19,16], expected [19, 15], 3 inputs");
  await refuse({ "dense2.weight": floats(5, 20) }, "[5,20], expected [5, 19]");
  await refuse({ "dense1.bias": floats(18) }, `"dense1.bias" is [18], expected [19]`);
  await refuse({ "dense1.weight": floats(1025, 15) }, "for 1025 outputs, expected 1 to 1024");
  await refuse(
    { "dense2.bias": { shape: [5], values: Float32Array.of(0, 1, NaN, 3, 4) } },
    "NaN at 2",
  );
});

Deno.test("rates and channels that are none are refused", () => {
  const make = (change: Partial<LearnedOptions>) => learned(network, { ...ways[0]!, ...change });
  assertThrows(() => make({ fireRate: 1.1 }), RangeError, "from 0 to 1, got 1.1");
  assertThrows(() => make({ alive: { channel: 5, threshold: 0 } }), RangeError, "0 to 4, got 5");
});

/** One step, cell by cell, in float64. */
function plainly(
  fields: readonly Float32Array[],
  size: readonly number[],
  edges: Edges,
  { fireRate, seed, alive }: LearnedOptions,
): number[][] {
  const [width, height] = size as [number, number];
  const at = (field: ArrayLike<number>, x: number, y: number): number => {
    const [column, row] = [along(edges, x, width), along(edges, y, height)];
    return Math.min(column, row) < 0 ? 0 : field[row * width + column]!;
  };
  const kernel = [[-1, -1, -1], [-1, 0, -2], [-1, 1, -1], [1, -1, 1], [1, 0, 2], [
    1,
    1,
    1,
  ]] as const;
  const next = fields.map((field) => [...field]);
  const places = Array.from(
    { length: width * height },
    (_, i) => [i % width, Math.floor(i / width)],
  );
  for (const [i, [x, y]] of (places as [number, number][]).entries()) {
    if (!fires(fireRate, seed, 0, x, y)) continue;
    const slopes = (sides: (a: number, b: number) => readonly [number, number]) =>
      fields.map((field) =>
        kernel.reduce((sum, [a, b, factor]) => {
          const [dx, dy] = sides(a, b);
          return sum + factor * at(field, x + dx, y + dy) / 8;
        }, 0)
      );
    const perceived = [
      ...fields.map((field) => field[i]!),
      ...slopes((a, b) => [a, b]),
      ...slopes((a, b) => [b, a]),
    ];
    for (const [channel, change] of updateOf(tensors, perceived).entries()) {
      next[channel]![i]! += change;
    }
  }
  if (!alive) return next;
  const lives = (field: ArrayLike<number>, x: number, y: number) =>
    [-1, 0, 1].some((dy) =>
      [-1, 0, 1].some((dx) => {
        const on = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height;
        return (on || edges === "wrap") && at(field, x + dx, y + dy) > alive.threshold;
      })
    );
  return next.map((field) =>
    field.map((value, i) => {
      const [x, y] = places[i] as [number, number], { channel } = alive;
      return lives(fields[channel]!, x, y) && lives(next[channel]!, x, y) ? value : 0;
    })
  );
}
