import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { rowBands } from "../../../src/compute/matrices.ts";
import { type Ops, type Product, type Target, TERMS } from "../../../src/compute/ops.ts";
import { reference } from "../../../src/compute/reference.ts";
import { assertSameBits } from "../same_bits.ts";
import { edges, normal, withEdges } from "../samples.ts";
import { element, isGuarded, packed, place } from "./matrices.ts";

type Way = Product["transposed"];
export const ways: readonly Way[] = ["none", "a", "b"];

export const sizes = [
  [1, 1, 1],
  [6, 8, 2],
  [5, 7, 3],
  [7, 9, 255],
  [12, 16, 256],
  [13, 17, 257],
  [1, 40, 600],
  [40, 1, 33],
  [97, 100, 70],
  [0, 3, 4],
  [3, 0, 4],
  [3, 4, 0],
] as const;

/** Element (i, j) of op(A)·op(B), and of the products of magnitudes, in float64. */
export function sums(a: Target, b: Target, { k, transposed }: Product, i: number, j: number) {
  let sum = 0, magnitude = 0;
  for (let p = 0; p < k; p++) {
    const x = transposed === "a" ? element(a, p, i) : element(a, i, p);
    const y = transposed === "b" ? element(b, j, p) : element(b, p, j);
    sum += x * y;
    magnitude += Math.abs(x * y);
  }
  return { sum, magnitude };
}

/** What the roundings of `Ops.gemm` come to at most. */
export const roundings = (k: number) => (Math.min(k, TERMS) + k / TERMS + 4) * 2 ** -23;

/**
 * gemm: within its roundings of sums in float64; where `exact`, bit for bit what the reference gives, edges of
 * float32 included; else NaN and ±∞ where that has them.
 */
export function conformGemm(ops: Ops, exact: boolean): void {
  const { name } = ops;
  const make = (product: Product, apart: number, near: boolean, edgy = false) => {
    const { m, n, k, transposed } = product, numbers = edgy ? withEdges : normal;
    const [height, width] = transposed === "a" ? [k, m] : [m, k];
    const [tall, wide] = transposed === "b" ? [n, k] : [k, n];
    return {
      a: place(ops, height, width, apart, near, numbers(m * k, 1)),
      b: place(ops, tall, wide, 2 * apart, near, numbers(k * n, 2)),
      c: place(ops, m, n, 3 * apart, near, numbers(m * n, 3)),
    };
  };

  for (const transposed of ways) {
    for (const [m, n, k] of sizes) {
      Deno.test(`${name} gemm() of ${m} × ${n} × ${k}, transposed: ${transposed}`, () => {
        for (const [alpha, beta] of [[1, 0], [-0.5, 1], [0.1, 0.7]] as const) {
          for (const [apart, near] of [[0, true], [5, true], [1, false], [0, false]] as const) {
            const product = { m, n, k, transposed, alpha, beta };
            ops.frame(() => {
              const { a, b, c } = make(product, apart, near);
              const before = { ...c, values: c.values.slice() };
              const want = { ...c, values: c.values.slice() };
              reference.gemm(a, b, product, want);
              ops.gemm(a, b, product, c);
              if (exact) assertSameBits(c.values, want.values, `${alpha}, ${beta}, ${apart}`);
              assert(isGuarded(c, m, n), "what lies between rows was written");
              for (let i = 0; i < m; i++) {
                for (let j = 0; j < n; j++) {
                  const { sum, magnitude } = sums(a, b, product, i, j);
                  const old = beta * element(before, i, j);
                  const most = roundings(k) * (Math.abs(alpha) * magnitude + Math.abs(old));
                  const off = Math.abs(element(c, i, j) - alpha * sum - old);
                  assert(off <= most, `(${i}, ${j}) is off by ${off}, not ${most}`);
                }
              }
            });
          }
        }
      });
    }
  }

  Deno.test(`${name} gemm() does not read C where β is 0`, () => {
    for (const k of [0, 3, 300]) {
      const product = { m: 7, n: 9, k, transposed: "none", alpha: 2, beta: 0 } as const;
      const { a, b, c } = make(product, 1, false);
      const other = place(ops, 7, 9, 0, false, new Float32Array(63).fill(NaN));
      ops.frame(() => ops.gemm(a, b, product, c));
      ops.frame(() => ops.gemm(a, b, product, other));
      assertSameBits(packed(other, 7, 9), packed(c, 7, 9), `${k} terms`);
    }
  });

  Deno.test(`${name} gemm() spreads NaN and ±∞ along their row and column, and no farther`, () => {
    const [m, n, k] = [13, 17, 300];
    for (const [value, alpha] of [[NaN, 1], [Infinity, 1], [-Infinity, -2], [NaN, 0]] as const) {
      for (const [i, p] of [[0, 0], [6, 255], [12, 299], [5, 256]] as const) {
        const product = { m, n, k, transposed: "none", alpha, beta: 0 } as const;
        const { a, b, c } = make(product, 2, false);
        const [plain, marked] = [0, 1].map(() => ({ ...c, values: c.values.slice() }));
        ops.frame(() => ops.gemm(a, b, product, plain!));
        a.values[a.start + i * a.pitch + p] = value;
        ops.frame(() => ops.gemm(a, b, product, marked!));
        for (let y = 0; y < m; y++) {
          for (let x = 0; x < n; x++) {
            const spread = alpha * value * element(b, p, x);
            const want = y === i ? spread : element(plain!, y, x);
            assertEquals(element(marked!, y, x), want, `(${y}, ${x})`);
          }
        }
      }
    }
  });

  Deno.test(`${name} gemm() keeps what is denormal`, () => {
    const tiny = 2 ** -149;
    const product = { m: 7, n: 9, k: 3, transposed: "none", alpha: 1, beta: 1 } as const;
    const a = place(ops, 7, 3, 0, false, new Float32Array(21).fill(tiny));
    const b = place(ops, 3, 9, 0, false, new Float32Array(27).fill(1));
    const c = place(ops, 7, 9, 0, false, new Float32Array(63).fill(-tiny));
    ops.frame(() => ops.gemm(a, b, product, c));
    assertEquals([...packed(c, 7, 9)], new Array(63).fill(2 * tiny));
  });

  if (exact) {
    Deno.test(`${name} gemm() gives the reference's bits at the edges of float32`, () => {
      for (const [m, n, k] of [[11, 11, 1], [13, 17, 40], [7, 9, 513]] as const) {
        for (const transposed of ways) {
          for (const [alpha, beta] of [[1, 1], [-0, 0], [Infinity, 1], [1, NaN], [1e-3, 3e38]]) {
            const product = { m, n, k, transposed, alpha: alpha!, beta: beta! };
            const { a, b, c } = make(product, 1, false, true);
            const want = { ...c, values: c.values.slice() };
            reference.gemm(a, b, product, want);
            ops.frame(() => ops.gemm(a, b, product, c));
            assertSameBits(c.values, want.values, `${m} × ${n} × ${k}, ${alpha}, ${beta}`);
          }
        }
      }
    });

    Deno.test(`${name} gemm() gives the reference's bits of any sizes`, () => {
      const size = fc.integer({ min: 0, max: 40 }), factor = fc.constantFrom(...edges, 0.5, 3);
      fc.assert(fc.property(
        size,
        size,
        fc.integer({ min: 0, max: 600 }),
        fc.constantFrom(...ways),
        factor,
        factor,
        fc.boolean(),
        (m, n, k, transposed, alpha, beta, edgy) => {
          const product = { m, n, k, transposed, alpha, beta };
          const { a, b, c } = make(product, m % 3, false, edgy);
          const want = { ...c, values: c.values.slice() };
          reference.gemm(a, b, product, want);
          ops.frame(() => ops.gemm(a, b, product, c));
          assertSameBits(c.values, want.values, "C");
        },
      ));
    });
  }

  Deno.test(`${name} gemm() of matrices larger than what is copied at a time`, () => {
    for (const [m, n, k] of [[1540, 3, 1030], [3, 1545, 1025], [2, 3, 4099]] as const) {
      for (const transposed of ways) {
        const product = { m, n, k, transposed, alpha: 1, beta: -1 } as const;
        const { a, b, c } = make(product, 1, false);
        const want = { ...c, values: c.values.slice() };
        reference.gemm(a, b, product, want);
        ops.frame(() => ops.gemm(a, b, product, c));
        if (exact) assertSameBits(c.values, want.values, `${m} × ${n} × ${k}`);
        for (let at = 0; at < c.values.length; at++) {
          const off = Math.abs(c.values[at]! - want.values[at]!);
          assert(off <= 2 * roundings(k) * 3 * k, `value ${at} is off by ${off}`);
        }
      }
    }
  });

  Deno.test(`${name} gemm(): a product's transpose is the product of transposes, reversed`, () => {
    const size = fc.integer({ min: 1, max: 30 });
    fc.assert(fc.property(size, size, fc.integer({ min: 0, max: 300 }), (m, n, k) => {
      const product = { m, n, k, transposed: "none", alpha: 1, beta: 0 } as const;
      const { a, b, c } = make(product, 0, false);
      const turn = (matrix: Target, rows: number, columns: number) => {
        const turned = Float32Array.from(
          { length: rows * columns },
          (_, i) => element(matrix, i % rows, Math.floor(i / rows)),
        );
        return place(ops, columns, rows, 1, false, turned);
      };
      const reversed = place(ops, n, m, 2, false);
      ops.frame(() => {
        ops.gemm(a, b, product, c);
        ops.gemm(turn(b, k, n), turn(a, m, k), { ...product, m: n, n: m }, reversed);
      });
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          const most = 2 * roundings(k) * sums(a, b, product, i, j).magnitude;
          assert(Math.abs(element(c, i, j) - element(reversed, j, i)) <= most);
        }
      }
    }));
  });

  Deno.test(`${name} gemm() by bands of rows is that of the whole, to the bit`, () => {
    for (const transposed of ways) {
      for (const count of [1, 2, 3, 60]) {
        const product = { m: 50, n: 31, k: 300, transposed, alpha: 1, beta: 0 } as const;
        const { a, b, c } = make(product, 1, false);
        const other = { ...c, values: c.values.slice() };
        ops.frame(() => ops.gemm(a, b, product, c));
        const bands = rowBands(a, product, other, count);
        assertEquals(bands.length, Math.min(count, 50));
        for (const band of bands) ops.frame(() => ops.gemm(band.a, b, band.product, band.c));
        assertSameBits(other.values, c.values, `${count} bands`);
      }
    }
  });

  Deno.test(`${name} gemm() refuses what is not there, and a C that shares memory`, () => {
    const product = { m: 4, n: 5, k: 6, transposed: "none", alpha: 1, beta: 0 } as const;
    const of = (length: number, pitch: number): Target => {
      return { values: new Float32Array(length), start: 0, pitch };
    };
    const [a, b, c] = [of(24, 6), of(30, 5), of(20, 5)];
    const refuse = (text: string, ...args: Parameters<Ops["gemm"]>) =>
      assertThrows(() => ops.frame(() => ops.gemm(...args)), RangeError, text);
    refuse("A is 0..23 of 23", of(23, 6), b, product, c);
    refuse("B is 0..29 of 29", a, of(29, 5), product, c);
    refuse("C is 0..19 of 19", a, b, product, of(19, 5));
    refuse("C is -1..18 of 20", a, b, product, { ...c, start: -1 });
    refuse("rows of A are 6 long and 5 apart", { ...a, pitch: 5 }, b, product, c);
    refuse("rows of A are 4 long and 3 apart", of(24, 3), b, { ...product, transposed: "a" }, c);
    refuse("k must be a whole number from 0 on, got 1.5", a, b, { ...product, k: 1.5 }, c);
    refuse("m must be a whole number from 0 on, got -1", a, b, { ...product, m: -1 }, c);
    const shared = new Float32Array(60);
    const at = (start: number, pitch: number) => ({ values: shared, start, pitch });
    refuse("C and A share bytes 40..95", at(0, 6), b, product, {
      ...at(10, 5),
      values: shared.subarray(0, 30),
    });
    refuse("C and B share bytes 116..119", a, at(0, 5), product, at(29, 5));
    ops.frame(() => ops.gemm(at(0, 6), at(24, 5), { ...product, m: 1 }, at(54, 5)));
    ops.frame(() => ops.gemm(at(0, 6), at(0, 5), product, c));
  });
}
