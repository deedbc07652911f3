import type { Codec } from "../../storage/source.ts";
import type { Cursor } from "./cursor.ts";
import { text } from "./cursor.ts";

/** Filters with a number of their own; above these they bring a name along. */
const names: Readonly<Record<number, string>> = {
  1: "deflate",
  2: "shuffle",
  3: "fletcher32",
  4: "szip",
  5: "nbit",
  6: "scaleoffset",
  32000: "lzf",
  32001: "blosc",
  32004: "lz4",
  32008: "bitshuffle",
  32015: "zstd",
};
const MAX_FILTERS = 32;

/** What a chunk went through when it was written, in that order. */
export interface Filter {
  readonly name: string;
  /** How it is undone; undefined where that is not known here. */
  readonly codec: Codec | undefined;
}

/** The filter pipeline message, version 1 or 2. `itemBytes` are those of an element. */
export function parseFilters(body: Cursor, itemBytes: number): Filter[] {
  const version = body.version(1, 2);
  const count = body.u8();
  if (count > MAX_FILTERS) throw body.refuse("filters", count, `at most ${MAX_FILTERS}`);
  if (version === 1) body.skip(6);
  return Array.from({ length: count }, () => filter(body, version, itemBytes));
}

function filter(body: Cursor, version: number, itemBytes: number): Filter {
  const id = body.u16();
  const named = version === 1 || id >= 256 ? body.u16() : 0;
  body.skip(2); // flags
  const values = body.u16();
  const stated = text(body.take(version === 1 ? Math.ceil(named / 8) * 8 : named));
  const width = values > 0 ? body.u32() : itemBytes;
  body.skip(4 * Math.max(0, values - 1));
  if (version === 1 && values % 2 === 1) body.skip(4);
  const name = names[id] ?? (stated || `number ${id}`);
  return { name, codec: codecOf(id, width || itemBytes) };
}

function codecOf(id: number, itemBytes: number): Codec | undefined {
  if (id === 1) return { name: "zlib" };
  if (id === 2) return { name: "shuffle", itemBytes };
  if (id === 3) return { name: "fletcher32" };
  return undefined;
}
