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
  /**
   * Fills `into` from `offset`; only sources that need not wait have it. False where bytes have to
   * be fetched first: the source has noted which, and `into` is as if they were zeros.
   */
  readSync?(offset: number, into: Uint8Array): boolean;
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
  }
  | {
    /** A span of another source that has to be decoded whole, e.g. a compressed chunk. */
    readonly kind: "decoded";
    readonly from: SourceRef;
    readonly offset: number;
    readonly length: number;
    /** Bytes once decoded. */
    readonly size: number;
    /** Applied one after the other. */
    readonly codecs: readonly Codec[];
  }
  | {
    /** An array put together of rectangular pieces: chunks, slices of a partitioned variable. */
    readonly kind: "assembled";
    readonly name: string;
    /** The whole, row-major: its sides, and bytes of an element. */
    readonly shape: readonly number[];
    readonly itemBytes: number;
    readonly pieces: readonly Piece[];
  }
  | {
    /** An object behind HTTP. */
    readonly kind: "remote";
    readonly url: string;
    readonly size: number;
    readonly version: string;
  };

/** One step of decoding, as plain data; `codecs/` has a file for each. */
export type Codec =
  | { readonly name: "zlib" }
  /** Bytes regrouped by significance: all first bytes of the elements, then all second ones. */
  | { readonly name: "shuffle"; readonly itemBytes: number }
  | { readonly name: "fletcher32" }
  /** Protobuf's variable-length integers, to little-endian integers of that many bytes. */
  | { readonly name: "varints"; readonly itemBytes: number }
  /** Numbers as text, separated by commas, brackets or white space, to float64. */
  | { readonly name: "numbers" };

/** A row-major box of an assembled array. Where it hangs over the array's end, it is cut. */
export interface Piece {
  /** Index of its first element in the whole. */
  readonly at: readonly number[];
  readonly shape: readonly number[];
  readonly source: SourceRef;
  readonly offset: number;
}
