import type { FormatError } from "../../errors.ts";
import type { Source } from "../../storage/source.ts";
import { malformed } from "../malformed.ts";

/** Chunks begin small and double: a short header costs few bytes, a long one few reads. */
const FIRST_CHUNK = 64 << 10;
const LAST_CHUNK = 1 << 20;
/** A vocabulary of 260,000 tokens with its merges takes about 15 MiB. */
const MAX_READ = 128 << 20;

/**
 * Reads a header from front to back. `need` makes the next bytes readable, the other methods take
 * them; what is skipped is not read where it reaches beyond the chunk at hand.
 */
export class Scanner {
  readonly #source: Source;
  readonly #signal: AbortSignal | undefined;
  #bytes = new Uint8Array();
  #view = new DataView(this.#bytes.buffer);
  /** Place of the chunk in the source, and the next byte's in the chunk; may lie beyond its end. */
  #start = 0;
  #at = 0;
  #chunk = FIRST_CHUNK;
  #read = 0;
  littleEndian = true;

  constructor(source: Source, signal?: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  get file(): string {
    return this.#source.name;
  }

  /** The next byte's place in the file. */
  get position(): number {
    return this.#start + this.#at;
  }

  /** Bytes from there to the file's end. */
  get left(): number {
    return this.#source.size - this.position;
  }

  /** Makes `length` bytes readable. Throws `FormatError` where the file ends before. */
  async need(length: number, what: string): Promise<void> {
    if (this.#at + length <= this.#bytes.length) return;
    if (length > this.left) throw this.#short(length, what);
    const rest = this.#bytes.subarray(this.#at);
    const wanted = Math.min(Math.max(length, this.#chunk), this.left) - rest.length;
    this.#read += wanted;
    if (this.#read > MAX_READ) {
      const rule = `at most ${MAX_READ}`;
      throw malformed(this.file, "header", `more than ${MAX_READ} bytes long`, rule);
    }
    const position = this.position;
    const fresh = await this.#source.read(position + rest.length, wanted, this.#signal);
    this.#bytes = new Uint8Array(rest.length + fresh.length);
    this.#bytes.set(rest);
    this.#bytes.set(fresh, rest.length);
    this.#view = new DataView(this.#bytes.buffer);
    this.#start = position;
    this.#at = 0;
    this.#chunk = Math.min(this.#chunk * 2, LAST_CHUNK);
  }

  /** Takes `length` bytes that were needed before, as a view that `read` reads at 0. */
  take(length: number): DataView {
    const view = new DataView(this.#bytes.buffer, this.#at, length);
    this.#at += length;
    return view;
  }

  u32(): number {
    const value = this.#view.getUint32(this.#at, this.littleEndian);
    this.#at += 4;
    return value;
  }

  /** As a double: exact below 2^53, and far from any size that fits into a file above. */
  u64(): number {
    const value = u64(this.#view, this.#at, this.littleEndian);
    this.#at += 8;
    return value;
  }

  /** Text of `length` bytes that were needed before. Invalid sequences become U+FFFD, or are refused. */
  text(length: number, what?: string): string {
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    try {
      return (what === undefined ? lenient : strict).decode(bytes);
    } catch (cause) {
      const found = `${length} bytes with an invalid sequence`;
      throw malformed(
        this.file,
        `${what} at byte ${this.position - length}`,
        found,
        "UTF-8",
        cause,
      );
    }
  }

  skip(length: number, what: string): void {
    if (length > this.left) throw this.#short(length, what);
    this.#at += length;
  }

  /** Skips strings: each a u64 length and its bytes. */
  async skipStrings(count: number, what: string): Promise<void> {
    for (; count > 0; count--) {
      count -= this.#skipHeld(count);
      if (count === 0) return;
      await this.need(8, what);
      this.skip(this.u64(), what);
    }
  }

  /** As many as lie in the chunk as a whole. */
  #skipHeld(count: number): number {
    const view = this.#view, end = this.#bytes.length, little = this.littleEndian;
    let at = this.#at, skipped = 0;
    while (skipped < count && at + 8 <= end) {
      const next = at + 8 + u64(view, at, little);
      if (next > end) break;
      at = next;
      skipped++;
    }
    this.#at = at;
    return skipped;
  }

  #short(length: number, what: string): FormatError {
    const rule = `at most ${this.left}, where the file of ${this.#source.size} bytes ends`;
    return malformed(this.file, `${what} at byte ${this.position}`, `${length} bytes long`, rule);
  }
}

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

function u64(view: DataView, at: number, little: boolean): number {
  const first = view.getUint32(at, little), second = view.getUint32(at + 4, little);
  return little ? second * 2 ** 32 + first : first * 2 ** 32 + second;
}
