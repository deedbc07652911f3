import { assert, assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { ops } from "../../../src/analysis/network/table.ts";
import type { Tensor } from "../../../src/analysis/network/tensor.ts";
import { pullBack, trace } from "../../../src/analysis/network/trace.ts";
import { BadRequest, NotFound, TooLarge } from "../../../src/errors.ts";
import type { NetworkNode } from "../../../src/model/network.ts";
import { randomly } from "./cases.ts";
import { double } from "./double.ts";
import { single } from "../../../src/analysis/network/tensor.ts";
import { plainWasm } from "../../../src/compute/wasm.ts";

const node = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: NetworkNode["attributes"] = {},
): NetworkNode => ({ op, inputs, outputs, attributes });
const means = { arithmetic: double, cancelled: () => {} };
const next = randomly(1);
const tensor = (...shape: number[]): Tensor => ({
  shape,
  values: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, next),
});

/** A value that goes two ways, one that is used twice at once, and results of which one is not wanted. */
const nodes = [
  node("MatMul", ["x", "w"], ["y"]),
  node("Tanh", ["y"], ["a"]),
  node("Split", ["y"], ["b", "c"], { axis: 1, num_outputs: 2 }),
  node("Mul", ["b", "b"], ["d"]),
  node("Concat", ["d", "d"], ["e"], { axis: 1 }),
  node("Shape", ["a"], ["sides"]),
  node("Reshape", ["a", "sides"], ["f"]),
  node("Add", ["e", "f"], ["z"]),
  node("Unknown", ["z"], ["further"]),
];
const known = new Map([["x", tensor(3, 5)], ["w", tensor(5, 4)]]);
const follow = (to: string, from = "x", of: readonly NetworkNode[] = nodes) =>
  trace(of, (name) => known.get(name), { from, to }, means);

Deno.test("derivatives by ways that part and meet are those of central differences", () => {
  const traced = follow("z"), x = known.get("x")!.values, size = traced.result.values.length;
  const u = Float64Array.from({ length: 2 * size }, next);
  const found = pullBack(traced, u, 2, means);
  assertEquals(found.length, 2 * x.length);
  for (let i = 0; i < x.length; i++) {
    const before = x[i]!;
    const [more, less] = [1e-5, -1e-5].map((step) => {
      x[i] = before + step;
      return follow("z").result.values;
    });
    x[i] = before;
    for (const k of [0, 1]) {
      let slope = 0;
      for (let j = 0; j < size; j++) slope += u[k * size + j]! * (more![j]! - less![j]!) / 2e-5;
      assertAlmostEquals(found[k * x.length + i]!, slope, 1e-7);
    }
  }
});

Deno.test("what comes after the value that is asked for is not computed, nor what it does not take", () => {
  const done = (to: string) => follow(to).done.map(({ node: { op } }) => op);
  assertEquals(done("a"), ["MatMul", "Tanh"]);
  assertEquals(done("c"), ["MatMul", "Split"]);
  // Sides do not change with numbers.
  assertEquals(done("z"), ["MatMul", "Tanh", "Split", "Mul", "Concat", "Reshape", "Add"]);
});

Deno.test("results and inputs that are left out have no name in common", () => {
  const values = new Map<string, Tensor>([["x", tensor(2, 3)], ["most", {
    shape: [],
    values: Float64Array.of(0.25),
  }]]);
  const left = [
    node("Unknown", ["x"], ["other", ""]),
    node("Dropout", ["x"], ["a", ""]),
    node("Clip", ["a", "", "most"], ["y"]),
  ];
  const traced = trace(left, (name) => values.get(name), { from: "x", to: "y" }, means);
  const u = Float64Array.from({ length: 6 }, next), x = values.get("x")!.values;
  const found = pullBack(traced, u, 1, means);
  assertEquals([...found], Array.from(u, (u, i) => x[i]! < 0.25 ? u : 0));
});

Deno.test("an operation that is not there is named, and those that are", () => {
  const error = assertThrows(() => follow("further"), NotFound);
  assertMatch(
    error.message,
    /no derivative of the operation Unknown: there are those of Abs, Add, /,
  );
  assertEquals(error.details["allowed"], [...ops.keys()].sort());
});

Deno.test("a value that does not change with another is said so, and one that nothing computes", () => {
  const constant = assertThrows(() => follow("sides"), BadRequest);
  assertEquals(constant.message, '"sides" does not change with "x"');
  assertMatch(assertThrows(() => follow("nowhere"), BadRequest).message, /does not change/);
  const lost = [node("Add", ["x", "lost"], ["y"])];
  assertMatch(
    assertThrows(() => follow("y", "x", lost), NotFound).message,
    /nothing computes "lost"/,
  );
});

Deno.test("what an operation cannot do names it, and what it was given", () => {
  const says = (pattern: RegExp, op: string, inputs: string[], attributes = {}) => {
    const of = [node(op, inputs, ["y"], attributes)];
    const run = () => pullBack(follow("y", "x", of), new Float64Array(60), 1, means);
    assertMatch(assertThrows(run, BadRequest).message, pattern);
  };
  says(/^MatMul "y": matrices \[3,5\] and \[3,5\] cannot be multiplied/, "MatMul", ["x", "x"]);
  says(/^Reshape "y": \[3,5\] cannot become \[7\]/, "Reshape", ["x"], { shape: [7] });
  says(/^Conv "y": kernels \[5,4\] in 1 groups do not fit \[3,5\]/, "Conv", ["x", "w"]);
  says(/^MaxPool "y": a pool of \[3,5\] with a kernel of \[2\]/, "MaxPool", ["x"], {
    kernel_shape: [2],
  });
  says(/^Add "y": shapes \[3,5\] and \[5,4\] do not fit/, "Add", ["x", "w"]);
  says(/^Elu "y": attribute alpha is "\(no number\)", expected a number/, "Elu", ["x"], {
    alpha: "(no number)",
  });
  says(/^Pad "y": padding by reflect is not there/, "Pad", ["x"], { mode: "reflect" });
  says(/^Clip "y": the ends of a range have to be constant/, "Clip", ["w", "x"]);
});

Deno.test("a derivative by what has to be constant is refused, and says by what", () => {
  const own = new Map([["x", tensor(2, 3)], ["v", tensor(1, 1, 5)]]);
  const of = [
    node("Reshape", ["x"], ["kernel"], { shape: [2, 1, 3] }),
    node("Conv", ["v", "kernel"], ["z"]),
  ];
  const traced = trace(of, (name) => own.get(name), { from: "x", to: "z" }, means);
  assertEquals(
    assertThrows(() => pullBack(traced, new Float64Array(6), 1, means), BadRequest).message,
    `Conv "z": a convolution's kernel or bias (input 1) depends on the network's input: it has to ` +
      "be constant",
  );
});

Deno.test("more numbers than can be held are refused before they are, and by what is counted", () => {
  const says = (found: number, op: string, of: readonly NetworkNode[], values = known) => {
    const names = { from: "x", to: "y" };
    const error = assertThrows(
      () =>
        trace(of, (name) => values.get(name), names, { ...means, arithmetic: single(plainWasm) }),
      TooLarge,
    );
    assertEquals(
      error.message,
      `${op}: ${found} numbers are computed on the way, of which ${2 ** 27} can be held`,
    );
    assertEquals(error.details, { found, limit: 2 ** 27 });
  };
  const sides = (...values: number[]): Tensor => ({
    shape: [values.length],
    values: Float64Array.from(values),
  });
  const row = { shape: [1, 1, 2 ** 14], values: new Float32Array(2 ** 14) };
  const column = { shape: [1, 2 ** 14, 1], values: new Float32Array(2 ** 14) };
  const own = new Map<string, Tensor>([["x", row], ["column", column], ["n", sides(2 ** 14, 1)]]);
  own.set("i", { shape: [2 ** 14], values: new Float32Array(2 ** 14) });
  for (
    const [op, inputs, attributes] of [
      ["Expand", ["x", "n"]],
      ["Add", ["x", "column"]],
      ["Max", ["x", "column"]],
      ["MatMul", ["column", "x"]],
      ["Gather", ["x", "i"]],
      ["AveragePool", ["x"], { kernel_shape: [2 ** 14], pads: [2 ** 14 - 1, 0] }],
    ] as const
  ) says(2 ** 28, `${op} "y"`, [node(op, inputs, ["y"], attributes)], own);
  // Each of 65 is small enough.
  const wide = new Map([["x", { shape: [2 ** 21], values: new Float32Array(2 ** 21) }]]);
  const row65 = Array.from(
    { length: 65 },
    (_, i) => node("Identity", [i === 0 ? "x" : `${i}`], [i === 64 ? "y" : `${i + 1}`]),
  );
  says(65 * 2 ** 21, 'Identity "y"', row65, wide);
});

Deno.test("what nobody wants any more ends", () => {
  let looks = 0;
  const cancelled = () => {
    if (++looks > 3) throw new DOMException("no longer wanted", "AbortError");
  };
  const run = () =>
    trace(nodes, (name) => known.get(name), { from: "x", to: "z" }, { ...means, cancelled });
  assertThrows(run, DOMException);
  assert(looks === 4);
});
