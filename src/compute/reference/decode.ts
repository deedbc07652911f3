import { type Blocked, dtypes, isBlocked, packingOf, type Scalar } from "../../formats/format.ts";
import { checkDecode } from "../bounds.ts";
import type { Packed, Target } from "../ops.ts";
import { decoders } from "./blocks/table.ts";

/** Raw bytes to float32: exact where it can be, else rounded to nearest (64-bit by way of float64). */
export function decode(bytes: Uint8Array, packed: Packed, target: Target): void {
  checkDecode(bytes, packed, target);
  const { dtype } = packed;
  if (isBlocked(dtype)) return decodeBlocks(bytes, packed, dtype, target);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = readers[dtype];
  const size = dtypes[dtype];
  for (let y = 0; y < packed.rows; y++) {
    for (let x = 0; x < packed.width; x++) {
      target.values[target.start + y * target.pitch + x] = //
        read(view, y * packed.pitch + x * size, !packed.bigEndian);
    }
  }
}

function decodeBlocks(bytes: Uint8Array, packed: Packed, dtype: Blocked, target: Target): void {
  const { elements, bytes: size } = packingOf(dtype);
  for (let y = 0; y < packed.rows; y++) {
    for (let x = 0; x < packed.width; x += elements) {
      const at = bytes.byteOffset + y * packed.pitch + x / elements * size;
      const to = target.start + y * target.pitch + x;
      const block = new DataView(bytes.buffer, at, size);
      decoders[dtype](block, target.values.subarray(to, to + elements), !packed.bigEndian);
    }
  }
}

const readers: Record<Scalar, (view: DataView, at: number, littleEndian: boolean) => number> = {
  F64: (view, at, little) => view.getFloat64(at, little),
  F32: (view, at, little) => view.getFloat32(at, little),
  F16: (view, at, little) => unpack(view.getUint16(at, little), 5, 10, "ieee"),
  BF16: (view, at, little) => unpack(view.getUint16(at, little), 8, 7, "ieee"),
  F8_E4M3: (view, at) => unpack(view.getUint8(at), 4, 3, "finite"),
  F8_E5M2: (view, at) => unpack(view.getUint8(at), 5, 2, "ieee"),
  F8_E4M3FNUZ: (view, at) => unpack(view.getUint8(at), 4, 3, "unsigned zero"),
  F8_E5M2FNUZ: (view, at) => unpack(view.getUint8(at), 5, 2, "unsigned zero"),
  F8_E8M0: (view, at) => powerOfTwo(view.getUint8(at)),
  I64: (view, at, little) => Number(view.getBigInt64(at, little)),
  I32: (view, at, little) => view.getInt32(at, little),
  I16: (view, at, little) => view.getInt16(at, little),
  I8: (view, at) => view.getInt8(at),
  U64: (view, at, little) => Number(view.getBigUint64(at, little)),
  U32: (view, at, little) => view.getUint32(at, little),
  U16: (view, at, little) => view.getUint16(at, little),
  U8: (view, at) => view.getUint8(at),
  BOOL: (view, at) => (view.getUint8(at) === 0 ? 0 : 1),
};

/**
 * The value of a binary float with `e` exponent and `m` fraction bits. "ieee": the highest exponent
 * is that of infinity and NaN; "finite": only all ones is NaN, there is no infinity; "unsigned
 * zero": what would be −0 is NaN, there is no infinity, and exponents count from one lower.
 */
function unpack(
  bits: number,
  e: number,
  m: number,
  kind: "ieee" | "finite" | "unsigned zero",
): number {
  const sign = (bits >> (e + m)) & 1 ? -1 : 1;
  const exponent = (bits >> m) & ((1 << e) - 1);
  const fraction = bits & ((1 << m) - 1);
  const bias = (1 << (e - 1)) - (kind === "unsigned zero" ? 0 : 1);
  const last = exponent === (1 << e) - 1;
  if (last && kind === "ieee") return fraction === 0 ? sign * Infinity : NaN;
  if (last && fraction === (1 << m) - 1 && kind === "finite") return NaN;
  if (bits === 1 << (e + m) && kind === "unsigned zero") return NaN;
  return exponent === 0
    ? sign * fraction * 2 ** (1 - bias - m)
    : sign * (1 + fraction / (1 << m)) * 2 ** (exponent - bias);
}

/** An exponent alone, as MX formats scale by. */
const powerOfTwo = (exponent: number) => exponent === 255 ? NaN : 2 ** (exponent - 127);
