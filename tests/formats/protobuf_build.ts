import { concat, utf8 } from "./build.ts";

/** A varint, of 64 bits; negative numbers take ten bytes. */
export function varint(value: number | bigint): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

export const tag = (number: number, wire: number) => varint(BigInt(number) * 8n + BigInt(wire));

/** A field of an integer, a text, or of bytes: a message, packed numbers. */
export function field(
  number: number,
  value: number | bigint | string | Uint8Array,
): Uint8Array<ArrayBuffer> {
  if (typeof value === "number" || typeof value === "bigint") {
    return concat(tag(number, 0), varint(value));
  }
  const bytes = typeof value === "string" ? utf8(value) : value;
  return concat(tag(number, 2), varint(bytes.length), bytes);
}
