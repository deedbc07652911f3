import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Ops, Packed } from "../../../src/compute/ops.ts";
import { bytesOf, dtypes, type Scalar } from "../../../src/formats/format.ts";
import { edges, lengths, random } from "../samples.ts";

/** decode: every value bit for bit, whatever the dtype; NaN is any NaN. */
export function conformDecode(ops: Ops): void {
  for (const dtype of Object.keys(oracles) as (keyof typeof oracles)[]) {
    Deno.test(`${ops.name} decode() knows every bit pattern of ${dtype}`, () => {
      const size = dtypes[dtype];
      const count = 256 ** size;
      const all = Array.from({ length: count }, (_, i) => i);
      const bytes = size === 2
        ? new Uint8Array(Uint16Array.from(all).buffer)
        : Uint8Array.from(all);
      const got = decodeRows(ops, dtype, bytes, count, 1);
      for (let i = 0; i < count; i++) sameBits(got[i]!, oracles[dtype](i), `pattern ${i}`);
    });
  }

  for (const dtype of Object.keys(samples) as (keyof typeof samples)[]) {
    for (const bigEndian of [false, true]) {
      Deno.test(`${ops.name} decode() of ${dtype}, ${bigEndian ? "big" : "little"} endian`, () => {
        for (const length of lengths) {
          const { bytes, values } = sample(dtype, length, bigEndian);
          const got = decodeRows(ops, dtype, bytes, length, 1, { bigEndian });
          assertEquals(got.length, length);
          for (const [i, value] of values.entries()) sameBits(got[i]!, value, `${length}: ${i}`);
        }
      });
    }
  }

  for (const dtype of Object.keys(dtypes) as Scalar[]) {
    Deno.test(`${ops.name} decode() of ${dtype} in rows apart, unaligned, writes its cells only`, () => {
      const size = dtypes[dtype];
      for (const [width, rows] of [[1, 3], [5, 4], [16, 2], [37, 5], [0, 2], [3, 0]] as const) {
        for (const bigEndian of [false, true]) {
          const next = random(width * 7 + rows);
          const pitch = width * size + 3;
          const bytes = Uint8Array.from({ length: 1 + rows * pitch }, () => next() * 256);
          const from = bytes.subarray(1);
          const packed = { dtype, bigEndian, width, rows, pitch };
          const length = 2 + rows * (width + 2);
          ops.frame(() => {
            const near = ops.scratch(length * 4);
            checkRows(ops, from, packed, new Float32Array(length));
            checkRows(ops, from, packed, new Float32Array(near.buffer, near.byteOffset, length));
          });
        }
      }
    });
  }

  Deno.test(`${ops.name} decode() of BOOL: whatever is not 0 is 1`, () => {
    const bytes = Uint8Array.of(0, 1, 2, 255, 128, 0);
    assertEquals([...decodeRows(ops, "BOOL", bytes, 6, 1)], [0, 1, 1, 1, 1, 0]);
  });

  Deno.test(`${ops.name} decode() uses scratch in place and elsewhere alike`, () => {
    ops.frame(() => {
      const far = Uint8Array.from({ length: 2 ** 20 }, (_, i) => (i * 7) % 256);
      const near = ops.scratch(far.length);
      near.set(far);
      const out = ops.scratch(far.length * 2);
      const values = new Float32Array(out.buffer, out.byteOffset, far.length / 2);
      const packed = {
        dtype: "F16",
        bigEndian: false,
        width: 512,
        rows: 1024,
        pitch: 1024,
      } as const;
      ops.decode(near, packed, { values, start: 0, pitch: 512 });
      const want = new Float32Array(values.length);
      ops.decode(far, packed, { values: want, start: 0, pitch: 512 });
      assertEquals(new Uint32Array(values.slice().buffer), new Uint32Array(want.buffer));
    });
  });

  Deno.test(`${ops.name} decode() refuses bytes and targets that are too short`, () => {
    const packed = { dtype: "F32", bigEndian: false, width: 4, rows: 2, pitch: 16 } as const;
    const target = { values: new Float32Array(8), start: 0, pitch: 4 };
    const bytes = new Uint8Array(32);
    assertThrows(() => ops.decode(bytes.subarray(1), packed, target), RangeError, "32 bytes");
    assertThrows(() => ops.decode(bytes, packed, { ...target, start: 1 }), RangeError, "1..8 of 8");
  });
}

function decodeRows(
  ops: Ops,
  dtype: Scalar,
  bytes: Uint8Array,
  width: number,
  rows: number,
  { bigEndian = false } = {},
): Float32Array {
  const values = new Float32Array(width * rows);
  const packed = { dtype, bigEndian, width, rows, pitch: width * dtypes[dtype] };
  ops.frame(() => ops.decode(bytes, packed, { values, start: 0, pitch: width }));
  return values;
}

/** Decodes rows two cells apart, from cell 2 on, and looks at every cell. */
function checkRows(ops: Ops, bytes: Uint8Array, packed: Packed, values: Float32Array): void {
  const { dtype, bigEndian, width, rows, pitch } = packed;
  values.fill(-77);
  ops.decode(bytes, packed, { values, start: 2, pitch: width + 2 });
  assertEquals([...values.subarray(0, 2)], [-77, -77]);
  for (let y = 0; y < rows; y++) {
    const row = bytes.slice(y * pitch, y * pitch + bytesOf(dtype, width));
    const want = decodeRows(ops, dtype as Scalar, row, width, 1, { bigEndian });
    const at = 2 + y * (width + 2);
    for (let x = 0; x < width; x++) sameBits(values[at + x]!, want[x]!, `${x}, ${y}`);
    assertEquals([...values.subarray(at + width, at + width + 2)], [-77, -77]);
  }
}

function sameBits(got: number, want: number, where: string): void {
  assert(Object.is(got, want), `${where}: ${got} instead of ${want}`);
}

/** Bit patterns by the platform's own conversions, E4M3 by its table of powers. */
const view = new DataView(new ArrayBuffer(4));
const oracles = {
  F16(bits: number) {
    view.setUint16(0, bits);
    return view.getFloat16(0);
  },
  BF16(bits: number) {
    view.setUint16(0, bits);
    view.setUint16(2, 0);
    return view.getFloat32(0);
  },
  F8_E5M2(bits: number) {
    view.setUint16(0, bits << 8);
    return view.getFloat16(0);
  },
  F8_E4M3(bits: number) {
    const low = bits & 127;
    if (low === 127) return NaN;
    const magnitude = low < 8 ? low / 512 : (8 + low % 8) * 2 ** (Math.floor(low / 8) - 10);
    return bits > 127 ? -magnitude : magnitude;
  },
  F8_E4M3FNUZ(bits: number) {
    if (bits === 128) return NaN;
    const low = bits & 127;
    const magnitude = low < 8 ? low / 1024 : (8 + low % 8) * 2 ** (Math.floor(low / 8) - 11);
    return bits > 127 ? -magnitude : magnitude;
  },
  F8_E5M2FNUZ(bits: number) {
    if (bits === 128) return NaN;
    const low = bits & 127;
    const magnitude = low < 4 ? low * 2 ** -17 : (4 + low % 4) * 2 ** (Math.floor(low / 4) - 18);
    return bits > 127 ? -magnitude : magnitude;
  },
  F8_E8M0(bits: number) {
    return bits === 255 ? NaN : Math.fround(2 ** (bits - 127));
  },
};

/** How a dtype is written, and values of it: those at its edges and where rounding is a matter. */
const samples = {
  F64: [
    (v: DataView, at: number, x: number, le: boolean) => v.setFloat64(at, x, le),
    [...edges, 1e300, -1e300, 1e-300, 0.1, 1 + 2 ** -24, 1 + 3 * 2 ** -24, 3.4028235677973366e38],
  ],
  F32: [(v: DataView, at: number, x: number, le: boolean) => v.setFloat32(at, x, le), edges],
  I64: [
    (v: DataView, at: number, x: number, le: boolean) => v.setBigInt64(at, BigInt(x), le),
    [0, 1, -1, 2 ** 24 + 1, -(2 ** 53), 2 ** 62 + 2 ** 38, 2 ** 40 + 2 ** 16 + 1, -(2 ** 63)],
  ],
  U64: [
    (v: DataView, at: number, x: number, le: boolean) => v.setBigUint64(at, BigInt(x), le),
    [0, 1, 2 ** 24 + 1, 2 ** 24 + 3, 2 ** 53, 2 ** 63, 2 ** 64 - 2 ** 11],
  ],
  I32: [
    (v: DataView, at: number, x: number, le: boolean) => v.setInt32(at, x, le),
    [0, 1, -1, 2 ** 24 + 1, -(2 ** 24) - 3, 2 ** 31 - 1, -(2 ** 31)],
  ],
  U32: [
    (v: DataView, at: number, x: number, le: boolean) => v.setUint32(at, x, le),
    [0, 1, 2 ** 24 + 1, 2 ** 24 + 3, 2 ** 31, 2 ** 32 - 1, 2 ** 32 - 129],
  ],
  I16: [
    (v: DataView, at: number, x: number, le: boolean) => v.setInt16(at, x, le),
    [0, 1, -1, 32767, -32768],
  ],
  U16: [
    (v: DataView, at: number, x: number, le: boolean) => v.setUint16(at, x, le),
    [0, 1, 32768, 65535],
  ],
  I8: [(v: DataView, at: number, x: number) => v.setInt8(at, x), [0, 1, -1, 127, -128]],
  U8: [(v: DataView, at: number, x: number) => v.setUint8(at, x), [0, 1, 128, 255]],
} as const;

/** `length` elements, the edges at both ends, and what they are as float32. */
function sample(
  dtype: keyof typeof samples,
  length: number,
  bigEndian: boolean,
): { bytes: Uint8Array; values: number[] } {
  const [write, pool] = samples[dtype];
  const size = dtypes[dtype];
  const bytes = new Uint8Array(length * size);
  const out = new DataView(bytes.buffer);
  const values = Array.from({ length }, (_, i) => {
    const value = pool[(2 * i < length ? i : length - 1 - i) % pool.length]!;
    write(out, i * size, value, !bigEndian);
    return Math.fround(value);
  });
  return { bytes, values };
}
