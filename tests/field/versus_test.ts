import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Comparison } from "../../src/compute/ops.ts";
import { reference } from "../../src/compute/reference.ts";
import { wasm } from "../../src/compute/wasm.ts";
import {
  type CellReader,
  readBordered,
  readCells,
  type SyncSource,
} from "../../src/field/cells.ts";
import { type Axes, fold } from "../../src/field/plane.ts";
import { measure } from "../../src/field/pyramid.ts";
import { foldAgainst, refold, shapeOf } from "../../src/field/versus.ts";
import { storedValue } from "../../src/field/wide.ts";
import type { TensorInfo } from "../../src/formats/format.ts";
import { inspect } from "../../src/tile/inspect.ts";
import { hash } from "../tile/models.ts";
import { interleaved, laidOut, tensorOf } from "./planes.ts";

interface Made {
  readonly tensor: TensorInfo;
  readonly source: SyncSource;
  /** Values in the order output, input, space. */
  readonly flat: Float32Array;
}

const all: readonly Comparison[] = ["difference", "ratio", "signs"];
const oracle: Record<Comparison, (a: number, b: number) => number> = {
  difference: (a, b) => a - b,
  ratio: (a, b) => Math.log2(Math.abs(a)) - Math.log2(Math.abs(b)),
  signs: (a, b) =>
    Number.isNaN(a) || Number.isNaN(b) ? NaN : Number(Math.sign(a) === -Math.sign(b) && a !== 0),
};

function readerOf(a: Made, b: Made, how: Comparison, axes?: Axes): CellReader {
  return {
    plane: foldAgainst(a.tensor, b.tensor, how, axes),
    source: a.source,
    other: b.source,
    ops: wasm,
    clock: { read: 0, decode: 0 },
    cancelled: () => {},
  };
}

/** All cells of a plane. */
function cellsOf(reader: CellReader): Float32Array {
  const { width, height } = reader.plane;
  const values = new Float32Array(width * height);
  const rect = { x: 0, y: 0, width, height };
  reader.ops.frame(() => readCells(reader, rect, { values, start: 0, pitch: width }));
  return values;
}

/** As float32 has it. */
function assertClose(got: number, exact: number, text: string): void {
  const want = Math.fround(exact);
  const close = Math.abs(got - want) <= 1e-6 * Math.max(1, Math.abs(want));
  const same = got === want || (Number.isNaN(got) && Number.isNaN(want));
  assert(same || close, `${text}: ${got} instead of ${want}`);
}

const odd = [0, -0, NaN, Infinity, -Infinity, 1e-42, 3e38, -3e38, 1];
const first = (i: number) => i % 13 === 5 ? odd[i % odd.length]! : hash(i) - 0.5;
const second = (i: number) => i % 17 === 3 ? odd[(i >> 3) % odd.length]! : hash(i + 0.3) - 0.5;

const pairs: Record<string, readonly [a: Made, b: Made]> = {
  "matrices": [tensorOf([45, 67], first), tensorOf([45, 67], second)],
  "a matrix with one of which the file keeps the columns together": [
    tensorOf([45, 67], first),
    tensorOf([45, 67], second, "Fortran"),
  ],
  "[output, input] with [input, output]": [
    tensorOf([45, 67], first),
    laidOut([45, 67], [1, 0], second),
  ],
  "[input, output] with [output, input]": [
    laidOut([45, 67], [1, 0], first),
    tensorOf([45, 67], second),
  ],
  "kernels with those of another order of axes": [
    tensorOf([12, 7, 3, 5], first),
    laidOut([12, 7, 3, 5], [3, 2, 0, 1], second),
  ],
  "vectors": [tensorOf([1003], first), tensorOf([1003], second)],
  "heads with those whose halves are interleaved": [
    tensorOf([3 * 2 * 20, 30], first),
    interleaved(3, 20, 30),
  ],
  "a vector with one whose halves are interleaved": [
    tensorOf([3 * 2 * 170], first),
    interleaved(3, 170, null),
  ],
  "interleaved halves of a vector with a plain one": [
    interleaved(3, 170, null),
    tensorOf([3 * 2 * 170], first),
  ],
};

for (const [title, [a, b]] of Object.entries(pairs)) {
  Deno.test(`cells are compared one by one: ${title}`, () => {
    assertEquals(shapeOf(a.tensor), shapeOf(b.tensor));
    const own = fold(a.tensor);
    // Where each element lies on the plane, as it is without a comparison.
    const place = cellsOf({
      ...readerOf(a, a, "difference"),
      plane: own,
      source: numbered(a),
    });
    for (const how of all) {
      const reader = readerOf(a, b, how);
      const { width, height } = reader.plane;
      assertEquals([width, height], [own.width, own.height]);
      const found = cellsOf(reader);
      for (const [i, got] of found.entries()) {
        const at = place[i]!;
        if (Number.isNaN(at)) assertEquals(got, NaN, "beyond a vector's end");
        else assertClose(got, oracle[how](a.flat[at]!, b.flat[at]!), `${how} of element ${at}`);
      }
      const plain = cellsOf({ ...reader, ops: reference });
      for (const [i, got] of plain.entries()) assertClose(got, found[i]!, "by the reference");
    }
  });
}

/** A source in which the value of each element is its index in the order of `flat`. */
function numbered(made: Made): SyncSource {
  const { layout, composed, shape, strides } = made.tensor;
  if (composed) {
    return shape.length === 1 ? interleaved(3, 170, null).source : interleaved(3, 20, 30).source;
  }
  if (layout) return laidOut(shapeOf(made.tensor), layout, (i) => i).source;
  return tensorOf(shape, (i) => i, strides.at(-1) === 1 ? "C" : "Fortran").source;
}

Deno.test("parts of a compared plane, its border and its blocks are made of the same cells", () => {
  const [a, b] = pairs["[output, input] with [input, output]"]!;
  const reader = readerOf(a, b, "difference");
  const whole = cellsOf(reader);
  const { width } = reader.plane;
  wasm.frame(() => {
    const { values } = readBordered(reader, { x: 5, y: 7, width: 20, height: 9 });
    for (let row = 0; row < 11; row++) {
      const want = whole.subarray((6 + row) * width + 4, (6 + row) * width + 26);
      assertEquals(values.slice(row * 22, row * 22 + 22), want.slice());
    }
  });
  measure(reader, 3, { x: 1, y: 1, width: 3, height: 2 }, (stats, x, y) => {
    for (let block = 0; block < stats.width * stats.height; block++) {
      const left = (1 + x + block % stats.width) * 8,
        top = (1 + y + Math.floor(block / stats.width)) * 8;
      const cells = Array.from(
        { length: 64 },
        (_, i) => whole[(top + (i >> 3)) * width + left + i % 8]!,
      );
      const finite = cells.filter(Number.isFinite);
      const mean = finite.reduce((sum, v) => sum + v / finite.length, 0);
      assertEquals(stats.count[block], finite.length);
      assertEquals(stats.nan[block], cells.filter(Number.isNaN).length);
      assert(Math.abs(stats.mean[block]! - mean) <= 1e-5 * Math.max(...finite.map(Math.abs)));
    }
  });
});

Deno.test("large rectangles are compared band by band", () => {
  const a = tensorOf([700, 900], first), b = tensorOf([700, 900], second);
  const found = cellsOf(readerOf(a, b, "signs"));
  for (const [i, got] of found.entries()) {
    assertClose(got, oracle.signs(a.flat[i]!, b.flat[i]!), `${i}`);
  }
});

Deno.test("numbers wider than float32 are compared in float32", () => {
  const of = (value: number): Made => {
    const made = tensorOf([2], () => 0);
    const bytes = new Uint8Array(Float64Array.of(value).buffer);
    const source = {
      ...made.source,
      readSync: (offset: number, into: Uint8Array) => {
        into.set(bytes.subarray(offset, offset + into.length));
        return true;
      },
    } as unknown as SyncSource;
    return {
      ...made,
      source,
      tensor: { ...made.tensor, dtype: "F64", shape: [1], strides: [1], bytes: 8 },
    };
  };
  const value = 1 + 2 ** -40;
  assertEquals(storedValue(readerOf(of(value), of(1), "difference"), 0, 0), 0);
});

Deno.test("a compared plane folded anew keeps its partners", () => {
  const [a, b] = pairs["kernels with those of another order of axes"]!;
  const reader = readerOf(a, b, "difference");
  const axes = { rows: [2, 0], columns: [3, 1] };
  const found = cellsOf({ ...reader, plane: refold(reader.plane, axes) });
  assertEquals(found, cellsOf(readerOf(a, b, "difference", axes)));
  const [o, i, h, w] = [12, 7, 3, 5];
  for (let row = 0; row < h * o; row++) {
    for (let column = 0; column < w * i; column++) {
      const [y, out] = [Math.floor(row / o), row % o];
      const [x, input] = [Math.floor(column / i), column % i];
      const at = ((out * i + input) * h + y) * w + x;
      assertClose(found[row * w * i + column]!, a.flat[at]! - b.flat[at]!, `element ${at}`);
    }
  }
});

Deno.test("a point of a vector whose partner lies in another order tells both values", () => {
  const [a, b] = pairs["a vector with one whose halves are interleaved"]!;
  const reader = readerOf(a, b, "difference");
  for (const [x, y] of [[0, 0], [7, 3], [20, 30]] as const) {
    const at = y * reader.plane.width + x;
    const { value, index, compared } = inspect(reader, null, { log2: 0, x, y })!;
    assertEquals([index, compared!.other.index], [[at], [at]]);
    assertEquals(value, Math.fround(a.flat[at]! - b.flat[at]!));
    assertEquals([compared!.own.value, compared!.other.value], [a.flat[at], b.flat[at]]);
  }
});

Deno.test("a reader without the other source says so", () => {
  const [a, b] = pairs["matrices"]!;
  const { other: _, ...alone } = readerOf(a, b, "difference");
  assertThrows(() => cellsOf(alone), TypeError, "nothing to read beside test");
});
