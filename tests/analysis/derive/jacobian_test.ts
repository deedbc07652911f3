import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { BadRequest, TooLarge } from "../../../src/errors.ts";
import { pixelsOf, sampleShape } from "../../../src/analysis/derive/jacobian.ts";
import type { Recipe } from "../../../src/analysis/derive/recipe.ts";
import { derive, planesOf, shapeOf } from "../../../src/analysis/derive/table.ts";
import { plainWasm } from "../../../src/compute/wasm.ts";

Deno.test("samples are pictures of their sides, folded where they are a square of features", () => {
  for (
    const [sample, shape, channels, isInside] of [
      [[784], [28, 28], 1, false],
      [[10], [10], 1, false],
      [[28, 20], [28, 20], 1, false],
      [[3, 32, 40], [32, 40], 3, false],
      [[3, 4, 4], [4, 4], 3, false],
      [[32, 40, 3], [32, 40], 3, true],
      [[2, 5, 6, 7], [5, 6, 7], 2, false],
    ] as const
  ) {
    const found = pixelsOf(sample);
    assertEquals(found, { shape: [...shape], channels, isInside }, `[${sample}]`);
  }
  assertEquals(sampleShape([8, 3, 4]), [3, 4]);
  assertEquals(sampleShape([6]), [6]);
});

for (
  const [sides, at] of [
    [[2, 3, 4], (c: number, pixel: number) => c * 12 + pixel],
    [[5, 5, 2], (c: number, pixel: number) => pixel * 2 + c],
  ] as const
) {
  Deno.test(`of samples [${sides}] pixels sum their channels, and hues are of them`, async () => {
    const count = sides[0] * sides[1] * sides[2];
    const pixels = count / 2;
    // Two outputs: one of each channel, weighted by the pixel.
    const weights = new Float32Array(2 * count);
    for (let pixel = 0; pixel < pixels; pixel++) {
      weights[at(0, pixel)] = pixel + 1;
      weights[count + at(1, pixel)] = -2 * (pixel + 1);
    }
    const tensors: Record<string, { shape: number[]; values: Float32Array }> = {
      x: { shape: [1, ...sides], values: new Float32Array(count).fill(1) },
      w: { shape: [2, count], values: weights },
    };
    const computation = {
      ...{ kind: "graph", input: "x", output: "y", tensor: { name: "x", shape: [1, ...sides] } },
      constants: { w: { name: "w", shape: [2, count] } },
      nodes: [
        { op: "Flatten", inputs: ["x"], outputs: ["flat"], attributes: {} },
        { op: "Gemm", inputs: ["flat", "w"], outputs: ["y"], attributes: { transB: 1 } },
      ],
    };
    const common = { kind: "jacobian", computation, sample: 0, output: null, probes: 2 };
    const recipe = { ...common, method: "auto", hue: "pair" } as unknown as Recipe;
    const numbers = ({ name }: { readonly name: string }) => {
      const { shape, values } = tensors[name]!;
      return { shape, read: (from: number, count: number) => values.slice(from, from + count) };
    };
    const means = { ops: plainWasm, cancelled: () => {}, of: numbers };
    assertEquals([planesOf(recipe), shapeOf(recipe, [1, ...sides]).length], [3, 2]);
    const size = Math.hypot(...Array.from({ length: pixels }, (_, i) => i + 1));
    for (const hue of ["pair", "leading"] as const) {
      const into = new Float32Array(3 * pixels);
      const notes = await derive(
        { ...recipe, hue } as Recipe,
        numbers({ name: "x" }),
        into,
        means,
      );
      assertAlmostEquals(notes["singular"]![0]!, 2 * size, 1e-4 * size);
      for (let pixel = 0; pixel < pixels; pixel++) {
        assertAlmostEquals(into[pixel]!, Math.sqrt(5) * (pixel + 1), 1e-4);
        const [along, across] = [into[pixels + pixel]!, into[2 * pixels + pixel]!];
        // The first direction is the second channel alone.
        const expected = hue === "pair" ? [2 * (pixel + 1), pixel + 1] : [0, (pixel + 1) / size];
        assertAlmostEquals(Math.abs(along), expected[0]!, 1e-4, `${hue}, pixel ${pixel}`);
        assertAlmostEquals(Math.abs(across), expected[1]!, 1e-4, `${hue}, pixel ${pixel}`);
      }
    }
  });
}

Deno.test("of several samples one is asked for, by its own results or by those of all", async () => {
  const x = [0.1, -0.2, 0.3, 0.5, -1, 2], w = [1, -2, 3, 4, 0, -6];
  const tensors: Record<string, { shape: number[]; values: number[] }> = {
    x: { shape: [2, 3], values: x },
    w: { shape: [2, 3], values: w },
  };
  const numbers = ({ name }: { readonly name: string }) => {
    const { shape, values } = tensors[name]!;
    const read = (from: number, count: number) =>
      Float32Array.from(values.slice(from, from + count));
    return { shape, read };
  };
  const normsOf = async (result: string, output: number | null, sample = 1) => {
    const computation = {
      ...{ kind: "graph", input: "x", output: result, tensor: { name: "x", shape: [2, 3] } },
      constants: { w: { name: "w", shape: [2, 3] } },
      nodes: [
        { op: "Tanh", inputs: ["x"], outputs: ["t"], attributes: {} },
        { op: "Gemm", inputs: ["t", "w"], outputs: ["y"], attributes: { transB: 1 } },
        { op: "ReduceSum", inputs: ["y"], outputs: ["sum"], attributes: { keepdims: 0 } },
      ],
    };
    const common = { kind: "jacobian", computation, sample, output, probes: 2 };
    const recipe = { ...common, method: "exact", hue: "pair" } as unknown as Recipe;
    const means = { ops: plainWasm, cancelled: () => {}, of: numbers }, into = new Float32Array(9);
    await derive(recipe, numbers({ name: "x" }), into, means);
    return [...into.subarray(0, 3)];
  };
  for (const sample of [0, 1]) {
    for (
      const [result, output, factor] of [
        ["y", null, (a: number, b: number) => Math.hypot(a, b)],
        ["y", 0, (a: number) => Math.abs(a)],
        ["y", 1, (_: number, b: number) => Math.abs(b)],
        ["sum", null, (a: number, b: number) => Math.abs(a + b)],
      ] as const
    ) {
      for (const [i, norm] of (await normsOf(result, output, sample)).entries()) {
        const slope = Math.cosh(x[3 * sample + i]!) ** -2;
        assertAlmostEquals(norm, slope * factor(w[i]!, w[3 + i]!), 1e-5, `${result} ${output}`);
      }
    }
  }
  const error = await assertRejects(() => normsOf("sum", 1), BadRequest);
  assertEquals(error.message, "output=1 is not among those of the layer: 0 to 0");
});

Deno.test("all of up to 256 outputs are asked, of more probes", async () => {
  for (const outputs of [256, 257]) {
    const shape = [outputs, 1], one = { name: "x", shape: [1, 1] };
    const computation = {
      ...{ kind: "graph", input: "x", output: "y", tensor: one },
      constants: { w: { name: "w", shape } },
      nodes: [{ op: "Gemm", inputs: ["x", "w"], outputs: ["y"], attributes: { transB: 1 } }],
    };
    const common = { kind: "jacobian", computation, sample: 0, output: null, probes: 2 };
    const recipe = { ...common, method: "auto", hue: "pair" } as unknown as Recipe;
    const of = ({ shape }: { readonly shape: readonly number[] }) => ({
      shape,
      read: (_: number, count: number) => new Float32Array(count).fill(1),
    });
    const means = { ops: plainWasm, cancelled: () => {}, of };
    const notes = await derive(recipe, of(one), new Float32Array(3), means);
    assertEquals(notes["probes"], outputs === 256 ? undefined : [2]);
    assertEquals(Object.hasOwn(notes, "singular"), outputs === 256);
  }
});

Deno.test("a network of more weights than can be held is refused before they are read", async () => {
  const tensor = { name: "x", shape: [1, 2] };
  const computation = {
    ...{ kind: "graph", input: "x", output: "y", tensor },
    constants: { w: { name: "w", shape: [2 ** 14, 2 ** 14] } },
    nodes: [{ op: "MatMul", inputs: ["x", "w"], outputs: ["y"], attributes: {} }],
  };
  const common = { kind: "jacobian", computation, sample: 0, output: null, probes: 2 };
  const recipe = { ...common, method: "exact", hue: "pair" } as unknown as Recipe;
  const of = ({ shape }: { readonly shape: readonly number[] }) => ({
    shape,
    read: (_: number, count: number) => new Float32Array(Math.min(2, count)),
  });
  const means = { ops: plainWasm, cancelled: () => {}, of };
  const error = await assertRejects(
    async () => await derive(recipe, of(tensor), new Float32Array(6), means),
    TooLarge,
  );
  assertEquals(error.details, { found: 2 ** 28 + 2, limit: 2 ** 27 });
});
