import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { derive, shapeOf } from "../../../src/analysis/derive/table.ts";
import { plainWasm } from "../../../src/compute/wasm.ts";
import { reference } from "../../../src/compute/reference.ts";
import { BadRequest } from "../../../src/errors.ts";
import { hash } from "../../tile/models.ts";

const size = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);

async function made(
  along: readonly number[],
  shape: readonly number[],
  values: Float32Array,
  { relative = false, ops = plainWasm } = {},
) {
  const recipe = { kind: "norms", along, relative } as const;
  const into = new Float32Array(size(shapeOf(recipe, shape)));
  const read = (from: number, count: number, into = new Float32Array(count)) => {
    into.set(values.subarray(from, from + count));
    return into;
  };
  const notes = await derive(recipe, { shape, read }, into, { ops, cancelled: () => {} });
  return { norms: into, notes };
}

/** By definition, element by element. */
function defined(along: readonly number[], shape: readonly number[], values: Float32Array) {
  const sides = along.map((axis) => shape[axis]!);
  const squares = new Float64Array(size(sides)).fill(NaN);
  for (const [i, value] of values.entries()) {
    if (!Number.isFinite(value)) continue;
    const index = shape.map((side, axis) => Math.floor(i / size(shape.slice(axis + 1))) % side);
    const to = along.reduce((at, axis) => at * shape[axis]! + index[axis]!, 0);
    squares[to] = (Number.isNaN(squares[to]!) ? 0 : squares[to]!) + value * value;
  }
  return squares.map(Math.sqrt);
}

function close(found: Float32Array, expected: Float64Array, what: string): void {
  assertEquals(found.length, expected.length, what);
  for (const [i, value] of expected.entries()) {
    if (Number.isNaN(value)) assertEquals(found[i], NaN, `${what}: ${i}`);
    else assertAlmostEquals(found[i]!, value, 1e-6 * value, `${what}: ${i}`);
  }
}

Deno.test("norms along any axes, in any order, are those by definition", () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 }).chain((shape) =>
        fc.tuple(
          fc.constant(shape),
          fc.shuffledSubarray([...shape.keys()], { minLength: 1 }),
          fc.array(fc.float(), { minLength: size(shape), maxLength: size(shape) }),
        )
      ),
      async ([shape, along, numbers]) => {
        const values = Float32Array.from(numbers);
        // The largest float32 squared is a float64.
        const expected = defined(along, shape, values).map(Math.fround);
        close((await made(along, shape, values)).norms, expected, `${along} of ${shape}`);
      },
    ),
    { numRuns: 300 },
  ));

Deno.test("norms of tensors that are read in several parts, of both backends", async () => {
  for (
    const [shape, along] of [
      [[3, 100_001], [0]],
      [[3, 100_001], [1]],
      [[100_001, 3], [1]],
      [[70, 50, 7, 7], [0, 1]],
      [[70, 50, 7, 7], [1, 0]],
      [[7, 7, 70, 50], [3, 2]],
      [[7, 7, 70, 50], [3]],
    ] as const
  ) {
    const values = Float32Array.from({ length: size(shape) }, (_, i) => hash(i) - 0.5);
    for (let i = 11; i < values.length; i += 1013) values[i] = [NaN, Infinity, -Infinity][i % 3]!;
    const expected = defined(along, shape, values);
    for (const ops of [plainWasm, reference]) {
      close((await made(along, shape, values, { ops })).norms, expected, `${along} of ${shape}`);
    }
  }
});

Deno.test("relative norms have the root mean square 1; norms of zeros, and of nothing, stay so", async () => {
  const values = Float32Array.from({ length: 60 }, (_, i) => hash(i) - 0.3);
  values.fill(NaN, 10, 20);
  const [norms, relative] = [
    await made([0], [6, 10], values),
    await made([0], [6, 10], values, { relative: true }),
  ];
  assertEquals(norms.notes, {});
  const [unit] = relative.notes["unit"]!;
  const squares = [...norms.norms].filter(Number.isFinite).map((norm) => norm ** 2);
  assertAlmostEquals(unit!, Math.sqrt(squares.reduce((a, b) => a + b) / 5), 1e-6);
  close(relative.norms, Float64Array.from(norms.norms, (norm) => norm / unit!), "relative");
  assertEquals(relative.norms[1], NaN);

  const zeros = await made([1], [4, 3], new Float32Array(12), { relative: true });
  assertEquals([[...zeros.norms], zeros.notes], [[0, 0, 0], { unit: [1] }]);
  const nothing = await made([0], [2, 2], new Float32Array(4).fill(NaN), { relative: true });
  assertEquals([...nothing.norms], [NaN, NaN]);
});

Deno.test("norms of axes that a tensor does not have are refused", () => {
  for (const along of [[], [2], [0, 5]]) {
    const refused = () => shapeOf({ kind: "norms", along, relative: false }, [3, 4]);
    assertThrows(refused, BadRequest, "found [3,4]");
  }
});
