import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { BadRequest } from "../../src/errors.ts";
import type { SyncSource } from "../../src/field/cells.ts";
import {
  capturedAxes,
  elementOf,
  foldVolume,
  stackVolume,
  type Volume,
} from "../../src/field/volume.ts";
import { rowMajor, type TensorInfo } from "../../src/formats/format.ts";
import { MemorySource } from "../../src/storage/memory.ts";
import { interleaved, laidOut, tensorOf } from "./planes.ts";
import { cellsOf, volumeReader, wholeBox } from "./volumes.ts";

const volumeOf = (shape: number[]) => foldVolume(tensorOf(shape, () => 0).tensor);
const size = ({ width, height, depth }: Volume) => [width, height, depth];

Deno.test("tensors fold into volumes as stated", () => {
  assertEquals(size(volumeOf([])), [1, 1, 1]);
  assertEquals(size(volumeOf([1])), [1, 1, 1]);
  assertEquals(size(volumeOf([0])), [0, 0, 0]);
  assertEquals(size(volumeOf([27])), [3, 3, 3]);
  assertEquals(size(volumeOf([30])), [4, 3, 3]);
  assertEquals(size(volumeOf([10, 12])), [4, 3, 10]);
  assertEquals(size(volumeOf([10, 768])), [32, 24, 10]);
  // A prime of more than four: rows of near-square number, the last of which is not full.
  assertEquals(size(volumeOf([4, 31])), [6, 6, 4]);
  assertEquals(size(volumeOf([4, 3])), [3, 1, 4]);
  assertEquals(size(volumeOf([8, 16, 3, 3])), [12, 12, 8]);
  assertEquals(size(volumeOf([8, 3, 7, 7])), [21, 7, 8]);
  // Pieces of one row of nine: a column of inputs is nearer to a square.
  assertEquals(size(volumeOf([5, 16, 9])), [9, 16, 5]);
  assertEquals(size(volumeOf([2, 6, 2, 3, 4])), [12, 12, 2]);
  assertEquals(size(volumeOf([3, 0, 2])), [0, 0, 3]);
  assertEquals(size(volumeOf([0, 4])), [2, 2, 0]);
});

Deno.test("volumes say how they were folded, by the axes that the tensor has", () => {
  assertEquals(
    volumeOf([8, 16, 3, 5]).described,
    "across: axis 1 (16 in rows of 4) then axis 3 (5); down: rows of axis 1 (4) then axis 2 (3); " +
      "through: axis 0 (8)",
  );
  assertEquals(
    volumeOf([10]).described,
    "a vector of 10, folded into 2 slices of 2 rows of 3",
  );
  assertEquals(volumeOf([]).described, "a single value");
  const { tensor } = tensorOf([2, 3, 4], () => 0);
  assertEquals(
    foldVolume(tensor, { x: [1], y: [2], z: [0] }).described,
    "across: axis 1 (3); down: axis 2 (4); through: axis 0 (2)",
  );
});

Deno.test("a convolution's slices are mosaics of one filter's kernels", () => {
  const volume = volumeOf([8, 16, 3, 5]);
  // Four kernels in a row: the ninth is the first one of the third row.
  assertEquals(elementOf(volume, 4, 2 * 3 + 1, 7), { tensor: 0, index: [7, 8, 1, 4] });
  assertEquals(elementOf(volume, 5, 2 * 3 + 1, 7), { tensor: 0, index: [7, 9, 1, 0] });
  assertEquals(elementOf(volume, 20, 0, 0), null);
  assertEquals(elementOf(volume, 0, 0, 8), null);
});

Deno.test("activations have channels through, in each a mosaic of the samples", () => {
  const { tensor } = tensorOf([4, 3, 5, 6], (i) => i);
  const volume = foldVolume(tensor, capturedAxes("activation", tensor));
  assertEquals(size(volume), [2 * 6, 2 * 5, 3]);
  assertEquals(elementOf(volume, 7, 9, 2), { tensor: 0, index: [3, 2, 4, 1] });
  assertEquals(elementOf(volume, 5, 5, 0), { tensor: 0, index: [2, 0, 0, 5] });
  assertEquals(capturedAxes("activation", tensorOf([3, 4], () => 0).tensor), undefined);
});

Deno.test("attention has the heads through", () => {
  const { tensor } = tensorOf([4, 3, 3], (i) => i);
  const volume = foldVolume(tensor, capturedAxes("attention", tensor));
  assertEquals(size(volume), [3, 3, 4]);
  assertEquals(elementOf(volume, 1, 2, 3), { tensor: 0, index: [3, 2, 1] });
  assertEquals(capturedAxes("attention", tensorOf([2, 4, 3, 3], () => 0).tensor), undefined);
});

Deno.test("axes that do not name each axis once are refused with the shape", () => {
  const { tensor } = tensorOf([2, 3, 4], () => 0);
  assertEquals(size(foldVolume(tensor, { x: [1], y: [2], z: [0] })), [3, 4, 2]);
  assertEquals(size(foldVolume(tensor, { x: [0, 2], y: [], z: [1] })), [8, 1, 3]);
  for (const x of [[], [1, 1], [0], [3]]) {
    const error = assertThrows(() => foldVolume(tensor, { x, y: [2], z: [0] }), BadRequest);
    assert(error.message.includes("[2,3,4]"), error.message);
  }
});

/** What the rules say, straight from them: where the element with this index is. */
function placeOf(shape: readonly number[], index: readonly number[], volume: Volume): number[] {
  if (shape.length === 0) return [0, 0, 0];
  if (shape.length === 1) {
    const { width, height } = volume, [at] = index as [number];
    return [at % width, Math.floor(at / width) % height, Math.floor(at / width / height)];
  }
  const [output, input, ...space] = index as [number, number, ...number[]];
  const sizes = shape.slice(2);
  const across = sizes.at(-1) ?? 1;
  const down = sizes.slice(0, -1).reduce((a, b) => a * b, 1);
  const column = space.at(-1) ?? 0;
  const row = space.slice(0, -1).reduce((at, digit, i) => at * sizes[i]! + digit, 0);
  const pieces = volume.width / across;
  return [(input % pieces) * across + column, Math.floor(input / pieces) * down + row, output];
}

/** Checks that a box of the volume holds each of these elements in its place, and NaN elsewhere. */
function checkCells(
  volume: Volume,
  sources: readonly SyncSource[],
  wanted: Float32Array,
  share: readonly number[],
): void {
  const whole = wholeBox(volume);
  const part = (from: number, to: number, side: number): [number, number] => {
    const first = Math.floor(from * Math.max(0, side - 1));
    return [first, Math.min(side - first, 1 + Math.floor(to * (side - first)))];
  };
  const [x, width] = part(share[0]!, share[1]!, whole.width);
  const [y, height] = part(share[2]!, share[3]!, whole.height);
  const [z, depth] = part(share[4]!, share[5]!, whole.depth);
  const reader = volumeReader(volume, sources);
  for (const box of [whole, { x, y, z, width, height, depth }]) {
    const got = cellsOf(reader, box);
    assertEquals(got.length, box.width * box.height * box.depth);
    for (let i = 0; i < got.length; i++) {
      const [cx, cy] = [box.x + i % box.width, box.y + Math.floor(i / box.width) % box.height];
      const cz = box.z + Math.floor(i / box.width / box.height);
      const want = wanted[(cz * whole.height + cy) * whole.width + cx]!;
      assert(Object.is(got[i], want), `${got[i]} at ${cx}, ${cy}, ${cz}, not ${want}`);
    }
  }
}

/** All cells of a volume, from the tensor's values in row-major order of a shape [output, input, …]. */
function expected(shape: readonly number[], flat: Float32Array, volume: Volume): Float32Array {
  const { width, height, depth } = volume;
  const cells = new Float32Array(width * height * depth).fill(NaN);
  const steps = rowMajor(shape);
  for (const [i, value] of flat.entries()) {
    const index = shape.map((side, axis) => Math.floor(i / steps[axis]!) % side);
    const [x, y, z] = placeOf(shape, index, volume) as [number, number, number];
    assert(
      x < width && y < height && z < depth,
      `[${shape}] is no ${width} × ${height} × ${depth}`,
    );
    assert(Number.isNaN(cells[(z * height + y) * width + x]), "two elements in one cell");
    cells[(z * height + y) * width + x] = value;
  }
  return cells;
}

const shapes = fc.oneof(
  fc.constantFrom([], [1], [7], [300], [1, 1], [40, 9], [3, 67], [4, 31], [67, 3], [2, 131, 3], [
    ...[3, 29, 2, 3],
  ], [2, 6, 2, 3, 2]),
  fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 }),
);
const share = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 });

Deno.test("any box of any layout holds the elements that the rules put there", () => {
  fc.assert(
    fc.property(shapes, fc.constantFrom("C", "Fortran", "turned"), share, (shape, order, share) => {
      const made = order === "turned"
        ? laidOut(shape, shape.map((_, axis) => axis).reverse(), (i) => i + 1)
        : tensorOf(shape, (i) => i + 1, order as "C" | "Fortran");
      const volume = foldVolume(made.tensor);
      assertEquals(volume.cells, made.flat.length);
      checkCells(volume, [made.source], expected(shape, made.flat, volume), share);
    }),
    { numRuns: 300 },
  );
});

Deno.test("any box of tensors whose axes are composed of sides holds their elements", () => {
  const sides = fc.record({
    heads: fc.integer({ min: 1, max: 9 }),
    half: fc.integer({ min: 1, max: 7 }),
    columns: fc.option(fc.integer({ min: 1, max: 12 })),
    turned: fc.boolean(),
    swapped: fc.boolean(),
  });
  fc.assert(fc.property(sides, share, ({ heads, half, columns, turned, swapped }, share) => {
    const { tensor, source, flat } = interleaved(heads, half, columns);
    // With its axes turned, the one that is composed is folded.
    const layout = turned && columns !== null ? [1, 0] : undefined;
    const kept = { ...tensor, layout: layout ?? [...tensor.shape.keys()] };
    // The same, but for the order in which the file names its axes.
    const other = {
      ...kept,
      shape: kept.shape.toReversed(),
      strides: kept.strides.toReversed(),
      composed: { 1: kept.composed![0]! },
      layout: kept.layout.toReversed(),
    };
    const volume = foldVolume(swapped && columns !== null ? other : kept);
    const [rows, across] = [heads * 2 * half, columns ?? 1];
    const shape = layout ? [across, rows] : columns === null ? [rows] : [rows, across];
    const values = layout
      ? flat.map((_, i) => flat[(i % rows) * across + Math.floor(i / rows)]!)
      : flat;
    checkCells(volume, [source], expected(shape, values, volume), share);
  }));
});

/** A tensor whose elements are as stored in these bytes. */
function stored(
  bytes: Uint8Array<ArrayBuffer>,
  shape: readonly number[],
  part: Partial<TensorInfo>,
): { tensor: TensorInfo; source: SyncSource } {
  const source = new MemorySource("test", bytes);
  const { tensor } = tensorOf(shape, () => 0);
  return {
    tensor: { ...tensor, source: source.ref, bytes: bytes.length, ...part },
    source: source as SyncSource,
  };
}

Deno.test("any box of quantized, big-endian and rescaled tensors holds their values", () => {
  fc.assert(
    fc.property(
      fc.constantFrom([3, 64], [2, 3, 32], [5, 96], [64], [2, 2, 3, 32]),
      fc.constantFrom("Q8_0", "F16 in big-endian order", "I8, rescaled"),
      share,
      (shape, kind, share) => {
        const count = shape.reduce((product, side) => product * side, 1);
        const value = (i: number) => i * 7 % 251 - 125;
        const flat = Float32Array.from({ length: count }, (_, i) => value(i));
        const made = kind === "Q8_0"
          ? stored(quantized(flat), shape, { dtype: "Q8_0" })
          : kind === "I8, rescaled"
          ? stored(new Uint8Array(Int8Array.from(flat).buffer), shape, {
            ...{ dtype: "I8", affine: { scale: 0.5, offset: 3 } },
          })
          : stored(bigHalves(flat), shape, { dtype: "F16", bigEndian: true });
        const values = kind === "I8, rescaled" ? flat.map((x) => x * 0.5 + 3) : flat;
        const volume = foldVolume(made.tensor);
        checkCells(volume, [made.source], expected(shape, values, volume), share);
      },
    ),
    { numRuns: 60 },
  );
});

/** Blocks of a scale of 1 and 32 integers. */
function quantized(values: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.length / 32 * 34);
  for (const [i, value] of values.entries()) {
    const block = Math.floor(i / 32) * 34;
    bytes[block + 1] = 0x3c;
    bytes[block + 2 + i % 32] = value;
  }
  return bytes;
}

function bigHalves(values: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.length * 2);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setFloat16(2 * i, value, false);
  return bytes;
}

Deno.test("chosen axes put each element where they say", () => {
  const { tensor, source, flat } = tensorOf([4, 3, 5, 2], (i) => i);
  const volume = foldVolume(tensor, { x: [2, 0], y: [3], z: [1] });
  assertEquals(size(volume), [20, 2, 3]);
  const cells = cellsOf(volumeReader(volume, [source]), wholeBox(volume));
  for (const [i, value] of cells.entries()) {
    const [x, y, z] = [i % 20, Math.floor(i / 20) % 2, Math.floor(i / 40)];
    const index = [x % 4, z, Math.floor(x / 4), y];
    assertEquals(
      value,
      flat[index.reduce((at, digit, axis) => at * [4, 3, 5, 2][axis]! + digit, 0)],
    );
    assertEquals(elementOf(volume, x, y, z), { tensor: 0, index });
  }
});

Deno.test("tensors of equal shape are a stack, each a slice as its own plane has it", () => {
  for (const shape of [[3, 5], [10], [2, 3, 2, 2]]) {
    const made = [0, 1, 2].map((n) => tensorOf(shape, (i) => 1000 * n + i));
    const volume = stackVolume(made.map(({ tensor }) => tensor));
    assertEquals(volume.depth, 3);
    assertEquals(volume.cells, 3 * made[0]!.flat.length);
    const cells = cellsOf(volumeReader(volume, made.map(({ source }) => source)), wholeBox(volume));
    for (const [i, value] of cells.entries()) {
      const { width, height } = volume;
      const [x, y, z] = [i % width, Math.floor(i / width) % height, Math.floor(i / width / height)];
      const at = elementOf(volume, x, y, z);
      const flat = at?.index.reduce((sum, digit, axis) => sum * shape[axis]! + digit, 0);
      assertEquals(at?.tensor ?? z, z);
      assertEquals(value, flat === undefined ? NaN : 1000 * z + flat);
    }
  }
  assertThrows(() => stackVolume([]), BadRequest, "at least one");
});

Deno.test("stacked tensors of odd shapes are refused with the shapes and who has them", () => {
  const shapes = [[3, 5], [5, 3], [3, 5], [15], [3, 5]];
  const tensors = shapes.map((shape, i) => ({
    ...tensorOf(shape, () => 0).tensor,
    name: `blocks.${i}`,
  }));
  assertThrows(
    () => stackVolume(tensors),
    BadRequest,
    "not [3,5] (blocks.0 and 2 more), [5,3] (blocks.1), [15] (blocks.3)",
  );
});

Deno.test("stacked tensors of one shape that fold to different slices are refused", () => {
  const { tensor } = tensorOf([3, 5], () => 0);
  const turned = { ...tensor, name: "turned", layout: [1, 0] };
  assertThrows(() => stackVolume([tensor, turned]), BadRequest, "5 × 3 (test), 3 × 5 (turned)");
  const [long] = [interleaved(3, 7, null).tensor];
  const plain = { ...tensorOf([42], () => 0).tensor, name: "plain" };
  assertThrows(() => stackVolume([long, plain]), BadRequest, "slices, not ");
  assertEquals(size(stackVolume([tensor, turned], { x: [0], y: [1], z: [] })), [3, 5, 2]);
});

Deno.test("any box of a stack whose axes are chosen holds the elements that they put there", () => {
  const turns = fc.constantFrom(
    { x: [0], y: [1, 2], z: [] },
    { x: [2], y: [1], z: [0] },
    { x: [], y: [2], z: [1, 0] },
    { x: [1], y: [], z: [2, 0] },
  );
  const shape = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 3, maxLength: 3 });
  const count = fc.integer({ min: 2, max: 5 });
  fc.assert(fc.property(turns, shape, count, share, (axes, shape, count, share) => {
    const made = Array.from({ length: count }, (_, n) => tensorOf(shape, (i) => 1000 * n + i));
    const volume = stackVolume(made.map(({ tensor }) => tensor), axes);
    const steps = rowMajor(shape);
    const along = (of: readonly number[]) => of.reduce((n, axis) => n * shape[axis]!, 1);
    const sides = [along(axes.x), along(axes.y), count * along(axes.z)] as const;
    assertEquals(size(volume), [...sides]);
    const wanted = new Float32Array(sides[0] * sides[1] * sides[2]);
    for (const [n, { flat }] of made.entries()) {
      for (const [i, value] of flat.entries()) {
        const index = shape.map((side, axis) => Math.floor(i / steps[axis]!) % side);
        const at = (of: readonly number[]) =>
          of.reduce((sum, axis) => sum * shape[axis]! + index[axis]!, 0);
        const [x, y, z] = [at(axes.x), at(axes.y), n * along(axes.z) + at(axes.z)];
        wanted[(z * sides[1] + y) * sides[0] + x] = value;
        assertEquals(elementOf(volume, x, y, z), { tensor: n, index });
      }
    }
    checkCells(volume, made.map(({ source }) => source), wanted, share);
  }));
});

Deno.test("elements lead to the cells that they are read at, and each has one", () => {
  fc.assert(fc.property(shapes, (shape) => {
    const { tensor, source, flat } = tensorOf(shape, (i) => i);
    const volume = foldVolume(tensor);
    const cells = cellsOf(volumeReader(volume, [source]), wholeBox(volume));
    const seen = new Set<number>();
    for (const [i, value] of cells.entries()) {
      const { width, height } = volume;
      const [x, y, z] = [i % width, Math.floor(i / width) % height, Math.floor(i / width / height)];
      const at = elementOf(volume, x, y, z);
      const place = at?.index.reduce((sum, digit, axis) => sum * shape[axis]! + digit, 0);
      assertEquals(value, place === undefined ? NaN : flat[place]!);
      if (place !== undefined) seen.add(place);
    }
    assertEquals(seen.size, flat.length);
  }));
});
