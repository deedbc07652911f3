import { TooLarge } from "../errors.ts";
import type { Source, SourceRef } from "./source.ts";
import { checkSpan } from "./span.ts";
import { fingerprint } from "./version.ts";

/** What one span may take of memory once decoded. */
const MAX_SIZE = 2 ** 30;
/** Up to here, however few bytes it is decoded from. */
const MODEST = 2 ** 26;
/** Beyond, weights are not packed as tightly as that: a few bytes must not fill every worker. */
const MAX_RATIO = 64;

/** Where the encoded bytes lie, and how many they are once decoded. */
export interface Span {
  readonly offset: number;
  readonly length: number;
  readonly size: number;
}

/**
 * A span of `from` that is decoded whole at the first read, where there is no way to start in the
 * middle. Owns `from`. Throws `TooLarge` above 1 GiB, or 64 MiB that are more than 64 times as many
 * as they are decoded from.
 */
export abstract class WholeSource implements Source {
  abstract readonly ref: SourceRef;
  readonly name: string;
  readonly size: number;
  readonly version: string;
  /** Where `from` need not wait, neither does this. */
  readonly readSync?: (offset: number, into: Uint8Array) => boolean;
  protected readonly from: Source;
  readonly #span: Span;
  #whole: Uint8Array | undefined;
  #coming: Promise<Uint8Array> | undefined;

  constructor(from: Source, span: Span, name: string) {
    this.from = from;
    this.name = name;
    this.size = span.size;
    this.version = fingerprint(from.version, span.offset, span.length, span.size);
    this.#span = span;
    const most = Math.min(MAX_SIZE, Math.max(MODEST, MAX_RATIO * span.length));
    if (span.size > most) {
      const details = { file: from.name, found: span.size, expected: most };
      const sentence = `${name} decodes to ${span.size} bytes, over ${most}; store it unpacked`;
      throw new TooLarge(sentence, details);
    }
    if (from.readSync) this.readSync = (offset, into) => this.#readSync(offset, into);
  }

  /** Exactly `size` bytes, verified, or a `FormatError`; `decode` may leave the thread. */
  protected abstract decode(packed: Uint8Array): Promise<Uint8Array>;
  protected abstract decodeSync(packed: Uint8Array): Uint8Array;

  async read(
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    signal?.throwIfAborted();
    checkSpan(this, offset, length);
    this.#coming ??= this.#decode().finally(() => this.#coming = undefined);
    const whole = this.#whole ?? await this.#coming;
    signal?.throwIfAborted();
    return new Uint8Array(whole.subarray(offset, offset + length));
  }

  check(): void {
    this.from.check();
  }

  close(): void {
    this.#whole = undefined;
    this.from.close();
  }

  #readSync(offset: number, into: Uint8Array): boolean {
    checkSpan(this, offset, into.length);
    if (!this.#whole) {
      const packed = new Uint8Array(this.#span.length);
      if (!this.from.readSync!(this.#span.offset, packed)) {
        into.fill(0);
        return false;
      }
      this.#whole = this.decodeSync(packed);
    }
    into.set(this.#whole.subarray(offset, offset + into.length));
    return true;
  }

  async #decode(): Promise<Uint8Array> {
    if (this.#whole) return this.#whole;
    const packed = await this.from.read(this.#span.offset, this.#span.length);
    return this.#whole = await this.decode(packed);
  }
}
