import { promisify } from "node:util";
import { crc32, inflateRaw, inflateRawSync, type ZlibOptions } from "node:zlib";
import { FormatError, TooLarge } from "../errors.ts";
import type { Source, SourceRef } from "./source.ts";
import { checkSpan } from "./span.ts";
import { fingerprint } from "./version.ts";

/** Bytes that one deflated byte can stand for at most (https://www.zlib.net/zlib_tech.html). */
export const MAX_RATIO = 1032;
/** What one member may take of memory; a larger one belongs stored, not deflated. */
const MAX_SIZE = 2 ** 30;

const inflateAsync = promisify<Uint8Array, ZlibOptions, Uint8Array>(inflateRaw);

type InflatedRef = SourceRef & { readonly kind: "inflated" };

/**
 * A raw deflate stream in `from`, inflated whole at the first read, since deflate offers no way to
 * start in the middle. It never grows beyond the declared size. Owns `from`.
 * Throws `FormatError` for a size that deflate cannot reach, or a stream that does not inflate to
 * exactly that size and checksum, and `TooLarge` above 1 GiB.
 */
export class InflatedSource implements Source {
  readonly name: string;
  readonly size: number;
  readonly version: string;
  readonly ref: InflatedRef;
  /** Where `from` need not wait, neither does this. */
  readonly readSync?: (offset: number, into: Uint8Array) => boolean;
  readonly #from: Source;
  #whole: Uint8Array | undefined;
  #coming: Promise<Uint8Array> | undefined;

  constructor(from: Source, span: Omit<InflatedRef, "kind" | "from">) {
    const { offset, length, size } = span;
    this.name = `${from.name}, stream at byte ${offset}`;
    this.size = size;
    this.ref = { kind: "inflated", from: from.ref, ...span };
    this.version = fingerprint(from.version, offset, length, size);
    this.#from = from;
    checkRatio(this.name, length, size);
    if (size > MAX_SIZE) {
      const details = { file: from.name, found: size, expected: MAX_SIZE };
      throw new TooLarge(`${this.name} inflates to ${size} bytes, over ${MAX_SIZE}`, details);
    }
    if (from.readSync) this.readSync = (offset, into) => this.#readSync(offset, into);
  }

  async read(
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    signal?.throwIfAborted();
    checkSpan(this, offset, length);
    this.#coming ??= this.#inflate().finally(() => this.#coming = undefined);
    const whole = this.#whole ?? await this.#coming;
    signal?.throwIfAborted();
    return new Uint8Array(whole.subarray(offset, offset + length));
  }

  check(): void {
    this.#from.check();
  }

  close(): void {
    this.#whole = undefined;
    this.#from.close();
  }

  #readSync(offset: number, into: Uint8Array): boolean {
    checkSpan(this, offset, into.length);
    if (!this.#whole) {
      const packed = new Uint8Array(this.ref.length);
      if (!this.#from.readSync!(this.ref.offset, packed)) return false;
      try {
        this.#whole = this.#verified(inflateRawSync(packed, this.#options));
      } catch (error) {
        throw this.#broken(error);
      }
    }
    into.set(this.#whole.subarray(offset, offset + into.length));
    return true;
  }

  async #inflate(): Promise<Uint8Array> {
    if (this.#whole) return this.#whole;
    const packed = await this.#from.read(this.ref.offset, this.ref.length);
    try {
      return this.#whole = this.#verified(await inflateAsync(packed, this.#options));
    } catch (error) {
      throw this.#broken(error);
    }
  }

  get #options(): ZlibOptions {
    return { maxOutputLength: Math.max(this.size, 1) };
  }

  #verified(whole: Uint8Array): Uint8Array {
    const { size, checksum } = this.ref;
    const found = { size: whole.length, checksum: crc32(whole) };
    if (found.size === size && (checksum ?? found.checksum) === found.checksum) return whole;
    throw new FormatError(
      `${this.name} inflates to ${found.size} bytes with CRC-32 ${found.checksum}, ` +
        `expected ${size} bytes${checksum === undefined ? "" : ` with CRC-32 ${checksum}`}`,
      { file: this.#from.name, found, expected: { size, checksum } },
    );
  }

  #broken(error: unknown): unknown {
    if (!(error instanceof Error) || error instanceof FormatError) return error;
    const details = { file: this.#from.name, expected: this.size };
    return new FormatError(
      `${this.name} does not inflate to ${this.size} bytes: ${error.message}`,
      details,
      error,
    );
  }
}

/** Throws `FormatError` for a stream of `length` bytes that claims to hold more than deflate can. */
function checkRatio(name: string, length: number, size: number): void {
  if (size <= length * MAX_RATIO) return;
  throw new FormatError(
    `${name}: ${length} bytes claim to inflate to ${size}, at most ${
      length * MAX_RATIO
    } are possible`,
    { file: name, found: size, expected: length * MAX_RATIO },
  );
}
