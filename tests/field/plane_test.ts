import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BadRequest } from "../../src/errors.ts";
import {
  channelOf,
  describeAxes,
  fold,
  indexOf,
  nativeZoom,
  offsets,
} from "../../src/field/plane.ts";
import { interleaved, laidOut, tensorOf } from "./planes.ts";

const planeOf = (shape: number[]) => fold(tensorOf(shape, () => 0).tensor);

Deno.test("native zoom is the first at which one cell is one pixel", () => {
  const cases = [[1, 0], [256, 0], [257, 1], [512, 1], [513, 2], [16384, 6], [16385, 7]] as const;
  for (const [side, zoom] of cases) {
    assertEquals(nativeZoom(side, 1), zoom);
    assertEquals(nativeZoom(1, side), zoom);
  }
});

Deno.test("tensors fold as SPEC says", () => {
  const size = (shape: number[]) => {
    const { width, height } = planeOf(shape);
    return [width, height];
  };
  assertEquals(size([]), [1, 1]);
  assertEquals(size([10]), [4, 3]);
  assertEquals(size([0]), [0, 0]);
  assertEquals(size([3, 5]), [5, 3]);
  assertEquals(size([4, 3, 5]), [5, 12]);
  assertEquals(size([8, 4, 3, 2]), [4 * 2, 8 * 3]);
  assertEquals(size([8, 4, 2, 3, 5]), [4 * 5, 8 * 2 * 3]);
});

Deno.test("a convolution is a mosaic of kernels, output channels down, inputs across", () => {
  const plane = planeOf([8, 4, 3, 2]);
  assertEquals(indexOf(plane, 0, 0), [0, 0, 0, 0]);
  assertEquals(indexOf(plane, 2 * 2 + 1, 5 * 3 + 2), [5, 2, 2, 1]);
  assertEquals(indexOf(plane, 8, 0), null);
  assertEquals(
    describeAxes(plane),
    "down: axis 0 (8) then axis 2 (3); across: axis 1 (4) then axis 3 (2)",
  );
});

Deno.test("a folded vector ends where its elements do", () => {
  const plane = planeOf([10]);
  assertEquals(indexOf(plane, 1, 2), [9]);
  assertEquals(indexOf(plane, 2, 2), null);
});

Deno.test("every element has exactly one cell, and offsets lead to it", () => {
  const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 5 });
  fc.assert(fc.property(shapes, fc.boolean(), (shape, fortran) => {
    const { tensor } = tensorOf(shape, () => 0, fortran ? "Fortran" : "C");
    const plane = fold(tensor);
    const { rows, columns } = offsets(plane, 0, 0, plane.width, plane.height);
    const seen = new Set<number>();
    for (let y = 0; y < plane.height; y++) {
      for (let x = 0; x < plane.width; x++) {
        const index = indexOf(plane, x, y);
        if (!index) continue;
        const offset = index.reduce((sum, at, axis) => sum + at * tensor.strides[axis]!, 0);
        assertEquals(rows[y]! + columns[x]!, offset);
        seen.add(offset);
      }
    }
    assertEquals(seen.size, plane.cells);
  }));
});

Deno.test("axes that do not name each axis once are refused with the shape", () => {
  const { tensor } = tensorOf([2, 3, 4], () => 0);
  assertEquals(fold(tensor, { rows: [2], columns: [0, 1] }).width, 6);
  for (
    const axes of [{ rows: [0], columns: [1] }, { rows: [0, 1], columns: [2, 2] }, {
      rows: [3],
      columns: [0, 1],
    }]
  ) {
    const error = assertThrows(() => fold(tensor, axes), BadRequest);
    assert(error.message.includes("[2,3,4]"), error.message);
  }
});

Deno.test("an axis that is composed of sides leads each index to its own element", () => {
  const sides = fc.record({
    heads: fc.integer({ min: 1, max: 9 }),
    half: fc.integer({ min: 1, max: 5 }),
    columns: fc.option(fc.integer({ min: 1, max: 6 })),
  });
  fc.assert(fc.property(sides, ({ heads, half, columns }) => {
    const { tensor } = interleaved(heads, half, columns);
    const plane = fold(tensor);
    const { rows, columns: across } = offsets(plane, 0, 0, plane.width, plane.height);
    let cells = 0;
    for (let y = 0; y < plane.height; y++) {
      for (let x = 0; x < plane.width; x++) {
        const index = indexOf(plane, x, y);
        if (!index) continue;
        const [row, column = 0] = index;
        const head = Math.floor(row! / (2 * half)), place = row! % (2 * half);
        const stored = head * 2 * half + (place % half) * 2 + Math.floor(place / half);
        assertEquals(rows[y]! + across[x]!, stored * (columns ?? 1) + column);
        cells++;
      }
    }
    assertEquals(cells, plane.cells);
    const part = offsets(plane, plane.width >> 1, plane.height >> 1, 1, 1);
    assertEquals(part.rows[0], rows[plane.height >> 1]);
    assertEquals(part.columns[0], across[plane.width >> 1]);
  }));
});

Deno.test("a composed vector folds near-square into rows of whole turns", () => {
  const { width, height, folded } = fold(interleaved(32, 64, null).tensor);
  assertEquals([width, height, folded], [128, 32, true]);
  assertEquals(fold(interleaved(100, 2, null).tensor).width, 20);
});

Deno.test("only axes composed of other steps keep rows from being runs", () => {
  const matrix = interleaved(2, 4, 8).tensor;
  assertEquals(fold(matrix).rowsAreRuns, true);
  assertEquals(fold(matrix, { rows: [1], columns: [0] }).rowsAreRuns, false);
  assertEquals(fold(interleaved(2, 4, null).tensor).rowsAreRuns, false);
});

/** Shapes [output, input, space…], and orders in which files have their axes. */
const kernels: readonly (readonly [number[], number[]])[] = [
  [[7, 5], [1, 0]],
  [[7, 5, 3], [2, 1, 0]],
  [[4, 2, 9], [1, 2, 0]],
  [[7, 5, 3, 2], [3, 2, 0, 1]],
  [[7, 5, 3, 2], [2, 3, 0, 1]],
  [[4, 3, 5, 2, 3], [4, 3, 0, 1, 2]],
];

Deno.test("a kernel that a file keeps in another order is folded like one that it does not", () => {
  for (const [shape, layout] of kernels) {
    const plain = fold(tensorOf(shape, (i) => i).tensor);
    const { tensor, source, flat } = laidOut(shape, layout, (i) => i);
    const plane = fold(tensor);
    assertEquals([plane.width, plane.height], [plain.width, plain.height]);
    const stored = new Float32Array(flat.length);
    source.readSync(0, new Uint8Array(stored.buffer));
    const { rows, columns } = offsets(plane, 0, 0, plane.width, plane.height);
    const wanted = offsets(plain, 0, 0, plane.width, plane.height);
    for (let y = 0; y < plane.height; y++) {
      assertEquals(channelOf(plane, y), channelOf(plain, y));
      for (let x = 0; x < plane.width; x++) {
        assertEquals(stored[rows[y]! + columns[x]!], flat[wanted.rows[y]! + wanted.columns[x]!]);
        const index = indexOf(plain, x, y)!;
        assertEquals(indexOf(plane, x, y), layout.map((_, axis) => index[layout.indexOf(axis)]!));
      }
    }
  }
});

Deno.test("axes that are asked for are the file's own, and so are those in words", () => {
  const { tensor } = laidOut([8, 4, 3, 2], [3, 2, 0, 1], (i) => i);
  assertEquals(tensor.shape, [3, 2, 4, 8]);
  assertEquals(
    describeAxes(fold(tensor)),
    "down: axis 3 (8) then axis 0 (3); across: axis 2 (4) then axis 1 (2)",
  );
  const { width, height, axes } = fold(tensor, { rows: [0, 1], columns: [2, 3] });
  assertEquals([width, height], [32, 6]);
  assertEquals(axes, { rows: [0, 1], columns: [2, 3] });
});

Deno.test("the middle one of three axes goes where the plane is nearer to a square", () => {
  assertEquals(planeOf([512, 80, 3]).axes, { rows: [0], columns: [1, 2] });
  assertEquals(planeOf([8, 1024, 256]).axes, { rows: [0, 1], columns: [2] });
  assertEquals(planeOf([4, 0, 3]).width, 3);
});

Deno.test("runs lie down in transposed planes, whatever transposes them", () => {
  const { tensor } = laidOut([6, 5], [1, 0], (i) => i);
  assertEquals([fold(tensor).runsDown, fold(tensor).rowsAreRuns], [true, false]);
  assertEquals(fold(tensorOf([6, 5], (i) => i, "Fortran").tensor).runsDown, true);
  assertEquals(planeOf([6, 5, 3, 3]).runsDown, false);
  assertEquals([planeOf([6]).runsDown, planeOf([]).runsDown], [false, false]);
});
