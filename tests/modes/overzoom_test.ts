import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { wasm } from "../../src/compute/wasm.ts";
import { Canvas, windowOf } from "../../src/field/canvas.ts";
import type { CellReader } from "../../src/field/cells.ts";
import { spell, write } from "../../src/modes/glyphs.ts";
import { enlarge, type Neighbourhood, openCells } from "../../src/modes/overzoom.ts";
import { readerOf, tensorOf } from "../field/planes.ts";

const made = tensorOf([9, 7], (i) => Math.sin(i) - (i % 5 === 0 ? Math.sin(i) : 0));
const value = (x: number, y: number) => made.flat[y * 7 + x]!;
const canvasOf = (reader: CellReader, z: number, x: number, y: number) =>
  new Canvas(reader, null, windowOf(reader.plane, { z, x, y, density: 1, crop: true }));
const canvasAt = (z: number, x = 0, y = 0) => canvasOf(readerOf(made, undefined, wasm), z, x, y);

Deno.test("an enlarged tile repeats each cell over its square", () => {
  wasm.frame(() => {
    const canvas = canvasAt(3);
    const values = enlarge(canvas);
    assertEquals([canvas.columns, canvas.rows], [56, 72]);
    for (let y = 0; y < 72; y++) {
      for (let x = 0; x < 56; x++) assertEquals(values[y * 56 + x], value(x >> 3, y >> 3));
    }
  });
});

Deno.test("opened cells show the statistics of their 3 × 3 neighbourhood, cut at the plane's edge", () => {
  const seen = new Map<string, Neighbourhood>();
  wasm.frame(() =>
    openCells(canvasAt(2), {
      side: 2,
      ground: () => 0,
      microcells: (cell, x, y) => (seen.set(`${x},${y}`, cell), [1, 2, 3, 4]),
    })
  );
  assertEquals(seen.size, 63);
  for (const [x, y] of [[0, 0], [6, 8], [3, 4], [0, 5]] as const) {
    const near: number[] = [];
    for (let row = Math.max(0, y - 1); row <= Math.min(8, y + 1); row++) {
      for (let column = Math.max(0, x - 1); column <= Math.min(6, x + 1); column++) {
        near.push(value(column, row));
      }
    }
    const mean = near.reduce((sum, v) => sum + v, 0) / near.length;
    const cell = seen.get(`${x},${y}`)!;
    assertEquals(cell.value, value(x, y));
    assertAlmostEquals(cell.mean, mean, 1e-6);
    assertAlmostEquals(
      cell.variance,
      near.reduce((sum, v) => sum + (v - mean) ** 2, 0) / near.length,
      1e-6,
    );
    assertEquals([cell.min, cell.max], [Math.min(...near), Math.max(...near)]);
    const zeros = near.filter((v) => v === 0).length;
    assertAlmostEquals(cell.zeros, zeros / near.length, 1e-9);
    const p = near.filter((v) => v > 0).length / (near.length - zeros);
    const bits = p === 0 || p === 1 ? 0 : -p * Math.log2(p) - (1 - p) * Math.log2(1 - p);
    assertAlmostEquals(cell.entropy, bits, 1e-9);
  }
});

Deno.test("a neighbourhood without a finite value has no statistics, rather than infinite ones", () => {
  const none = tensorOf([3, 3], () => NaN);
  wasm.frame(() =>
    openCells(canvasOf(readerOf(none), 2, 0, 0), {
      side: 2,
      ground: () => 0,
      microcells: (cell) => {
        assert([cell.mean, cell.variance, cell.min, cell.max].every(Number.isNaN));
        return [1, 2, 3, 4];
      },
    })
  );
});

Deno.test("microcells tile their cell, row by row, without a gap", () => {
  for (const side of [2, 3] as const) {
    wasm.frame(() => {
      const pixels = openCells(canvasAt(3), {
        side,
        ground: () => 0xffffff,
        microcells: () => Array.from({ length: side * side }, (_, i) => i + 1),
      });
      const blue = (x: number, y: number) => pixels[(y * 56 + x) * 4 + 2];
      assertEquals([blue(0, 0), blue(7, 0), blue(0, 7), blue(7, 7)], [
        1,
        side,
        side * side - side + 1,
        side * side,
      ]);
      for (let i = 0; i < pixels.length; i += 4) {
        assert(pixels[i + 2]! <= side * side && pixels[i + 3] === 255);
      }
    });
  }
});

Deno.test("figures are as exact as their room allows", () => {
  assertEquals(spell(0.123456, 7), "0.1235");
  assertEquals(spell(-0.0123456, 7), "-0.0123");
  assertEquals(spell(-123456, 7), "-123500");
  assertEquals(spell(1.5e-9, 7), "1.5e-9");
  assertEquals(spell(-1.2345e-12, 7), "-1e-12");
  assertEquals([spell(NaN, 7), spell(Infinity, 7), spell(-Infinity, 7)], ["NaN", "Inf", "-Inf"]);
  for (const value of [1e38, -1e-38, 0, -0, 99999.9, 0.00099999]) {
    assert(spell(value, 7).length <= 7, String(value));
  }
});

Deno.test("every character that a figure can hold has a shape", () => {
  for (const character of "0123456789-+.eNaInf") {
    let dots = 0;
    write(character, 0, 0, 1, (x, y) => {
      assert(x >= 0 && x < 3 && y >= 0 && y < 5);
      dots++;
    });
    assert(dots > 0, character);
  }
});
