import { FormatError } from "../errors.ts";
import { decoderOf } from "./codecs/table.ts";
import type { Codec, Source, SourceRef } from "./source.ts";
import { WholeSource } from "./whole.ts";

type DecodedRef = SourceRef & { readonly kind: "decoded" };

/**
 * A span of `from` run through codecs one after the other, such as a compressed chunk. No step
 * makes more bytes than the declared size can have come from. Owns `from`. Throws `FormatError`
 * for a size that the span cannot reach, or for bytes that do not decode to exactly that size, and
 * `TooLarge` as `WholeSource` does.
 */
export class DecodedSource extends WholeSource {
  readonly ref: DecodedRef;

  constructor(from: Source, span: Omit<DecodedRef, "kind" | "from">) {
    const { offset, length, size, codecs } = span;
    const name = `${from.name}, ${codecs.map((codec) => codec.name).join(" ")} at byte ${offset}`;
    const most = codecs.reduce((most, codec) => decoderOf(codec).most(most, codec), length);
    if (size > most) {
      throw new FormatError(
        `${name}: ${length} bytes claim to decode to ${size}, at most ${most} are possible`,
        { file: from.name, found: size, expected: most },
      );
    }
    super(from, span, name);
    this.ref = { kind: "decoded", from: from.ref, ...span };
  }

  // deno-lint-ignore require-await -- a failed step must reject, not throw
  protected async decode(packed: Uint8Array): Promise<Uint8Array> {
    return this.decodeSync(packed);
  }

  protected decodeSync(packed: Uint8Array): Uint8Array {
    const { size, codecs } = this.ref;
    let bytes = packed;
    limits(size, codecs).forEach((limit, i) => {
      const codec = codecs[i]!;
      try {
        bytes = decoderOf(codec).decode(bytes, limit, codec);
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        throw this.#broken(`: ${codec.name}: ${error.message}`, error);
      }
    });
    if (bytes.length !== size) throw this.#broken(` but to ${bytes.length}`);
    return bytes;
  }

  #broken(why: string, cause?: unknown): FormatError {
    const details = { file: this.from.name, expected: this.size };
    return new FormatError(
      `${this.name} does not decode to ${this.size} bytes${why}`,
      details,
      cause,
    );
  }
}

/** How many bytes each step may make, so that the last makes `size`. */
function limits(size: number, codecs: readonly Codec[]): number[] {
  const found: number[] = [];
  let limit = size;
  for (const codec of codecs.toReversed()) {
    found.unshift(limit);
    limit = decoderOf(codec).before(limit, codec);
  }
  return found;
}
