import type { Cursor } from "./cursor.ts";

/** HDF5's own bound. */
const MAX_RANK = 32;

/** The sides of an array. */
export interface Dataspace {
  readonly shape: readonly number[];
  /** How far each may grow; undefined for without limit. */
  readonly most: readonly (number | undefined)[];
  readonly count: number;
  /** Whether it has no elements by design. */
  readonly none: boolean;
}

/** The dataspace message, version 1 or 2. */
export function parseDataspace(body: Cursor): Dataspace {
  const version = body.version(1, 2);
  const rank = body.u8();
  if (rank > MAX_RANK) throw body.refuse("rank", rank, `at most ${MAX_RANK}`);
  const growing = (body.u8() & 1) !== 0;
  const none = body.u8() === 2 && version === 2;
  if (version === 1) body.skip(4);
  const shape = Array.from({ length: rank }, () => body.length("dimension"));
  const most = growing ? Array.from({ length: rank }, () => body.uint(body.sizes.length)) : shape;
  const extent = shape.reduce((count, side) => count * Math.max(side, 1), 1);
  if (!Number.isSafeInteger(extent)) {
    throw body.refuse("dimensions", `[${shape.join(", ")}]`, "a product below 2^53");
  }
  const count = none ? 0 : shape.includes(0) ? 0 : extent;
  return { shape, most, count, none };
}
