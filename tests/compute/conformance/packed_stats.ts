import { assertEquals, assertThrows } from "@std/assert";
import type { Ops, Packed } from "../../../src/compute/ops.ts";
import { reference } from "../../../src/compute/reference.ts";
import { bytesOf, type Dtype } from "../../../src/formats/format.ts";
import { edges, normal, random } from "../samples.ts";
import { assertFigures, measure } from "./figures.ts";

const next = random(41);
const kinds: Record<string, (length: number) => Float32Array> = {
  "normal": (length) => normal(length, 42, 0.02),
  "far from zero": (length) => normal(length, 43, 1, 300),
  "tiny": (length) => normal(length, 44, 1e-30),
  "edges here and there": (length) =>
    normal(length, 45).map((x) => next() < 0.02 ? edges[Math.floor(next() * 11)]! : x),
};

/** packedStats: as blockStats, of what the bytes decode to. */
export function conformPackedStats(ops: Ops): void {
  for (const [kind, make] of Object.entries(kinds)) {
    for (const dtype of ["F32", "BF16", "F16"] as const) {
      Deno.test(`${ops.name} packedStats() of ${dtype} cells that are ${kind}`, () => {
        for (const [width, rows] of [[2, 5], [3, 3], [35, 18], [66, 34], [83, 50]] as const) {
          for (const bigEndian of [false, true]) {
            const pitch = bytesOf(dtype, width) + 6;
            const packed = { dtype, bigEndian, width, rows, pitch };
            const far = store(make(width * rows), packed);
            for (const block of [1, 4, 8, 16, 32]) {
              check(ops, far, packed, block);
              ops.frame(() => {
                const near = ops.scratch(far.length + 1).subarray(1);
                near.set(far);
                check(ops, near, packed, block);
              });
            }
          }
        }
      });
    }
  }

  Deno.test(`${ops.name} packedStats() refuses missing borders and bytes, and odd blocks`, () => {
    const bytes = new Uint8Array(64);
    const packed: Packed = { dtype: "F32", bigEndian: false, width: 4, rows: 4, pitch: 16 };
    const stats = (other: Partial<Packed>, block = 2) => () =>
      ops.frame(() => ops.packedStats(bytes, { ...packed, ...other }, block));
    assertThrows(stats({ width: 1 }), RangeError, "1 × 4 cells have no border");
    assertThrows(stats({ pitch: 17 }), RangeError, "need 67 bytes; 64");
    assertThrows(stats({}, 3), RangeError, "power of two, got 3");
  });
}

/** The values in rows `pitch` bytes apart; bfloat16 cut off. */
export function store(
  values: Float32Array,
  { dtype, bigEndian, width, rows, pitch }: Packed,
): Uint8Array {
  const bytes = new Uint8Array(rows * pitch);
  const view = new DataView(bytes.buffer);
  const write: Partial<Record<Dtype, (at: number, value: number) => void>> = {
    F32: (at, value) => view.setFloat32(at, value, !bigEndian),
    F16: (at, value) => view.setFloat16(at, value, !bigEndian),
    BF16: (at, value) => {
      const bits = new Uint32Array(Float32Array.of(value).buffer)[0]!;
      view.setUint16(at, bits >>> 16, !bigEndian);
    },
  };
  for (const [i, value] of values.entries()) {
    write[dtype]!(Math.floor(i / width) * pitch + bytesOf(dtype, i % width), value);
  }
  return bytes;
}

function check(ops: Ops, bytes: Uint8Array, packed: Packed, block: number): void {
  const cells = {
    values: new Float32Array(packed.width * packed.rows),
    width: packed.width - 2,
    height: packed.rows - 2,
  };
  reference.decode(bytes, packed, { values: cells.values, start: 0, pitch: packed.width });
  ops.frame(() => {
    const stats = ops.packedStats(bytes, packed, block);
    assertEquals(stats.width, Math.ceil(cells.width / block));
    assertEquals(stats.height, Math.ceil(cells.height / block));
    for (let y = 0; y < stats.height; y++) {
      for (let x = 0; x < stats.width; x++) {
        const where = `${cells.width} × ${cells.height}, block ${block} at ${x}, ${y}`;
        const want = measure(cells, x * block, y * block, block);
        assertFigures(stats, y * stats.width + x, want, where);
      }
    }
  });
}
