import { inflateSync } from "node:zlib";
import type { Decoder } from "./codec.ts";

/** Bytes that one deflated byte can stand for at most (https://www.zlib.net/zlib_tech.html). */
export const DEFLATE_RATIO = 1032;

/** A zlib stream (RFC 1950): HDF5's filter "deflate", compressed shards. */
export const zlib: Decoder = {
  most: (length) => length * DEFLATE_RATIO,
  // What does not compress grows by 5 bytes a block; small blocks, as some writers make, cost more.
  before: (size) => 2 * size + 1024,
  decode: (bytes, limit) => inflateSync(bytes, { maxOutputLength: Math.max(limit, 1) }),
};
