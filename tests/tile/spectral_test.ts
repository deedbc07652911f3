import {
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { BadRequest, NotFound } from "../../src/errors.ts";
import type { Engine } from "../../src/tile/tile.ts";
import { npy, whole } from "./pictures.ts";
import { withTensors } from "./models.ts";

async function pictureOf(engine: Engine, layer: string, query: string) {
  const subject = { model: "model", layer, mode: "spectral", query: new URLSearchParams(query) };
  const view = engine.view("model", layer, "spectral", subject.query);
  return { ...await whole(engine, view.plane, subject, 0), view };
}

/** Orthogonal vectors: the i-th is 1 at every third place from i on. */
const vector = (length: number, i: number) =>
  Float64Array.from({ length }, (_, at) => at % 3 === i ? 1 : 0);

/** Σ factors[i] · u_i · v_iᵀ, and each component alone. */
function matrixOf(rows: number, columns: number, factors: readonly number[]) {
  const components = factors.map((factor, i) => {
    const [u, v] = [vector(rows, i), vector(columns, (i + 1) % 3)];
    return Float64Array.from(
      { length: rows * columns },
      (_, at) => factor * u[Math.floor(at / columns)]! * v[at % columns]!,
    );
  });
  const sum = (count: number) =>
    Float32Array.from(
      { length: rows * columns },
      (_, at) => components.slice(0, count).reduce((total, component) => total + component[at]!, 0),
    );
  return { sum, values: sum(factors.length), shape: [rows, columns] as const };
}

const close = (found: Float32Array, expected: Float32Array, what: string) =>
  found.forEach((value, i) => assertAlmostEquals(value, expected[i]!, 1e-4, `${what}: ${i}`));

Deno.test("spectral: k components of a matrix are its closest of rank k", () => {
  // Alike in length, so that singular values are in the order of the factors.
  const { values, shape, sum } = matrixOf(30, 42, [8, 3, 1]);
  return withTensors({ m: { shape, values } }, async (engine) => {
    for (const k of [1, 2, 3, 9]) {
      close((await pictureOf(engine, "m", `k=${k}`)).values, sum(Math.min(3, k)), `k=${k}`);
    }
    close((await pictureOf(engine, "m", "share=0.3")).values, sum(2), "a share");
    assertEquals((await pictureOf(engine, "m", "share=0")).values, values);
  });
});

Deno.test("spectral: so are those of numbers whose squares float32 does not hold", async () => {
  for (const scale of [1e-30, 1e30]) {
    const { values, shape, sum } = matrixOf(30, 42, [8 * scale, 3 * scale]);
    await withTensors({ m: { shape, values } }, async (engine) => {
      const found = (await pictureOf(engine, "m", "k=1")).values.map((value) => value / scale);
      close(found, sum(1).map((value) => value / scale), `${scale}`);
    });
  }
});

Deno.test("spectral: more axes than two are those of the view [first axis, all others]", () => {
  const { values, sum } = matrixOf(6, 27, [4, 2]);
  return withTensors({ c: { shape: [6, 3, 3, 3], values } }, async (engine) => {
    const { values: found, width, height } = await pictureOf(engine, "c", "k=1");
    assertEquals([width, height], [9, 18]); // a mosaic of 6 × 3 kernels
    const expected = sum(1);
    for (const [o, i, y, x] of [[0, 0, 0, 1], [3, 2, 1, 1], [5, 1, 2, 0]] as const) {
      const at = (o * 3 + y) * 9 + i * 3 + x;
      assertAlmostEquals(found[at]!, expected[o * 27 + i * 9 + y * 3 + x]!, 1e-4);
    }
  });
});

Deno.test("spectral: with depth, every zoom shows more, the deepest the layer itself", () => {
  const { values, shape, sum } = matrixOf(30, 42, [8, 3, 1]);
  return withTensors({ m: { shape, values } }, async (engine) => {
    const draw = async (z: number) => {
      const { bytes } = await engine.ticket({
        ...{ model: "model", layer: "m", mode: "spectral", z, x: 0, y: 0, density: 1 },
        ...{ crop: true, format: "npy" },
        query: new URLSearchParams({ depth: "4", scientific: "0" }),
      }).tile();
      const { values, width } = npy(bytes), p = 2 ** z;
      return Float32Array.from({ length: 30 * 42 }, (_, at) => {
        const [row, column] = [Math.floor(at / 42) * p, at % 42 * p];
        return row * width + column < values.length && column < width
          ? values[row * width + column]!
          : NaN;
      });
    };
    // σ₂ is 3/8 of σ₁, σ₃ 1/8: at zoom z what is at least 2^−z of it.
    for (const [z, count] of [[0, 1], [1, 1], [2, 2]] as const) {
      close(await draw(z), sum(count), `zoom ${z}`);
    }
    const deep = await draw(4);
    for (let at = 0; at < 16; at++) assertEquals(deep[at], values[at]);
    const view = engine.view("model", "m", "spectral", new URLSearchParams("depth=4&scientific=0"));
    assertEquals((await engine.legend(view)).style, "artistic");
  });
});

Deno.test("spectral: what cannot be taken apart says what it needs", () =>
  withTensors({
    v: { shape: [5], values: new Float32Array(5) },
    zero: { shape: [4, 4], values: new Float32Array(16) },
    line: { shape: [1, 6], values: Float32Array.of(1, 2, 3, 4, 5, 6) },
    odd: { shape: [2, 2], values: Float32Array.of(1, NaN, 3, 4) },
  }, async (engine) => {
    const open = (layer: string, query: string) => () =>
      engine.view("model", layer, "spectral", new URLSearchParams(query));
    assertMatch(assertThrows(open("v", ""), NotFound).message, /two axes or more/);
    assertMatch(assertThrows(open("zero", "k=0"), BadRequest).message, /k=0 is not a whole number/);
    assertMatch(assertThrows(open("zero", "depth=2"), BadRequest).message, /needs scientific=0/);
    assertEquals([...(await pictureOf(engine, "zero", "")).values], new Array(16).fill(0));
    close(
      (await pictureOf(engine, "line", "")).values,
      Float32Array.of(1, 2, 3, 4, 5, 6),
      "a line",
    );
    const failure = await assertRejects(() => pictureOf(engine, "odd", ""), BadRequest);
    assertMatch(failure.message, /hold NaN or infinity/);
  }));

Deno.test("a legend tells how many components there are where that is not what was asked for", () =>
  withTensors({ m: matrixOf(9, 6, [3, 2, 1]) }, async (engine) => {
    const told = async (query: string) => {
      const view = engine.view("model", "m", "spectral", new URLSearchParams(query));
      const { title, notes } = await engine.legend(view);
      return [title, notes?.["components"]?.[0]];
    };
    assertEquals(await told("k=1"), ["Largest singular component", undefined]);
    assertEquals(await told("k=2"), ["Sum of 2 singular components", undefined]);
    assertEquals(await told("share=0.5"), ["Sum of singular components σ ≥ 0.5 σ₁", 2]);
  }));
