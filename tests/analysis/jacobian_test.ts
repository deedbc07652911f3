import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { type JacobianMethod, measureJacobian } from "../../src/analysis/jacobian.ts";
import type { Ops } from "../../src/compute/ops.ts";
import { plainWasm } from "../../src/compute/wasm.ts";
import { TooLarge } from "../../src/errors.ts";
import { normals } from "./oracle.ts";

const means = { ops: plainWasm, cancelled: () => {} };

/** A matrix as what is only known by products with its transpose. */
function pullable(matrix: Float64Array, outputs: number, atOnce = 7) {
  const inputs = matrix.length / outputs;
  const pull = (cotangents: Float32Array, count: number) => {
    assert(count <= atOnce);
    const out = new Float64Array(count * inputs);
    for (let k = 0; k < count; k++) {
      for (let o = 0; o < outputs; o++) {
        const u = cotangents[k * outputs + o]!;
        for (let i = 0; i < inputs; i++) out[k * inputs + i]! += u * matrix[o * inputs + i]!;
      }
    }
    return out;
  };
  return { outputs, inputs, pull, atOnce };
}

const measure = (matrix: Float64Array, outputs: number, method: JacobianMethod, probes = 64) =>
  measureJacobian(pullable(matrix, outputs), { method, probes }, means);

/** ‖column‖ of each. */
function columnNorms(matrix: Float64Array, outputs: number): number[] {
  const inputs = matrix.length / outputs;
  return Array.from({ length: inputs }, (_, i) => {
    let sum = 0;
    for (let o = 0; o < outputs; o++) sum += matrix[o * inputs + i]! ** 2;
    return Math.sqrt(sum);
  });
}

/** What a matrix and its transpose make of a vector: (‖Mv‖, ‖Mᵀ·Mv − ‖Mv‖²·v‖). */
function residual(matrix: Float64Array, outputs: number, v: Float64Array): [number, number] {
  const inputs = v.length, product = new Float64Array(outputs), back = new Float64Array(inputs);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) product[o]! += matrix[o * inputs + i]! * v[i]!;
    for (let i = 0; i < inputs; i++) back[i]! += matrix[o * inputs + i]! * product[o]!;
  }
  const square = product.reduce((sum, x) => sum + x * x, 0);
  const off = Math.hypot(...back.map((x, i) => x - square * v[i]!));
  return [Math.sqrt(square), off];
}

for (const [outputs, inputs] of [[5, 40], [40, 5], [1, 9], [9, 1], [16, 16]] as const) {
  Deno.test(`an exact Jacobian of ${outputs} by ${inputs} has its columns' norms and its singular vectors`, async () => {
    const matrix = Float64Array.from(normals(outputs * inputs, 3));
    const { norms, frobenius, error, singular, right, rows } = await measure(
      matrix,
      outputs,
      "exact",
    );
    for (const [i, norm] of columnNorms(matrix, outputs).entries()) {
      assertAlmostEquals(norms[i]!, norm, 1e-6 * norm);
    }
    assertAlmostEquals(frobenius, Math.hypot(...matrix), 1e-6 * frobenius);
    assertEquals([error, rows], [0, outputs]);
    assertAlmostEquals(Math.hypot(...singular), frobenius, 1e-5 * frobenius);
    assertEquals(right.length, Math.min(2, outputs, inputs));
    for (const [c, vector] of right.entries()) {
      const [value, off] = residual(matrix, outputs, vector);
      assertAlmostEquals(value, singular[c]!, 1e-5 * singular[0]!);
      assert(off < 1e-4 * singular[0]! ** 2, `${off}`);
      assertAlmostEquals(Math.hypot(...vector), 1, 1e-6);
    }
  });
}

for (const scale of [1, 2 ** -100, 2 ** 100]) {
  Deno.test(`singular values of many outputs are found too, of numbers around ${scale.toPrecision(1)}`, async () => {
    const outputs = 600, inputs = 530, matrix = new Float64Array(outputs * inputs);
    for (let i = 0; i < inputs; i++) matrix[i * inputs + i] = scale / (1 + i);
    const { frobenius, singular, right } = await measure(matrix, outputs, "exact");
    const sum = Array.from({ length: inputs }, (_, i) => (1 + i) ** -2).reduce((a, b) => a + b);
    assertAlmostEquals(frobenius / scale, Math.sqrt(sum), 1e-6);
    for (let i = 0; i < 8; i++) assertAlmostEquals(singular[i]! / scale, 1 / (1 + i), 1e-6);
    assertEquals(right.length, 2);
    for (const i of [0, 1]) assertAlmostEquals(right[i]![i]!, 1, 1e-5);
  });

  Deno.test(`singular values of few outputs are found of numbers around ${scale.toPrecision(1)}`, async () => {
    const matrix = Float64Array.of(3, 0, 0, 0, 0, 2, 0, 0).map((value) => value * scale);
    const { norms, singular, right } = await measure(matrix, 2, "exact");
    assertEquals([...norms].map((norm) => norm / scale), [3, 2, 0, 0]);
    for (const i of [0, 1]) assertAlmostEquals(singular[i]! / scale, 3 - i, 1e-6);
    assertEquals(right.map((vector) => [...vector].map(Math.round)), [[1, 0, 0, 0], [0, 1, 0, 0]]);
  });
}

for (
  const [method, deviationOf] of [
    ["hutchinson", (gram: number, diagonal: number) => Math.sqrt(2 * (gram - diagonal))],
    ["projection", (gram: number) => Math.sqrt(2 * gram)],
  ] as const
) {
  Deno.test(`${method}: estimates are right on average, and as uncertain as theory says`, async () => {
    const outputs = 6,
      inputs = 30,
      probes = 4096,
      matrix = Float64Array.from(normals(outputs * inputs, 5));
    const { norms, frobenius, error, deviation, rows, singular } = await measure(
      ...[matrix, outputs, method, probes] as const,
    );
    assertEquals(rows, probes);
    let gram = 0, diagonal = 0;
    for (let a = 0; a < outputs; a++) {
      for (let b = 0; b < outputs; b++) {
        let product = 0;
        for (let i = 0; i < inputs; i++) {
          product += matrix[a * inputs + i]! * matrix[b * inputs + i]!;
        }
        gram += product ** 2;
        if (a === b) diagonal += product ** 2;
      }
    }
    const expected = deviationOf(gram, diagonal), exact = Math.hypot(...matrix);
    assertAlmostEquals(deviation, expected, 0.1 * expected);
    assertAlmostEquals(frobenius ** 2, exact ** 2, 4 * expected / Math.sqrt(probes));
    assertAlmostEquals(error, expected / Math.sqrt(probes) / (2 * exact), 0.1 * error);
    // Of each column that is a chi-squared of one degree at most: √(2/probes) relative.
    for (const [i, norm] of columnNorms(matrix, outputs).entries()) {
      assertAlmostEquals(norms[i]! ** 2, norm ** 2, 5 * Math.sqrt(2 / probes) * norm ** 2);
    }
    const { singular: own } = await measure(matrix, outputs, "exact");
    for (const [i, value] of own.entries()) assertAlmostEquals(singular[i]!, value, 0.1 * own[0]!);
    assertEquals(
      await measure(matrix, outputs, method, 8),
      await measure(matrix, outputs, method, 8),
    );
  });
}

Deno.test("a Jacobian of rank 1 has one direction, whatever rounding leaves", async () => {
  for (const [outputs, inputs] of [[5, 40], [40, 5]] as const) {
    const [left, right] = [normals(outputs, 3), normals(inputs, 4)];
    const matrix = Float64Array.from(
      { length: outputs * inputs },
      (_, at) => left[Math.floor(at / inputs)]! * right[at % inputs]!,
    );
    const found = await measure(matrix, outputs, "exact");
    assertEquals(found.right.length, 1);
    assert(found.singular[1]! < 1e-6 * found.singular[0]!);
  }
});

Deno.test("probes are of no output more than of another, nor of their sum", async () => {
  const outputs = 64, probes = 4096, ones = new Float64Array(outputs).fill(1);
  for (const method of ["hutchinson", "projection"] as const) {
    const { frobenius } = await measure(ones, outputs, method, probes);
    assertAlmostEquals(frobenius ** 2 / outputs, 1, 5 * Math.sqrt(2 / probes), method);
  }
});

Deno.test("of two probes the deviation is that of their squares, over one", async () => {
  const { inputs, outputs, pull, atOnce } = pullable(Float64Array.from(normals(12, 3)), 3);
  const squares: number[] = [];
  const watched = (cotangents: Float32Array, count: number) => {
    const found = pull(cotangents, count);
    for (let k = 0; k < count; k++) {
      const row = found.subarray(k * inputs, (k + 1) * inputs);
      squares.push(row.reduce((sum, x) => sum + x * x, 0));
    }
    return found;
  };
  const { deviation, rows } = await measureJacobian(
    { inputs, outputs, pull: watched, atOnce },
    { method: "projection", probes: 2 },
    means,
  );
  assertEquals(rows, 2);
  const expected = Math.abs(squares[0]! - squares[1]!) / Math.SQRT2;
  assertAlmostEquals(deviation, expected, 1e-9 * expected);
});

Deno.test("what is kept in the kernels' memory is given back", async () => {
  const outputs = 530, matrix = new Float64Array(outputs * 520).map((_, i) => Math.sin(i));
  const held = new Set<Uint8Array>();
  let most = 0;
  const ops: Ops = {
    ...plainWasm,
    keep(bytes) {
      const kept = plainWasm.keep(bytes);
      most = Math.max(most, held.add(kept).size);
      return kept;
    },
    release(kept) {
      held.delete(kept);
      plainWasm.release(kept);
    },
  };
  const request = { method: "exact", probes: 2 } as const;
  await measureJacobian(pullable(matrix, outputs), request, { ...means, ops });
  assertEquals([held.size, most], [0, 1]);
  let looks = 0;
  const cancelled = () => {
    if (++looks > 90) throw new DOMException("no longer wanted", "AbortError");
  };
  await assertRejects(
    () => measureJacobian(pullable(matrix, outputs), request, { ops, cancelled }),
    DOMException,
  );
  assertEquals(held.size, 0);
});

Deno.test("a Jacobian of zeros has no directions", async () => {
  const { norms, frobenius, error, singular, right } = await measure(
    new Float64Array(12),
    3,
    "hutchinson",
  );
  assertEquals([...norms], [0, 0, 0, 0]);
  assertEquals([frobenius, error, singular[0], right.length], [0, 0, 0, 0]);
});

Deno.test("rows that cannot all be held are refused, and nobody waits for what nobody wants", async () => {
  const huge = { outputs: 2 ** 14, inputs: 2 ** 13, atOnce: 1, pull: () => [] };
  const error = await assertRejects(
    () => measureJacobian(huge, { method: "exact", probes: 2 }, means),
    TooLarge,
  );
  assertEquals(error.details, { found: 2 ** 27, limit: 2 ** 26 });
  assertEquals(
    error.message,
    "16384 outputs by 8192 inputs are 134217728 numbers, of which 67108864 can be held: take another " +
      "method than exact, and few probes",
  );
  const cancelled = () => {
    throw new DOMException("no longer wanted", "AbortError");
  };
  await assertRejects(
    () =>
      measureJacobian(pullable(new Float64Array(6), 2), { method: "exact", probes: 2 }, {
        ...means,
        cancelled,
      }),
    DOMException,
  );
});

Deno.test("what is not finite is told where it is, and has no directions", async () => {
  const matrix = Float64Array.of(1, NaN, 0, 2, 0, Infinity), inputs = 3;
  // A product with 0 is NaN too: rows as they are.
  const pull = (u: Float32Array, count: number) => {
    const rows = Array.from({ length: count }, (_, k) => u.subarray(2 * k).indexOf(1));
    return Float64Array.from(
      rows.flatMap((row) => [...matrix.subarray(row * inputs, (row + 1) * inputs)]),
    );
  };
  const { norms, singular, right } = await measureJacobian(
    { outputs: 2, inputs, pull, atOnce: 2 },
    { method: "exact", probes: 2 },
    means,
  );
  assertEquals([...norms], [Math.sqrt(5), NaN, Infinity]);
  assertEquals([singular, right], [[], []]);
});

Deno.test("an estimate's deviation is that of its few probes, with one less of them", async () => {
  const outputs = 6, matrix = Float64Array.from(normals(outputs * 11, 8));
  for (
    const [method, probes] of [["hutchinson", 2], ["projection", 3], ["projection", 1]] as const
  ) {
    const given = pullable(matrix, outputs), sums: number[] = [];
    const pull = (cotangents: Float32Array, count: number) => {
      const found = given.pull(cotangents, count);
      for (let k = 0; k < count; k++) {
        sums.push(found.subarray(11 * k, 11 * (k + 1)).reduce((sum, x) => sum + x * x, 0));
      }
      return found;
    };
    const { deviation, frobenius } = await measureJacobian(
      { ...given, pull },
      { method, probes },
      means,
    );
    const mean = sums.reduce((sum, x) => sum + x, 0) / probes;
    const squares = sums.reduce((sum, x) => sum + (x - mean) ** 2, 0);
    assertEquals(sums.length, probes);
    assertAlmostEquals(frobenius, Math.sqrt(mean), 1e-6 * frobenius);
    assertAlmostEquals(deviation, Math.sqrt(squares / Math.max(1, probes - 1)), 1e-6 * mean);
  }
});
