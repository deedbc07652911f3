import { assertEquals, assertThrows } from "@std/assert";
import { type Ops, orderKey, type Packed } from "../../../src/compute/ops.ts";
import { reference } from "../../../src/compute/reference.ts";
import { bytesOf } from "../../../src/formats/format.ts";
import { normal, withEdges } from "../samples.ts";
import { store } from "./packed_stats.ts";

const kinds: Record<string, (length: number) => Float32Array> = {
  "normal, edges at both ends": (length) => withEdges(length, 61),
  "constant": (length) => new Float32Array(length).fill(-2),
  "zeros of both signs": (length) => normal(length, 62).map((x) => x < 0 ? -0 : 0),
  "alike but for one of eight": (length) =>
    new Float32Array(length).fill(1).map((x, i) => i % 8 === 5 ? -x : x),
};

/** countGroups, countPackedGroups: exact. */
export function conformCountGroups(ops: Ops): void {
  for (const [kind, make] of Object.entries(kinds)) {
    Deno.test(`${ops.name} countGroups() of cells that are ${kind}, stored and decoded`, () => {
      for (const [width, rows] of [[2, 4], [3, 3], [9, 5], [10, 12], [27, 10], [82, 19]] as const) {
        for (const dtype of ["BF16", "F32", "F16"] as const) {
          for (const bigEndian of [false, true]) {
            const packed = { dtype, bigEndian, width, rows, pitch: bytesOf(dtype, width) + 3 };
            for (
              const [step, phase] of [[1, 0], [2, 1], [3, 0], [8, 0], [8, 5], [8, 21], [100, 7]]
            ) {
              check(ops, make(width * rows), packed, step!, phase!);
            }
          }
        }
      }
    });
  }

  Deno.test(`${ops.name} countGroups() counts each cell once in as many phases as steps`, () => {
    const cells = { values: normal(45 * 23, 63), width: 43, height: 21 };
    const bins = new Uint32Array(65536), all = new Uint32Array(65536);
    ops.frame(() => {
      for (let phase = 0; phase < 8; phase++) ops.countGroups(cells, 8, phase, bins);
      ops.countGroups(cells, 1, 0, all);
    });
    assertEquals(bins, all);
    assertEquals(all.reduce((sum, count) => sum + count), 43 * 21);
  });

  Deno.test(`${ops.name} countGroups() refuses odd steps, phases, bins and missing cells`, () => {
    const cells = { values: new Float32Array(16), width: 2, height: 2 };
    const bins = new Uint32Array(65536);
    const count = (step: number, phase: number, into = bins) => () =>
      ops.frame(() => ops.countGroups(cells, step, phase, into));
    for (const step of [0, -1, 1.5, NaN, 65536]) {
      assertThrows(count(step, 0), RangeError, `65535, got ${step}`);
    }
    for (const phase of [-1, 0.5, NaN]) assertThrows(count(8, phase), RangeError, `got ${phase}`);
    assertThrows(count(8, 0, new Uint32Array(256)), RangeError, "256");
    const missing = { ...cells, height: 3 };
    assertThrows(() => ops.countGroups(missing, 1, 0, bins), RangeError, "20 values; 16");
    const packed: Packed = { dtype: "F16", bigEndian: false, width: 4, rows: 4, pitch: 8 };
    const short = () => ops.countPackedGroups(new Uint8Array(31), packed, 8, 0, bins);
    assertThrows(short, RangeError, "need 32 bytes; 31");
  });
}

function check(ops: Ops, from: Float32Array, packed: Packed, step: number, phase: number): void {
  const { width, rows } = packed;
  const far = store(from, packed);
  const values = new Float32Array(width * rows);
  reference.decode(far, packed, { values, start: 0, pitch: width });
  const want = new Uint32Array(65536).fill(2);
  const bits = new Uint32Array(values.buffer);
  for (let y = 0; y < rows - 2; y++) {
    for (let x = 0; x < width - 2; x++) {
      if ((y + Math.floor(x / 8) + phase) % step !== 0) continue;
      want[orderKey(bits[(y + 1) * width + x + 1]!) >>> 16]! += 1;
    }
  }
  const got = [0, 1, 2].map(() => new Uint32Array(65536).fill(2));
  ops.frame(() => {
    ops.countGroups({ values, width: width - 2, height: rows - 2 }, step, phase, got[0]!);
    ops.countPackedGroups(far, packed, step, phase, got[1]!);
    const near = ops.scratch(far.length);
    near.set(far);
    const { buffer, byteOffset } = ops.scratch(65536 * 4);
    const bins = new Uint32Array(buffer, byteOffset, 65536).fill(2);
    ops.countPackedGroups(near, packed, step, phase, bins);
    got[2]!.set(bins);
  });
  for (const bins of got) {
    const off = bins.findIndex((count, bin) => count !== want[bin]);
    assertEquals(off, -1, `bin ${off}: ${bins[off]} instead of ${want[off]}, ${width} × ${rows}`);
  }
}
