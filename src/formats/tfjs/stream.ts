import type { Piece, Source, SourceRef } from "../../storage/source.ts";

/** The files of one group, end to end: weights lie in them as if they were one file. */
export class Stream {
  /** Bytes. */
  readonly size: number;
  readonly #sources: readonly Source[];
  /** Where each begins in the whole. */
  readonly #starts: readonly number[];
  #taken = 0;

  constructor(sources: readonly Source[]) {
    this.#sources = sources.filter(({ size }) => size > 0);
    let size = 0;
    this.#starts = this.#sources.map((source) => (size += source.size) - source.size);
    this.size = size;
  }

  /** Bytes read of it so far. */
  get taken(): number {
    return this.#taken;
  }

  /** How a span inside the stream is reached; one that lies in several files is put together. */
  place(name: string, offset: number, length: number): { source: SourceRef; offset: number } {
    const parts = this.#parts(offset, length);
    const [first] = parts;
    if (!first) return { source: { kind: "memory", name, bytes: new Uint8Array() }, offset: 0 };
    if (parts.length === 1) return { source: first.source.ref, offset: first.from };
    const pieces = parts.map(({ source, from, length, at }): Piece => (
      { at: [at], shape: [length], source: source.ref, offset: from }
    ));
    const whole = { kind: "assembled", name, shape: [length], itemBytes: 1, pieces } as const;
    return { source: whole, offset: 0 };
  }

  /** Reads a span, up to the stream's end. */
  async read(
    offset: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const room = Math.min(length, this.size - offset);
    this.#taken += room;
    const bytes = new Uint8Array(room);
    for (const { source, from, length, at } of this.#parts(offset, room)) {
      bytes.set(await source.read(from, length, signal), at);
    }
    return bytes;
  }

  /** What each file has of a span: `length` bytes `from` there, that are `at` of the span. */
  #parts(offset: number, length: number) {
    const parts: { source: Source; from: number; length: number; at: number }[] = [];
    for (let i = this.#last(offset), at = 0; at < length; i++) {
      const [source, start] = [this.#sources[i]!, this.#starts[i]!];
      const from = offset + at - start;
      const taken = Math.min(source.size - from, length - at);
      parts.push({ source, from, length: taken, at });
      at += taken;
    }
    return parts;
  }

  /** The file that a byte lies in. */
  #last(offset: number): number {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
