import type { Source, SourceRef } from "./source.ts";

/** Counts what is read of a source. */
export class MeteredSource implements Source {
  readonly readSync?: (offset: number, into: Uint8Array) => boolean;
  readonly #inner: Source;
  #reads = 0;
  #bytes = 0;

  constructor(inner: Source) {
    this.#inner = inner;
    if (!inner.readSync) return;
    this.readSync = (offset, into) => {
      this.#count(into.length);
      return inner.readSync!(offset, into);
    };
  }

  get name(): string {
    return this.#inner.name;
  }

  get size(): number {
    return this.#inner.size;
  }

  get version(): string {
    return this.#inner.version;
  }

  get ref(): SourceRef {
    return this.#inner.ref;
  }

  /** Reads asked for so far. */
  get reads(): number {
    return this.#reads;
  }

  /** Bytes asked for so far. */
  get bytes(): number {
    return this.#bytes;
  }

  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    this.#count(length);
    return this.#inner.read(offset, length, signal);
  }

  check(): void {
    this.#inner.check();
  }

  close(): void {
    this.#inner.close();
  }

  #count(length: number): void {
    this.#reads++;
    this.#bytes += length;
  }
}
