import type { SourceRef } from "../../storage/source.ts";
import { type Field, type Scanner, type Span, wires } from "../protobuf.ts";

/** Bytes that a file's values may take in memory where they do not lie in one piece. */
export const MAX_KEPT = 16 << 20;

/** Where the values of a repeated field lie, as they would lie packed. */
export interface Values {
  readonly source: SourceRef;
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

/**
 * A repeated field of numbers, put together from what a scan visits. Packed in one piece, as
 * writers do, it stays where it lies; values that come one by one, or in several pieces, are copied.
 */
export class Repeated {
  readonly #scan: Scanner;
  #only: Span | undefined;
  #copy = new Uint8Array();
  #length = 0;
  #pieces = 0;
  #tooMany = false;

  constructor(scan: Scanner) {
    this.#scan = scan;
  }

  /** Bytes of the values, as they would lie packed. */
  get length(): number {
    return this.#only?.length ?? this.#length;
  }

  /** Adds a field that is being visited. Wait for the promise if there is one. */
  add(field: Field): Promise<void> | void {
    this.#pieces++;
    if (this.#tooMany) return;
    const packed = field.wire === wires.bytes;
    if (this.#pieces === 1 && packed) {
      this.#only = field;
      return;
    }
    if (this.#only || field.length > 10) return this.#addLater(field);
    this.#append(this.#scan.bytes(field));
  }

  /** Where the values lie; undefined where they are too many to be copied together. */
  values(name: string): Values | undefined {
    if (this.#tooMany) return;
    if (this.#only) {
      const { offset, length } = this.#only;
      return { source: this.#scan.source.ref, offset, length };
    }
    const bytes = this.#copy.slice(0, this.#length);
    return { source: { kind: "memory", name, bytes }, offset: 0, length: bytes.length };
  }

  /** The values themselves, as they would lie packed; undefined where they take over `limit` bytes. */
  async read(limit: number): Promise<Uint8Array | undefined> {
    if (this.#tooMany || this.length > limit) return;
    return this.#only
      ? await this.#scan.read(this.#only, limit)
      : this.#copy.slice(0, this.#length);
  }

  async #addLater(field: Span): Promise<void> {
    const spans = this.#only ? [this.#only, field] : [field];
    this.#only = undefined;
    for (const span of spans) {
      if (this.#room(span.length)) this.#append(await this.#scan.read(span, MAX_KEPT));
    }
  }

  #append(bytes: Uint8Array): void {
    if (!this.#room(bytes.length)) return;
    this.#scan.kept += bytes.length;
    const length = this.#length + bytes.length;
    if (length > this.#copy.length) {
      const copy = new Uint8Array(Math.max(64, 2 * length));
      copy.set(this.#copy.subarray(0, this.#length));
      this.#copy = copy;
    }
    this.#copy.set(bytes, this.#length);
    this.#length = length;
  }

  #room(bytes: number): boolean {
    if (this.#scan.kept + bytes > MAX_KEPT) this.#tooMany = true;
    return !this.#tooMany;
  }
}

/** The longest varint, in bytes. */
const LONGEST = 10;

/**
 * Packed varints as `count` little-endian integers, decoded when they are read; undefined where
 * that many cannot lie in those bytes.
 */
export function asIntegers(
  { source, offset, length }: Values,
  count: number,
  itemBytes: number,
): { source: SourceRef; offset: number } | undefined {
  if (length < count || length > LONGEST * count) return;
  const codecs = [{ name: "varints", itemBytes }] as const;
  const size = count * itemBytes;
  return {
    source: { kind: "decoded", from: source, offset, length, size, codecs },
    offset: 0,
  };
}
