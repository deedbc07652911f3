import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { GpuLost, openGpu } from "../../../src/compute/gpu/device.ts";
import { gpuGemm } from "../../../src/compute/gpu/gemm.ts";
import type { Target } from "../../../src/compute/ops.ts";
import { reference } from "../../../src/compute/reference.ts";
import { roundings, sizes, sums, ways } from "../conformance/gemm.ts";
import { element, isGuarded, packed, place } from "../conformance/matrices.ts";

const gpu = await openGpu();
if (!gpu) Deno.test.ignore("gpu products are the reference's (no adapter here)", () => {});
else {
  const gemm = await gpuGemm(gpu);
  const matrix = (rows: number, columns: number, apart = 0, numbers?: Float32Array) =>
    place(reference, rows, columns, apart, false, numbers);

  for (const transposed of ways) {
    Deno.test(`gpu gemm() within its roundings, transposed: ${transposed}`, async () => {
      for (const [m, n, k] of [...sizes, [64, 64, 16], [65, 130, 513], [3, 2, 1027]] as const) {
        for (const [alpha, beta, apart] of [[1, 0, 0], [-0.5, 0.7, 2]] as const) {
          const product = { m, n, k, transposed, alpha, beta };
          const a = transposed === "a" ? matrix(k, m, apart) : matrix(m, k, apart);
          const b = transposed === "b" ? matrix(n, k, apart) : matrix(k, n, apart);
          const c = matrix(m, n, apart), before = { ...c, values: c.values.slice() };
          await gemm(a, b, product, c);
          assert(isGuarded(c, m, n), "what lies between rows was written");
          for (let i = 0; i < m; i++) {
            for (let j = 0; j < n; j++) {
              const { sum, magnitude } = sums(a, b, product, i, j);
              const old = beta * element(before, i, j);
              const most = roundings(k) * (Math.abs(alpha) * magnitude + Math.abs(old));
              const off = Math.abs(element(c, i, j) - alpha * sum - old);
              assert(off <= most, `${m} × ${n} × ${k} (${i}, ${j}) is off by ${off}, not ${most}`);
            }
          }
        }
      }
    });
  }

  Deno.test("gpu gemm() does not read C where β is 0, nor without terms", async () => {
    const product = { m: 7, n: 9, k: 0, transposed: "none", alpha: 2, beta: 0 } as const;
    const c = matrix(7, 9, 1, new Float32Array(63).fill(NaN));
    await gemm(matrix(7, 0), matrix(0, 9), product, c);
    assertEquals([...packed(c, 7, 9)], new Array(63).fill(0));
  });

  Deno.test("gpu gemm() spreads NaN along its row or column, and no farther", async () => {
    for (const transposed of ways) {
      const product = { m: 5, n: 70, k: 20, transposed, alpha: 1, beta: 0 } as const;
      const a = transposed === "a" ? matrix(20, 5) : matrix(5, 20);
      const b = transposed === "b" ? matrix(70, 20) : matrix(20, 70);
      // The first terms of a line, and what lies behind the last ones of the line before.
      a.values[a.start + 3 * (transposed === "a" ? 1 : a.pitch)] = NaN;
      b.values[b.start + 69 * (transposed === "b" ? b.pitch : 1)] = NaN;
      const c = matrix(5, 70);
      await gemm(a, b, product, c);
      packed(c, 5, 70).forEach((value, at) => {
        const marked = Math.floor(at / 70) === 3 || at % 70 === 69;
        assertEquals(Number.isNaN(value), marked, `transposed: ${transposed}, value ${at}`);
      });
    }
  });

  Deno.test("gpu gemm() with one column is gemv(), and of a matrix with itself gram(), to float32's roundings", async () => {
    const [m, k] = [65, 300], a = matrix(m, k, 3), x = matrix(k, 1);
    const y = matrix(m, 1), expected = new Float64Array(m);
    const one = { m, n: 1, k, transposed: "none", alpha: 1, beta: 0 } as const;
    await gemm(a, x, one, y);
    reference.gemv(a, m, k, "plain", Float64Array.from(packed(x, k, 1)), expected);
    for (let i = 0; i < m; i++) {
      const { magnitude } = sums(a, x, one, i, 0);
      assertAlmostEquals(element(y, i, 0), expected[i]!, roundings(k) * magnitude);
    }
    for (
      const [lines, transposed, side, terms] of [
        ["rows", "b", m, k],
        ["columns", "a", k, m],
      ] as const
    ) {
      const product = { m: side, n: side, k: terms, transposed, alpha: 1, beta: 0 } as const;
      const c = matrix(side, side), gram = new Float64Array(side * side);
      await gemm(a, a, product, c);
      reference.gram(a, m, k, lines, gram);
      for (let i = 0; i < side; i += 7) {
        for (let j = 0; j <= i; j++) {
          const { magnitude } = sums(a, a, product, i, j);
          const bound = roundings(terms) * magnitude;
          assertAlmostEquals(element(c, i, j), gram[i * side + j]!, bound, `${lines} ${i}, ${j}`);
        }
      }
    }
  });

  Deno.test("gpu gemm() refuses what is not there, what is too large, and a C that shares memory", async () => {
    const product = { m: 4, n: 5, k: 6, transposed: "none", alpha: 1, beta: 0 } as const;
    const of = (length: number, pitch: number): Target => {
      return { values: new Float32Array(length), start: 0, pitch };
    };
    const [a, b, c] = [of(24, 6), of(30, 5), of(20, 5)];
    const refuse = (text: string, ...args: Parameters<typeof gemm>) =>
      assertRejects(() => gemm(...args), RangeError, text);
    await refuse("A is 0..23 of 23", of(23, 6), b, product, c);
    await refuse("C and A share bytes 0..79", a, b, product, { ...a, pitch: 5 });
    const rows = gpu.device.limits.maxComputeWorkgroupsPerDimension * 64 + 1;
    const tall = { ...product, m: rows, n: 1, k: 1 };
    await refuse(`${rows - 1} rows and columns`, of(rows, 1), of(1, 1), tall, of(rows, 1));
    const side = Math.ceil(Math.sqrt(gpu.device.limits.maxStorageBufferBindingSize / 4)) + 1;
    const wide = { ...product, m: side, n: side, k: 1 };
    await refuse(
      "this GPU takes matrices of",
      of(side, 1),
      of(side, side),
      wide,
      of(side ** 2, side),
    );
  });

  Deno.test("gpu gemm() destroys every buffer that it made", async () => {
    const { device } = gpu, live = new Set<string>(), made: string[] = [];
    const create = device.createBuffer.bind(device);
    device.createBuffer = (descriptor) => {
      const buffer = create(descriptor), destroy = buffer.destroy.bind(buffer);
      live.add(buffer.label);
      made.push(buffer.label);
      buffer.destroy = () => {
        live.delete(buffer.label);
        destroy();
      };
      return buffer;
    };
    const product = { m: 3, n: 4, k: 5, transposed: "none", alpha: 1, beta: 1 } as const;
    await gemm(matrix(3, 5), matrix(5, 4), product, matrix(3, 4));
    device.createBuffer = create;
    assertEquals(made.toSorted(), ["A", "B", "C", "found", "product"]);
    assertEquals([...live], []);
  });

  Deno.test("gpu gemm(): a device that was given up says so", async () => {
    gpu.destroy();
    const product = { m: 1, n: 1, k: 1, transposed: "none", alpha: 1, beta: 0 } as const;
    await assertRejects(() => gemm(matrix(1, 1), matrix(1, 1), product, matrix(1, 1)), GpuLost);
  });
}
