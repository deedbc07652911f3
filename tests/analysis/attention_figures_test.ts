import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { attentionFigures } from "../../src/analysis/attention_figures.ts";

const reader = (values: readonly number[]) => (from: number, count: number) =>
  Float64Array.from(values.slice(from, from + count));
const go = () => {};

Deno.test("a head that looks at all alike has the entropy ln N and one eigenvalue, one that looks at one position none", async () => {
  const n = 4, even = Array<number>(n * n).fill(1 / n);
  const shifted = Array.from(
    { length: n * n },
    (_, i) => Number(i % n === (Math.floor(i / n) + 1) % n),
  );
  const [wide, narrow] = (await attentionFigures([2, n, n], reader([...even, ...shifted]), go))!;
  assertAlmostEquals(wide!.entropy!, Math.log(n), 1e-12);
  assertAlmostEquals(wide!.eigenvalues![0]!, 1, 1e-12);
  for (const rest of wide!.eigenvalues!.slice(1)) assertAlmostEquals(rest, 0, 1e-12);
  assertEquals(narrow!.entropy, 0);
  // A permutation's are roots of unity.
  for (const one of narrow!.eigenvalues!) assertAlmostEquals(one, 1, 1e-12);
});

Deno.test("rows that are no shares count in no entropy", async () => {
  const rows = [[0.5, 0.5, 0], [0, 0, 0], [NaN, 0.5, 0.5]];
  const [head] = (await attentionFigures([3, 3], reader(rows.flat()), go))!;
  assertAlmostEquals(head!.entropy!, Math.LN2, 1e-12);
  assertEquals(head!.eigenvalues, null);
  const none = [[0, 0], [-1, 2]];
  assertEquals((await attentionFigures([2, 2], reader(none.flat()), go))![0]!.entropy, null);
});

Deno.test("what is not square, or empty, has no figures", async () => {
  for (const shape of [[2, 3], [4], [2, 3, 4], [1, 2, 3, 3], [0, 4, 4], [0, 0], []]) {
    const count = shape.reduce((product, side) => product * side, 1);
    assertEquals(
      await attentionFigures(shape, reader(Array(count).fill(0.5)), go),
      null,
      `${shape}`,
    );
  }
});

Deno.test("no eigenvalue of rows that sum to 1 is larger than 1, and entropy lies between 0 and ln N", () =>
  fc.assert(fc.asyncProperty(
    fc.integer({ min: 1, max: 12 }).chain((n) =>
      fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), {
        minLength: n * n,
        maxLength: n * n,
      })
    ),
    async (values) => {
      const n = Math.sqrt(values.length);
      const shares = values.map((x, i) => {
        const row = Math.floor(i / n) * n;
        return x / values.slice(row, row + n).reduce((sum, y) => sum + y, 0);
      });
      const [head] = (await attentionFigures([n, n], reader(shares), go))!;
      assertAlmostEquals(head!.eigenvalues![0]!, 1, 1e-9);
      assert(head!.entropy! >= 0 && head!.entropy! <= Math.log(n) + 1e-12);
      assertEquals(head!.eigenvalues!.length, n);
    },
  )));

Deno.test("eigenvalues of what would take minutes are left, entropies are not", async () => {
  const n = 720, read = (_: number, count: number) => new Float64Array(count).fill(1 / n);
  const [head] = (await attentionFigures([n, n], read, go))!;
  assertAlmostEquals(head!.entropy!, Math.log(n), 1e-9);
  assertEquals(head!.eigenvalues, null);
});

Deno.test("figures that are no longer wanted are given up", async () => {
  let rows = 0;
  const cancelled = () => {
    if (++rows > 5) throw new DOMException("no longer wanted", "AbortError");
  };
  const read = (_: number, count: number) => new Float64Array(count).fill(0.1);
  await assertRejects(() => attentionFigures([10, 10], read, cancelled), DOMException, "wanted");
});
