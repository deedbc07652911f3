import type { Cursor } from "./cursor.ts";

/** Where the elements of a data set lie. */
export type Layout =
  /** In the header itself. */
  | { readonly kind: "compact"; readonly start: number; readonly size: number }
  /** One after the other; not there yet where the address is undefined. */
  | { readonly kind: "contiguous"; readonly address: number | undefined }
  | Chunked
  | { readonly kind: "virtual" };

export interface Chunked {
  readonly kind: "chunked";
  /** Sides of a chunk, in elements. */
  readonly chunk: readonly number[];
  readonly index: ChunkIndex;
  /** Where the index begins; undefined where nothing was written. */
  readonly address: number | undefined;
  /** Whether chunks that hang over an edge went through no filter. */
  readonly plainEdges: boolean;
}

/** What finds a chunk. */
export type ChunkIndex =
  | { readonly kind: "B-tree 1" | "implicit" | "B-tree 2" }
  /** The only chunk; size and filters where it went through any. */
  | { readonly kind: "single"; readonly size?: number; readonly mask?: number }
  | { readonly kind: "fixed array" | "extensible array" };

const CLASS = { compact: 0, contiguous: 1, chunked: 2, virtual: 3 } as const;
const MAX_RANK = 33;

/** The data layout message, versions 1 to 5. */
export function parseLayout(body: Cursor): Layout {
  const version = body.version(1, 2, 3, 4, 5);
  if (version < 3) return early(body);
  const kind = body.u8();
  if (kind === CLASS.compact) {
    const size = body.u16();
    return compact(body, size);
  }
  if (kind === CLASS.contiguous) return { kind: "contiguous", address: body.offset() };
  if (kind === CLASS.virtual && version > 3) return { kind: "virtual" };
  if (kind !== CLASS.chunked) throw body.refuse("class", kind, version > 3 ? "0 to 3" : "0 to 2");
  return version === 3 ? chunked3(body) : chunked4(body);
}

function early(body: Cursor): Layout {
  const rank = checkRank(body, body.u8());
  const kind = body.u8();
  body.skip(5);
  const address = kind === CLASS.compact ? undefined : body.offset();
  const sides = Array.from({ length: rank }, () => body.u32());
  if (kind === CLASS.compact) return compact(body, body.u32());
  if (kind === CLASS.contiguous) return { kind: "contiguous", address };
  if (kind === CLASS.chunked) return chunked(body, sides, { kind: "B-tree 1" }, address);
  throw body.refuse("class", kind, "0 to 2");
}

function compact(body: Cursor, size: number): Layout {
  const start = body.start + body.at;
  body.skip(size);
  return { kind: "compact", start, size };
}

function chunked3(body: Cursor): Chunked {
  const rank = checkRank(body, body.u8());
  const address = body.offset();
  const sides = Array.from({ length: rank }, () => body.u32());
  return chunked(body, sides, { kind: "B-tree 1" }, address);
}

function chunked4(body: Cursor): Chunked {
  const flags = body.u8();
  const rank = checkRank(body, body.u8());
  const width = body.u8();
  if (width < 1 || width > 8) throw body.refuse("bytes of a side", width, "1 to 8");
  const sides = Array.from({ length: rank }, () => body.count(width, "side of a chunk"));
  const index = chunkIndex(body, (flags & 2) !== 0);
  return chunked(body, sides, index, body.offset(), (flags & 1) !== 0);
}

/** What indexes say here of how they are made, their own headers say again. */
function chunkIndex(body: Cursor, filtered: boolean): ChunkIndex {
  const kind = body.u8();
  switch (kind) {
    case 1: {
      if (!filtered) return { kind: "single" };
      const size = body.length("size of the chunk");
      return { kind: "single", size, mask: body.u32() };
    }
    case 2:
      return { kind: "implicit" };
    case 3:
      body.skip(1);
      return { kind: "fixed array" };
    case 4:
      body.skip(5);
      return { kind: "extensible array" };
    case 5:
      body.skip(6);
      return { kind: "B-tree 2" };
    default:
      throw body.refuse("chunk index", kind, "1 to 5");
  }
}

/** The last side is the bytes of an element. */
function chunked(
  body: Cursor,
  sides: readonly number[],
  index: ChunkIndex,
  address: number | undefined,
  plainEdges = false,
): Chunked {
  const chunk = sides.slice(0, -1);
  if (sides.includes(0) || !Number.isSafeInteger(sides.reduce((a, b) => a * b, 1))) {
    throw body.refuse("chunk", `[${sides.join(", ")}]`, "sides above 0, a product below 2^53");
  }
  return { kind: "chunked", chunk, index, address, plainEdges };
}

function checkRank(body: Cursor, rank: number): number {
  if (rank >= 1 && rank <= MAX_RANK) return rank;
  throw body.refuse("rank", rank, `1 to ${MAX_RANK}`);
}
