import { assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { wasm } from "../../src/compute/wasm.ts";
import { readBordered, readCells, type SyncSource } from "../../src/field/cells.ts";
import { type Axes, indexOf } from "../../src/field/plane.ts";
import { MeteredSource } from "../../src/storage/metered.ts";
import { interleaved, laidOut, readerOf, tensorOf } from "./planes.ts";

const shapes = fc.oneof(
  fc.constantFrom([1], [7], [300], [1, 1], [40, 9], [3, 700], [700, 3], [6, 5, 4], [9, 7, 3, 3], [
    2,
    3,
    2,
    3,
    2,
  ]),
  fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 }),
);

/** The axes in another order: reversed, or rotated by so many places. */
const turned = (rank: number, turn: number) => {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return turn === 4 ? axes.reverse() : [...axes.slice(turn), ...axes.slice(0, turn)];
};

/** A view of a tensor's first half along its last axis: with gaps in the file. */
function spaced(sides: readonly number[]): ReturnType<typeof tensorOf> {
  const last = sides.at(-1)!;
  const whole = tensorOf([...sides.slice(0, -1), 2 * last], (i) => i + 1);
  const flat = whole.flat.filter((_, i) => i % (2 * last) < last);
  return { ...whole, tensor: { ...whole.tensor, shape: sides }, flat };
}

Deno.test("any window of any layout holds the elements that its cells stand for", () => {
  fc.assert(
    fc.property(
      shapes,
      fc.constantFrom("C", "Fortran", "spaced", "interleaved"),
      fc.constantFrom(0, 1, 2, 3, 4),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }),
      (sides, order, turn, [a, b, c, d]) => {
        const made = order === "interleaved"
          ? interleaved(sides[0]!, sides[1] ?? 1, sides[2] ?? null)
          : order === "spaced"
          ? spaced(sides)
          : tensorOf(sides, (i) => i + 1, order as "C" | "Fortran");
        const { shape } = made.tensor;
        const layout = order === "interleaved" ? undefined : turned(shape.length, turn);
        const tensor = layout ? { ...made.tensor, layout } : made.tensor;
        const reader = readerOf({ ...made, tensor }, undefined, wasm);
        const { plane } = reader;
        const x = Math.floor(a! * (plane.width - 1)), y = Math.floor(b! * (plane.height - 1));
        const width = 1 + Math.floor(c! * (plane.width - x - 1));
        const height = 1 + Math.floor(d! * (plane.height - y - 1));
        const values = new Float32Array(width * height + 5).fill(-1);
        wasm.frame(() =>
          readCells(reader, { x, y, width, height }, { values, start: 2, pitch: width })
        );
        for (let row = 0; row < height; row++) {
          for (let column = 0; column < width; column++) {
            const index = indexOf(plane, x + column, y + row);
            const flat = index?.reduce((at, digit, axis) => at * shape[axis]! + digit, 0);
            const want = flat === undefined ? NaN : made.flat[flat]!;
            assertEquals(values[2 + row * width + column], want);
          }
        }
        assertEquals([values[0], values[1], values.at(-1)], [-1, -1, -1]);
      },
    ),
    { numRuns: 500 },
  );
});

Deno.test("what would be too much to turn at once is read in parts", () => {
  const cases: readonly (readonly [ReturnType<typeof tensorOf>, Axes?])[] = [
    [laidOut([1100, 1000], [1, 0], (i) => i)],
    [tensorOf([400, 300, 3, 3], (i) => i)],
    [tensorOf([2, 600_000], (i) => i, "Fortran"), { rows: [], columns: [0, 1] }],
  ];
  for (const [made, axes] of cases) {
    const reader = readerOf(made, axes, wasm);
    const { width, height } = reader.plane;
    const values = new Float32Array(width * height);
    const rect = { x: 0, y: 0, width, height };
    wasm.frame(() => readCells(reader, rect, { values, start: 0, pitch: width }));
    const { tensor } = made;
    const [o = 0, i = 1, ...space] = tensor.layout ?? tensor.shape.keys().toArray();
    for (let at = 0; at < values.length; at += 997) {
      const index = indexOf(reader.plane, at % width, Math.floor(at / width))!;
      const flat = [o, i, ...space].reduce(
        (sum, axis) => sum * tensor.shape[axis]! + index[axis]!,
        0,
      );
      assertEquals(values[at], flat, `cell ${at} of ${tensor.shape}`);
    }
  }
});

Deno.test("borders hold neighbours inside the plane and make edge differences one-sided", () => {
  const made = tensorOf([5, 6], (i) => (i * 7) % 11);
  const value = (x: number, y: number) => made.flat[y * 6 + x]!;
  wasm.frame(() => {
    const { values } = readBordered(readerOf(made, undefined, wasm), {
      x: 0,
      y: 1,
      width: 6,
      height: 4,
    });
    const at = (x: number, y: number) => values[(y - 1 + 1) * 8 + x + 1]!;
    assertEquals(at(2, 0), value(2, 0));
    assertAlmostEquals((at(1, 2) - at(-1, 2)) / 2, value(1, 2) - value(0, 2), 1e-6);
    assertAlmostEquals((at(6, 2) - at(4, 2)) / 2, value(5, 2) - value(4, 2), 1e-6);
    assertAlmostEquals((at(3, 5) - at(3, 3)) / 2, value(3, 4) - value(3, 3), 1e-6);
  });
});

Deno.test("a single cell has no gradient: its border repeats it", () => {
  wasm.frame(() => {
    const { values } = readBordered(readerOf(tensorOf([], () => 3)), {
      x: 0,
      y: 0,
      width: 1,
      height: 1,
    });
    assertEquals([values[3], values[5], values[1], values[7]], [3, 3, 3, 3]);
  });
});

Deno.test("cells with small holes between them are read together, those with large ones apart", () => {
  const read = (stride: number) => {
    const { tensor, source, flat } = tensorOf([1000, stride], (i) => i);
    const metered = new MeteredSource(source) as unknown as MeteredSource & SyncSource;
    const column = { ...tensor, shape: [500, 2], strides: [2 * stride, stride] };
    const reader = readerOf({ tensor: column, source: metered }, undefined, wasm);
    const values = new Float32Array(1000);
    const rect = { x: 0, y: 0, width: 2, height: 500 };
    wasm.frame(() => readCells(reader, rect, { values, start: 0, pitch: 2 }));
    values.forEach((value, i) => assertEquals(value, flat[i * stride]));
    return metered.reads;
  };
  assertEquals(read(17), 1);
  assertEquals(read(2000), 1000);
});
