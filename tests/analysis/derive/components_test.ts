import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  derive,
  fillMatrix,
  finish,
  planesOf,
  shapeOf,
  singularSides,
} from "../../../src/analysis/derive/table.ts";
import type { Numbers, Recipe } from "../../../src/analysis/derive/recipe.ts";
import { truncatedSvd } from "../../../src/analysis/truncated_svd.ts";
import { plainWasm } from "../../../src/compute/wasm.ts";
import { BadRequest } from "../../../src/errors.ts";
import { openModel } from "../../../src/model/open.ts";
import decoder from "../../../fixtures/reference/captures/decoder.json" with { type: "json" };
import digits from "../../../fixtures/reference/captures/digits-cnn.json" with { type: "json" };
import { valuesOf } from "../../formats/values.ts";
import { byEach, type Opener } from "../openers.ts";
import { normals } from "../oracle.ts";

const captures = new URL("../../../fixtures/captures/", import.meta.url).pathname;
const means = { ops: plainWasm, cancelled: () => {} };

/** What a recipe makes of numbers; of what `open` finds of its matrix where that is given. */
async function made(
  recipe: Recipe,
  shape: readonly number[],
  values: Float32Array,
  open?: Opener["open"],
) {
  const size = shapeOf(recipe, shape).reduce((product, side) => product * side, 1);
  const into = new Float32Array(size * planesOf(recipe));
  const read = (from: number, count: number) => values.slice(from, from + count);
  const notes =
    await (open
      ? bySingular(recipe, { shape, read }, into, open)
      : derive(recipe, { shape, read }, into, means));
  return {
    notes,
    planes: Array.from(
      { length: planesOf(recipe) },
      (_, c) => into.subarray(c * size, (c + 1) * size),
    ),
  };
}

async function bySingular(recipe: Recipe, from: Numbers, into: Float32Array, open: Opener["open"]) {
  const sides = singularSides(recipe, from.shape)!, { rows, columns, count } = sides;
  const matrix = new Float32Array(rows * columns);
  await fillMatrix(recipe, from, matrix, means);
  const read = (from: number, count: number) => matrix.subarray(from, from + count);
  const opened = await open({ rows, columns, read });
  try {
    return finish(recipe, sides, matrix, await truncatedSvd(opened, count), into);
  } finally {
    opened.close();
  }
}

async function captured(capture: string, name: string) {
  const model = await openModel(captures + capture);
  const tensor = model.tensors.find((tensor) => tensor.name === name)!;
  const values = Float32Array.from(await valuesOf(tensor));
  model.close();
  return { shape: tensor.shape, values };
}

interface Expected {
  readonly variance: readonly number[];
  readonly share: readonly number[];
  readonly projection: readonly (readonly number[])[];
}

function compare(
  { notes, planes }: Awaited<ReturnType<typeof made>>,
  { variance, share, projection }: Expected,
  what: string,
): void {
  for (let c = 0; c < 3; c++) {
    assertAlmostEquals(notes["variance"]![c]!, variance[c]!, 1e-4 * variance[0]!, what);
    assertAlmostEquals(notes["share"]![c]!, share[c]!, 1e-4, what);
    // Up to the sign, and where two variances are close, neither is far from the plane of both.
    const largest = projection.reduce(
      (at, row, i) => Math.abs(row[c]!) > Math.abs(projection[at]![c]!) ? i : at,
      0,
    );
    const sign = Math.sign(projection[largest]![c]! * planes[c]![largest]!);
    const size = Math.sqrt(variance[c]!);
    for (const [i, row] of projection.entries()) {
      assertAlmostEquals(sign * planes[c]![i]!, row[c]!, 2e-3 * size, `${what}: ${c}, ${i}`);
    }
  }
}

for (const [layer, expected] of Object.entries(decoder.pca)) {
  byEach(`principal components of a decoder's ${layer} are numpy's`, async ({ open, name }) => {
    const { shape, values } = await captured("decoder", `act/${layer}`);
    const recipe = { kind: "pca", mean: [], features: 1 } as const;
    assertEquals(shapeOf(recipe, shape), [shape[0]]);
    compare(await made(recipe, shape, values), expected, layer);
    compare(await made(recipe, shape, values, open), expected, `${layer} by ${name}`);
  });
}

for (const [layer, expected] of Object.entries(digits.channel_pca)) {
  byEach(`principal components of the channels of ${layer} are numpy's`, async ({ open, name }) => {
    const { shape, values } = await captured("digits-cnn", `act/${layer}`);
    const recipe = { kind: "pca", mean: [0], features: 1 } as const;
    assertEquals(shapeOf(recipe, shape), shape.slice(2));
    compare(await made(recipe, shape, values), expected, layer);
    compare(await made(recipe, shape, values, open), expected, `${layer} by ${name}`);
  });
}

Deno.test("principal components: wide, tall and large matrices agree, the sign is the largest loading's", async () => {
  // Three directions of known variance, hidden in many features.
  for (const [rows, columns] of [[40, 6], [40, 300], [600, 520]] as const) {
    const axes = [0, 1, 2].map((c) =>
      Float64Array.from({ length: columns }, (_, i) => i % 3 === c ? 1 : 0)
    );
    const scores = Array.from({ length: rows }, (_, r) => [
      9 * Math.cos(r),
      4 * Math.cos(2 * r + 1),
      Math.cos(3 * r + 2),
    ]);
    const values = new Float32Array(rows * columns);
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < columns; i++) {
        for (let c = 0; c < 3; c++) values[r * columns + i]! += scores[r]![c]! * axes[c]![i]!;
      }
    }
    const { planes, notes } = await made(
      { kind: "pca", mean: [], features: 1 },
      [rows, columns],
      values,
    );
    assertAlmostEquals(notes["share"]!.reduce((sum, x) => sum + x, 0), 1, 1e-5);
    for (let c = 0; c < 3; c++) {
      const length = Math.hypot(...axes[c]!);
      const mean = scores.reduce((sum, row) => sum + row[c]!, 0) / rows;
      let product = 0, own = 0, other = 0;
      for (let r = 0; r < rows; r++) {
        const expected = (scores[r]![c]! - mean) * length;
        product += expected * planes[c]![r]!;
        own += expected ** 2;
        other += planes[c]![r]! ** 2;
      }
      // Cosines of samples are nearly, not quite, orthogonal.
      assertAlmostEquals(product / Math.sqrt(own * other), 1, 0.02, `${columns}: ${c}`);
    }
  }
});

Deno.test("principal components of what has none are zeros, and what is not finite counts as the mean", async () => {
  const recipe = { kind: "pca", mean: [], features: 1 } as const;
  const flat = await made(recipe, [4, 3], new Float32Array(12).fill(7));
  assertEquals(
    flat.planes.map((plane) => [...plane]),
    Array.from({ length: 3 }, () => [0, 0, 0, 0]),
  );
  assertEquals(flat.notes["share"], [0, 0, 0]);
  const one = await made(recipe, [3, 1], Float32Array.of(1, NaN, 3));
  assertEquals([...one.planes[0]!], [-1, 0, 1]);
  assertEquals([...one.planes[2]!], [0, 0, 0]);
  assertThrows(() => shapeOf({ kind: "pca", mean: [], features: 1 }, [5]), BadRequest);
});

byEach(
  "principal components of fewer dimensions than three are followed by zeros",
  async ({ open }) => {
    const of = { kind: "pca", mean: [], features: 1 } as const;
    // Three samples differ in two ways; of many that lie along a line, rounding differs too.
    for (const [rows, columns, line] of [[3, 40, false], [40, 70, true], [70, 40, true]] as const) {
      const noise = normals(rows * columns, rows), along = normals(columns, 5);
      const values = line
        ? noise.map((_, i) => noise[Math.floor(i / columns)]! * along[i % columns]!)
        : noise;
      for (const way of [undefined, open]) {
        const { notes, planes } = await made(of, [rows, columns], values, way);
        const what = `${rows} × ${columns}`, [, second] = notes["share"]!;
        assertAlmostEquals(notes["share"]!.reduce((sum, share) => sum + share, 0), 1, 1e-5, what);
        assertEquals(second! > 0.1, !line, what);
        for (const plane of planes.slice(line ? 1 : 2)) {
          assertEquals(
            plane.every((x) => x === 0),
            true,
          );
        }
      }
    }
  },
);

Deno.test("singular values of ill-scaled numbers are of their scale", async () => {
  for (const scale of [1e-30, 1, 1e30]) {
    const values = Float32Array.of(3 * scale, 0, 0, 0, 2 * scale, 0);
    const { planes: [rows] } = await made({ kind: "svd", count: 2 }, [2, 3], values);
    assertAlmostEquals(rows![0]! / scale, 3, 1e-5);
    assertAlmostEquals(rows![6]! / scale, 2, 1e-5);
  }
});

Deno.test("a Laplacian's eigenvalues are numpy's, and its second band is in the Fiedler vector's order", async () => {
  const { shape: [, n = 0], values } = await captured("decoder", "attn/block3");
  for (const [head, { laplacian_smallest: expected }] of decoder.attention.block3.heads.entries()) {
    const part = values.slice(head * n * n, (head + 1) * n * n);
    const { notes, planes } = await made({ kind: "laplacian" }, [n, n], part);
    for (let i = 0; i < 4; i++) assertAlmostEquals(notes["eigenvalues"]![i]!, expected[i]!, 1e-5);
    const height = planes[0]!.length / n,
      [above, below] = [planes[0]!.slice(0, n), planes[0]!.slice(-n)];
    assertEquals(height, 2 * n / 8);
    assertEquals([...below], [...above].sort((a, b) => a - b));
    const order = notes["order"]!;
    assertEquals([...below], order.map((i) => above[i]!));
    // The same order for what is reordered.
    const recipe = { kind: "attention", symmetric: false, squarings: 0, reordered: true } as const;
    const { planes: [sorted] } = await made(recipe, [n, n], part);
    assertEquals(sorted![5 * n + 9], part[order[5]! * n + order[9]!]);
  }
});

Deno.test("two groups that hardly attend to each other are told apart", async () => {
  const n = 20, values = new Float32Array(n * n);
  const group = (i: number) => i * 7 % 2;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) values[i * n + j] = group(i) === group(j) ? 0.1 : 0.001;
  }
  const { notes } = await made({ kind: "laplacian" }, [n, n], values);
  const groups = notes["order"]!.map(group);
  assertEquals(new Set(groups.slice(0, 10)).size, 1);
  assertEquals(new Set(groups.slice(10)).size, 1);
});
