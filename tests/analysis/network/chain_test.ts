import { assert, assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import { recover, TOLERANCE } from "../../../src/analysis/network/chain.ts";
import { single, type Tensor } from "../../../src/analysis/network/tensor.ts";
import { trace } from "../../../src/analysis/network/trace.ts";
import { plainWasm } from "../../../src/compute/wasm.ts";
import { NotFound } from "../../../src/errors.ts";
import type { TensorInfo } from "../../../src/formats/format.ts";
import type { Computation, Link } from "../../../src/model/network.ts";
import { randomly } from "./cases.ts";
import { designs } from "./designs.ts";
import { double } from "./double.ts";

const means = { arithmetic: single(plainWasm), cancelled: () => {} };

/** Tensors by name, and a chain that names them. */
class Capture {
  readonly tensors = new Map<string, Tensor>();
  readonly links: Link[] = [];

  add(name: string, shape: readonly number[], values: ArrayLike<number>): TensorInfo {
    this.tensors.set(name, { shape, values: Float32Array.from(values) });
    return { name, shape } as TensorInfo;
  }

  /** A layer that has these weights and gave that, rounded as captures are. */
  layer(name: string, weights: readonly TensorInfo[], shape: number[], values: Float64Array): void {
    const activation = this.add(`act/${name}`, shape, new Float16Array(values));
    this.links.push({ name, weights, activation });
  }

  recover(sample = 0, scaling = { scale: 1, shift: 0 }) {
    const tensor = { name: "input", shape: this.tensors.get("input")!.shape } as TensorInfo;
    const chain = { kind: "chain", tensor, ...scaling, links: this.links, weights: null } as
      & Computation
      & { readonly kind: "chain" };
    return recover(chain, sample, ({ name }) => this.tensors.get(name)!, means);
  }
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const functions: Readonly<Record<string, (x: number) => number>> = {
  Identity: (x) => x,
  Relu: (x) => Math.max(0, x),
  Tanh: Math.tanh,
  Sigmoid: sigmoid,
  LeakyRelu: (x) => x < 0 ? 0.01 * x : x,
  Elu: (x) => x < 0 ? Math.exp(x) - 1 : x,
  Softplus: (x) => Math.log(1 + Math.exp(x)),
  HardSwish: (x) => x * Math.max(0, Math.min(1, x / 6 + 0.5)),
  Gelu: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};
const samples = 12;

Deno.test("products with norms and whatever function are told from what they gave", () =>
  fc.assert(
    fc.property(
      fc.integer(),
      fc.array(
        fc.record({
          side: fc.integer({ min: 2, max: 9 }),
          name: fc.constantFrom(...Object.keys(functions)),
          norm: fc.constantFrom("none", "after", "before", "last"),
        }),
        { minLength: 1, maxLength: 3 },
      ),
      (seed, layers) => {
        const next = randomly(seed), capture = new Capture();
        let width = 5, x = Float64Array.from({ length: samples * width }, next);
        capture.add("input", [samples, width], x.map((value) => (value - 1) / 2));
        for (const [i, { side, name, norm }] of layers.entries()) {
          const f = functions[name]!,
            from = width,
            weight = Float64Array.from({ length: side * from }, next);
          const bias = Float64Array.from({ length: side }, next);
          const product = (x: Float64Array) =>
            Float64Array.from({ length: samples * side }, (_, at) => {
              const [row, column] = [Math.floor(at / side), at % side];
              let sum = bias[column]!;
              for (let j = 0; j < from; j++) sum += x[row * from + j]! * weight[column * from + j]!;
              return sum;
            });
          const wide = norm === "before" ? from : side;
          const [gamma, beta, mean] = [0, 1, 2].map(() =>
            Float64Array.from({ length: wide }, next)
          );
          const variance = Float64Array.from({ length: wide }, () => Math.abs(next()) + 0.1);
          const normed = (x: Float64Array) =>
            x.map((value, at) => {
              const c = at % wide;
              return (value - mean![c]!) / Math.sqrt(variance[c]! + 1e-5) * gamma![c]! + beta![c]!;
            });
          const y = {
            none: () => product(x).map(f),
            after: () => normed(product(x)).map(f),
            before: () => product(normed(x)).map(f),
            last: () => normed(product(x).map(f)),
          }[norm as "none" | "after" | "before" | "last"]();
          const own = [
            capture.add(`l${i}.fc.weight`, [side, from], weight),
            capture.add(`l${i}.fc.bias`, [side], bias),
            ...(norm === "none" ? [] : [
              capture.add(`l${i}.bn.weight`, [wide], gamma!),
              capture.add(`l${i}.bn.bias`, [wide], beta!),
              capture.add(`l${i}.bn.running_mean`, [wide], mean!),
              capture.add(`l${i}.bn.running_var`, [wide], variance),
            ]),
          ];
          capture.layer(`l${i}`, own, [samples, side], y);
          [width, x] = [side, y];
        }
        const { nodes, difference, start } = capture.recover(3, { scale: 2, shift: 1 });
        assert(difference <= TOLERANCE);
        assertEquals(start.shape, [1, 5]);
        // Functions that are alike where they were seen may stand for each other.
        const products = nodes.filter(({ op }) => op === "Gemm").length;
        assertEquals(products, layers.length);
      },
    ),
    { numRuns: 60, seed: 3 },
  ));

/** Pictures [n, 2, 6, 6] through a convolution of 3 × 3 with that stride, a border of zeros around them. */
function convolved(x: Float64Array, weight: Float64Array, outputs: number, stride: number) {
  const n = x.length / 72, side = Math.floor(5 / stride) + 1;
  const y = new Float64Array(n * outputs * side * side);
  for (let at = 0; at < y.length; at++) {
    const column = at % side, row = Math.floor(at / side) % side;
    const o = Math.floor(at / side ** 2) % outputs, sample = Math.floor(at / (side ** 2 * outputs));
    for (let c = 0; c < 2; c++) {
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++) {
          const [v, h] = [row * stride + i - 1, column * stride + j - 1];
          if (v < 0 || v > 5 || h < 0 || h > 5) continue;
          y[at]! += x[(sample * 2 + c) * 36 + v * 6 + h]! * weight[(o * 2 + c) * 9 + i * 3 + j]!;
        }
      }
    }
  }
  return { y, side };
}

const pools = {
  MaxPool: (four: readonly number[]) => Math.max(...four),
  AveragePool: (four: readonly number[]) => four.reduce((a, b) => a + b) / 4,
};

/** 2 × 2 pools of maps of that side. */
function pooled(x: Float64Array, side: number, pool: (four: readonly number[]) => number) {
  const half = side / 2;
  return Float64Array.from({ length: x.length / 4 }, (_, at) => {
    const [map, row, column] = [
      Math.floor(at / half ** 2),
      Math.floor(at / half) % half,
      at % half,
    ];
    const from = map * side ** 2 + row * 2 * side + column * 2;
    return pool([x[from]!, x[from + 1]!, x[from + side]!, x[from + side + 1]!]);
  });
}

for (const kind of ["MaxPool", "AveragePool"] as const) {
  for (const where of ["before the next", "in the layer"] as const) {
    Deno.test(`a convolution and ${kind} ${where} are told from what they gave`, () => {
      const next = randomly(7), capture = new Capture(), n = 4;
      const x = Float64Array.from({ length: n * 72 }, next);
      const weight = Float64Array.from({ length: 54 }, next);
      const second = Float64Array.from({ length: 5 * 27 }, next);
      capture.add("input", [n, 2, 6, 6], x);
      const { y, side } = convolved(x, weight, 3, 1), active = y.map((v) => Math.max(0, v));
      const small = pooled(active, side, pools[kind]);
      const first = capture.add("c.weight", [3, 2, 3, 3], weight);
      if (where === "in the layer") capture.layer("c", [first], [n, 3, 3, 3], small);
      else capture.layer("c", [first], [n, 3, 6, 6], active);
      const logits = Float64Array.from({ length: n * 5 }, (_, at) => {
        let sum = 0;
        for (let j = 0; j < 27; j++) {
          sum += small[Math.floor(at / 5) * 27 + j]! * second[at % 5 * 27 + j]!;
        }
        return sum;
      });
      capture.layer("fc", [capture.add("fc.weight", [5, 27], second)], [n, 5], logits);
      const { nodes, difference } = capture.recover(1);
      assertEquals(nodes.map(({ op }) => op), ["Conv", "Relu", kind, "Flatten", "Gemm"]);
      assert(difference < TOLERANCE);
    });
  }
}

Deno.test("a convolution's stride is told from the sides that it gave", () => {
  const next = randomly(9), capture = new Capture();
  const x = Float64Array.from({ length: 3 * 72 }, next),
    weight = Float64Array.from({ length: 36 }, next);
  capture.add("input", [3, 2, 6, 6], x);
  const { y } = convolved(x, weight, 2, 2);
  capture.layer(
    "c",
    [capture.add("c.weight", [2, 2, 3, 3], weight)],
    [3, 2, 3, 3],
    y.map(Math.tanh),
  );
  const [conv, tanh] = capture.recover().nodes;
  assertEquals([conv!.attributes["strides"], tanh!.op], [[2, 2], "Tanh"]);
});

for (const [name, { from = [2, 8, 8], weights = {}, nodes: own }] of Object.entries(designs)) {
  const what = own.map(([op, attributes]) => ({ op, attributes }));
  Deno.test(`what layers do is told from what they gave: ${name}`, () => {
    const next = randomly(13), capture = new Capture(), n = 3;
    const of = (shape: readonly number[], map = (x: number) => x) =>
      Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => map(next()));
    capture.add("input", [n, ...from], of([n, ...from]));
    const infos = Object.entries(weights).map(([name, shape]) => {
      const isPositive = name.endsWith("running_var");
      return capture.add(name, shape, of(shape, isPositive ? (x) => x * x / 100 : (x) => x));
    });
    const nodes = own.map(([op, attributes, ...more], i) => ({
      ...{ op, attributes, inputs: [i === 0 ? "input" : `${i}`, ...more], outputs: [`${i + 1}`] },
    }));
    const { result } = trace(
      nodes,
      (name) => capture.tensors.get(name),
      { from: "input", to: `${nodes.length}` },
      { ...means, arithmetic: double },
    );
    capture.layer("layer", infos, [...result.shape], Float64Array.from(result.values));
    const found = capture.recover(2).nodes;
    assertEquals(found.map(({ op, attributes }) => ({ op, attributes })), what);
    assertEquals(
      found.map(({ inputs: [, ...more] }) => more),
      nodes.map(({ inputs: [, ...more] }) => more),
    );
  });
}

Deno.test("how far all layers are off is how far the worst one is", () => {
  const capture = new Capture();
  capture.add("input", [2, 2], [1, 0, 0, 1]);
  const unit = () => capture.add(`${capture.links.length}.weight`, [2, 2], [1, 0, 0, 1]);
  for (const off of [0, 8e-4, 0]) {
    capture.layer(`${capture.links.length}`, [unit()], [2, 2], Float64Array.of(1, off, 0, 1));
  }
  assertAlmostEquals(capture.recover().difference, 8e-4, 1e-6);
});

Deno.test("what a layer does that nothing gives is said with how near one came", () => {
  const next = randomly(11), capture = new Capture();
  const x = Float64Array.from({ length: samples * 3 }, next);
  capture.add("input", [samples, 3], x);
  const own = [capture.add("odd.weight", [2, 3], Float64Array.from({ length: 6 }, next))];
  capture.layer("odd", own, [samples, 2], Float64Array.from({ length: samples * 2 }, next));
  const error = assertThrows(() => capture.recover(), NotFound);
  assertMatch(
    error.message,
    /^what layer "odd" does is not known: of 15 ways that were tried the nearest, .*Gemm.*, is off by \d/,
  );
  assert(Number(error.details["found"]) > TOLERANCE);
});

Deno.test("weights that make no such shape are named", () => {
  const capture = new Capture();
  capture.add("input", [2, 3], new Float64Array(6));
  const own = [capture.add("fc.weight", [4, 7], new Float64Array(28))];
  capture.layer("fc", own, [2, 4], new Float64Array(8));
  assertEquals(
    assertThrows(() => capture.recover(), NotFound).message,
    'layer "fc" is no product, convolution, norm or pool that makes [4] of [3] with "fc.weight" [4,7]',
  );
});

Deno.test("a NaN among activations is no match", () => {
  const next = randomly(2), capture = new Capture();
  const x = Float64Array.from({ length: 6 }, next);
  capture.add("input", [2, 3], x);
  const own = [capture.add("fc.weight", [1, 3], Float64Array.of(1, 0, 0))];
  capture.layer("fc", own, [2, 1], Float64Array.of(x[0]!, NaN));
  assertMatch(assertThrows(() => capture.recover(), NotFound).message, /is off by Infinity/);
});
