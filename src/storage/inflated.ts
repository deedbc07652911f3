import { promisify } from "node:util";
import { crc32, inflateRaw, inflateRawSync, type ZlibOptions } from "node:zlib";
import { FormatError } from "../errors.ts";
import { DEFLATE_RATIO } from "./codecs/zlib.ts";
import type { Source, SourceRef } from "./source.ts";
import { WholeSource } from "./whole.ts";

const inflateAsync = promisify<Uint8Array, ZlibOptions, Uint8Array>(inflateRaw);

type InflatedRef = SourceRef & { readonly kind: "inflated" };

/**
 * A raw deflate stream in `from`, such as a member of an archive. It never grows beyond the
 * declared size. Owns `from`. Throws `FormatError` for a size that deflate cannot reach, or a
 * stream that does not inflate to exactly that size and checksum, and `TooLarge` as `WholeSource` does.
 */
export class InflatedSource extends WholeSource {
  readonly ref: InflatedRef;

  constructor(from: Source, span: Omit<InflatedRef, "kind" | "from">) {
    const name = `${from.name}, stream at byte ${span.offset}`;
    checkRatio(name, span.length, span.size);
    super(from, span, name);
    this.ref = { kind: "inflated", from: from.ref, ...span };
  }

  protected async decode(packed: Uint8Array): Promise<Uint8Array> {
    try {
      return this.#verified(await inflateAsync(packed, this.#options));
    } catch (error) {
      throw this.#broken(error);
    }
  }

  protected decodeSync(packed: Uint8Array): Uint8Array {
    try {
      return this.#verified(inflateRawSync(packed, this.#options));
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
      { file: this.from.name, found, expected: { size, checksum } },
    );
  }

  #broken(error: unknown): unknown {
    if (!(error instanceof Error) || error instanceof FormatError) return error;
    const details = { file: this.from.name, expected: this.size };
    return new FormatError(
      `${this.name} does not inflate to ${this.size} bytes: ${error.message}`,
      details,
      error,
    );
  }
}

/** Throws `FormatError` for a stream of `length` bytes that claims to hold more than deflate can. */
function checkRatio(name: string, length: number, size: number): void {
  if (size <= length * DEFLATE_RATIO) return;
  throw new FormatError(
    `${name}: ${length} bytes claim to inflate to ${size}, at most ${
      length * DEFLATE_RATIO
    } are possible`,
    { file: name, found: size, expected: length * DEFLATE_RATIO },
  );
}
