import type { FormatError } from "../../errors.ts";
import { malformed } from "../malformed.ts";

// https://protobuf.dev/programming-guides/encoding: a message is a row of fields, each a varint
// `number << 3 | wire`, then its value; values of wire type 2 begin with their length.

/** How a value is written. The other types, 3 and 4, are groups, which nothing read here has. */
export const wires = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Where a message or another value lies. */
export interface Span {
  /** Bytes from the source's start. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  /** Messages around it. */
  readonly depth: number;
}

/** A field; its span is that of its value, without the length before it. */
export interface Field extends Span {
  readonly number: number;
  /** One of `wires`. */
  readonly wire: number;
  /** Of a varint, as a signed integer of 64 bits, rounded to a double; else 0. */
  readonly value: number;
}

/** Bytes of a file, read as fields. Positions are the file's. */
export class Cursor {
  readonly #file: string;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  /** After the last varint. */
  at = 0;

  constructor(file: string, bytes: Uint8Array, start = 0) {
    this.#file = file;
    this.#bytes = bytes;
    this.#start = start;
  }

  get end(): number {
    return this.#start + this.#bytes.length;
  }

  holds(offset: number, length: number): boolean {
    return offset >= this.#start && offset + length <= this.end;
  }

  span(offset: number, length: number): Uint8Array {
    if (!this.holds(offset, length)) throw new Error(`bytes at ${offset} are no longer here`);
    return this.#bytes.subarray(offset - this.#start, offset - this.#start + length);
  }

  /** The field at a position of a message that ends at `end`. */
  field(at: number, end: number, depth: number): Field {
    const tag = this.varint(at, end);
    const number = Math.floor(tag / 8);
    const wire = tag & 7;
    if (number < 1 || number >= 2 ** 29) {
      throw this.#malformed("field number", at, number, "1 to 536870911");
    }
    const from = this.at;
    switch (wire) {
      case wires.varint: {
        const value = this.varint(from, end);
        return { number, wire, value, offset: from, length: this.at - from, depth };
      }
      case wires.bytes: {
        const length = this.varint(from, end);
        const offset = this.at;
        this.#expectRoom(number, offset, length, end);
        return { number, wire, value: 0, offset, length, depth };
      }
      case wires.fixed32:
      case wires.fixed64: {
        const length = wire === wires.fixed32 ? 4 : 8;
        this.#expectRoom(number, from, length, end);
        return { number, wire, value: 0, offset: from, length, depth };
      }
    }
    throw this.#malformed(`wire type of field ${number}`, at, wire, "0, 1, 2 or 5");
  }

  /** The varint at a position, as `Field.value`; it ends before `end`. */
  varint(at: number, end: number): number {
    const bytes = this.#bytes;
    const last = Math.min(end - this.#start, at - this.#start + 10);
    let low = 0;
    let high = 0;
    for (let i = at - this.#start, shift = 0; i < last; i++, shift += 7) {
      const byte = bytes[i]!;
      const bits = byte & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >> 4;
      } else high |= bits << (shift - 32);
      if (byte < 128) {
        this.at = this.#start + i + 1;
        return high * 2 ** 32 + (low >>> 0);
      }
    }
    throw this.#malformed("varint", at, "cut short or too long", "1 to 10 bytes in its message");
  }

  #expectRoom(number: number, offset: number, length: number, end: number): void {
    if (length >= 0 && length <= end - offset) return;
    const rule = `0 to ${end - offset}, as far as its message goes`;
    throw this.#malformed(`length of field ${number}`, offset, length, rule);
  }

  #malformed(what: string, at: number, found: string | number, expected: string): FormatError {
    return malformed(this.#file, `${what} at byte ${at}`, found, expected);
  }
}
