import type { FormatError } from "../../errors.ts";
import { malformed, show } from "../malformed.ts";

/** Bytes of an address and of a length: the superblock says so. */
export interface Sizes {
  readonly offset: number;
  readonly length: number;
}

/** A block of the file, read field by field: little-endian, never beyond its end. */
export class Cursor {
  readonly bytes: Uint8Array;
  /** Where the block begins in the source. */
  readonly start: number;
  readonly sizes: Sizes;
  /** The next byte. */
  at = 0;
  readonly #file: string;
  readonly #what: string;

  /** `what` is what messages call the block. */
  constructor(file: string, what: string, bytes: Uint8Array, start: number, sizes: Sizes) {
    this.#file = file;
    this.#what = what;
    this.bytes = bytes;
    this.start = start;
    this.sizes = sizes;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  refuse(field: string, found: string | number, expected: string): FormatError {
    return malformed(this.#file, `${this.#what}${field && ` ${field}`}`, found, expected);
  }

  u8(): number {
    return this.bytes[this.#step(1)]!;
  }

  u16(): number {
    const at = this.#step(2);
    return this.bytes[at]! | this.bytes[at + 1]! << 8;
  }

  u32(): number {
    return (this.u16() | this.u16() << 16) >>> 0;
  }

  /** An unsigned integer of 1 to 8 bytes; all ones, which mean "none" and "unlimited", are undefined. */
  uint(size: number): number | undefined {
    const at = this.#step(size);
    let value = 0;
    let ones = 255;
    for (let i = at + size - 1; i >= at; i--) {
      const byte = this.bytes[i]!;
      value = value * 256 + byte;
      ones &= byte;
    }
    if (ones === 255) return undefined;
    if (value > Number.MAX_SAFE_INTEGER) throw this.refuse("number", value, "at most 2^53 - 1");
    return value;
  }

  /** A number that has to be one. */
  count(size: number, field: string): number {
    const value = this.uint(size);
    if (value === undefined && size < 8) return 256 ** size - 1;
    if (value === undefined) throw this.refuse(field, "undefined", "a number");
    return value;
  }

  /** An address in the file, undefined for none. */
  offset(): number | undefined {
    return this.uint(this.sizes.offset);
  }

  length(field: string): number {
    return this.count(this.sizes.length, field);
  }

  skip(count: number): void {
    this.#step(count);
  }

  take(count: number): Uint8Array {
    const at = this.#step(count);
    return this.bytes.subarray(at, at + count);
  }

  /** The next `count` bytes as a block of their own. */
  inner(count: number, what: string): Cursor {
    const start = this.start + this.at;
    return new Cursor(this.#file, what, this.take(count), start, this.sizes);
  }

  /** The four letters that a block begins with. */
  signature(expected: string): void {
    const found = String.fromCharCode(...this.take(4));
    if (found !== expected) throw this.refuse("signature", show(found), show(expected));
  }

  version(...known: readonly number[]): number {
    const version = this.u8();
    if (!known.includes(version)) throw this.refuse("version", version, known.join(" or "));
    return version;
  }

  #step(count: number): number {
    const at = this.at;
    if (!(count >= 0 && at + count <= this.bytes.length)) {
      throw this.refuse("size", `${this.bytes.length} bytes`, `at least ${at + count}`);
    }
    this.at = at + count;
    return at;
  }
}

/** Text in UTF-8, to the first zero byte. */
export function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Bytes that a number up to `limit` takes. */
export const bytesFor = (limit: number): number =>
  Math.floor(Math.log2(Math.max(1, limit)) / 8) + 1;
