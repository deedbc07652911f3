import type { SourceRef } from "../storage/source.ts";
import { type Field, type Scan, type Span, wires } from "./protobuf.ts";

/** Bytes that a file's values may take in memory where they do not lie in one piece. */
const MAX_KEPT = 16 << 20;

/** Where the values of a repeated field lie, as they would lie packed. */
export interface Values {
  readonly source: SourceRef;
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

/** What the fields of one scan have put into memory so far. */
export interface Kept {
  bytes: number;
}

/**
 * A repeated field of numbers, put together from what a scan visits. Packed in one piece, as
 * writers do, it stays where it lies; values that come one by one, or in several pieces, are copied.
 */
export class Repeated {
  readonly #scan: Scan;
  readonly #kept: Kept;
  #only: Span | undefined;
  #copy = new Uint8Array();
  #length = 0;
  #pieces = 0;
  #tooMany = false;

  constructor(scan: Scan, kept: Kept) {
    this.#scan = scan;
    this.#kept = kept;
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

  async #addLater(field: Span): Promise<void> {
    const spans = this.#only ? [this.#only, field] : [field];
    this.#only = undefined;
    for (const span of spans) {
      if (this.#room(span.length)) this.#append(await this.#scan.read(span, MAX_KEPT));
    }
  }

  #append(bytes: Uint8Array): void {
    if (!this.#room(bytes.length)) return;
    this.#kept.bytes += bytes.length;
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
    if (this.#kept.bytes + bytes > MAX_KEPT) this.#tooMany = true;
    return !this.#tooMany;
  }
}
