import type { Scalar } from "../format.ts";
import type { Cursor } from "./cursor.ts";
import { text } from "./cursor.ts";

/** How an element is stored. */
export interface Datatype {
  /** Bytes of an element. */
  readonly size: number;
  readonly bigEndian: boolean;
  /** The type it is drawn as; undefined where it cannot be. */
  readonly dtype: Scalar | undefined;
  /** What an element is, for a sentence: "strings", "complex numbers". */
  readonly what: string;
  /** How text is stored: in place, or in a heap that the element points to. */
  readonly text: "fixed" | "variable" | undefined;
}

const CLASS = { fixed: 0, float: 1, text: 3, bits: 4, enumeration: 8, variable: 9 } as const;
const others: Readonly<Record<number, string>> = {
  2: "times",
  5: "opaque bytes",
  6: "compounds of several numbers, such as complex ones",
  7: "references",
  10: "arrays",
  11: "complex numbers",
};

/** The datatype message. */
export function parseDatatype(body: Cursor): Datatype {
  const head = body.u8();
  const kind = head & 15;
  if (head >> 4 < 1 || head >> 4 > 5) throw body.refuse("version", head >> 4, "1 to 5");
  const flags = body.u8() | body.u8() << 8 | body.u8() << 16;
  const size = body.u32();
  if (size === 0) throw body.refuse("size", 0, "at least one byte");
  const bigEndian = (flags & 1) !== 0;
  const none = { size, bigEndian, dtype: undefined, text: undefined };
  if (kind === CLASS.fixed || kind === CLASS.bits) {
    const whole = isWhole(body, size);
    const dtype = whole ? integer(size, (flags & 8) !== 0) : undefined;
    return { ...none, dtype, what: `integers of ${size} bytes${whole ? "" : ", not all used"}` };
  }
  if (kind === CLASS.float) {
    // Bit 6 set with bit 0 is VAX order.
    const dtype = (flags & 0x40) === 0 ? float(body, size) : undefined;
    return {
      ...none,
      dtype,
      what: `floating-point numbers of ${size} bytes, of an unknown layout`,
    };
  }
  if (kind === CLASS.enumeration) return enumeration(body, flags & 0xffff);
  if (kind === CLASS.text) return { ...none, text: "fixed", what: "text" };
  if (kind === CLASS.variable) {
    const isText = (flags & 15) === 1;
    return {
      ...none,
      text: isText ? "variable" : undefined,
      what: isText ? "text" : "lists of varying length",
    };
  }
  const what = others[kind];
  if (!what) throw body.refuse("class", kind, "0 to 11");
  return { ...none, what };
}

/** Whether all bits of an integer count. */
function isWhole(body: Cursor, size: number): boolean {
  const offset = body.u16();
  const precision = body.u16();
  return offset === 0 && precision === 8 * size;
}

function integer(size: number, signed: boolean): Scalar | undefined {
  const index = [1, 2, 4, 8].indexOf(size);
  return (signed ? (["I8", "I16", "I32", "I64"] as const) : (["U8", "U16", "U32", "U64"] as const))[
    index
  ];
}

/** By bytes, places and sizes of exponent and mantissa, and the exponent's bias. */
const floats: Readonly<Record<string, Scalar>> = {
  "8: 52 11, 0 52, 1023": "F64",
  "4: 23 8, 0 23, 127": "F32",
  "2: 10 5, 0 10, 15": "F16",
  "2: 7 8, 0 7, 127": "BF16",
  "1: 3 4, 0 3, 7": "F8_E4M3",
  "1: 2 5, 0 2, 15": "F8_E5M2",
};

function float(body: Cursor, size: number): Scalar | undefined {
  if (!isWhole(body, size)) return undefined;
  const [exponentAt, exponent, mantissaAt, mantissa] = body.take(4);
  const layout = `${size}: ${exponentAt} ${exponent}, ${mantissaAt} ${mantissa}, ${body.u32()}`;
  return floats[layout];
}

/** Named integers; of the names FALSE and TRUE alone, as NumPy's booleans are stored. */
function enumeration(body: Cursor, count: number): Datatype {
  const base = parseDatatype(body.inner(12, "datatype of an enumeration"));
  const names = text(body.take(Math.min(6, body.left)));
  const isBool = count === 2 && names === "FALSE" && base.size === 1;
  return { ...base, dtype: isBool ? "BOOL" : base.dtype };
}
