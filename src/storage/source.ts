/** Bytes at a place: a file, a buffer, later an object behind HTTP. Reads are positional. */
export interface Source {
  /** What a message calls it: a path or a URL. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Differs whenever the bytes may differ: size, modification time and a hash of the head. */
  readonly version: string;
  /** How another thread can open the same bytes again. */
  readonly ref: SourceRef;
  /**
   * Exactly `length` bytes from `offset`.
   * Throws `Changed` where the bytes end earlier than `size` said, `AbortError` when cancelled.
   */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** Fills `into` from `offset`; only sources that need not wait have it. */
  readSync?(offset: number, into: Uint8Array): void;
  /** Throws `Changed` if the bytes behind are no longer those that were opened. Cheap: one stat. */
  check(): void;
  close(): void;
}

/** A source as plain data: what travels to a worker, which opens it with handles of its own. */
export type SourceRef =
  | { readonly kind: "file"; readonly path: string; readonly version: string }
  | { readonly kind: "memory"; readonly name: string; readonly bytes: Uint8Array }
  | {
    /** A deflated span of another source, e.g. a compressed member of an archive. */
    readonly kind: "inflated";
    readonly from: SourceRef;
    readonly offset: number;
    readonly length: number;
    /** Bytes once inflated. */
    readonly size: number;
    /** CRC-32 of the inflated bytes, where the archive states it. */
    readonly checksum?: number;
  };
