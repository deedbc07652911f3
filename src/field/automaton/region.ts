/** What lies beyond a plane: the cell at its edge, the plane again, or nothing. */
export type Edges = "clamp" | "wrap" | "zero";

/** `count` cells of an axis, from `first` on; where edges wrap, the axis goes on at both ends. */
export interface Span {
  readonly first: number;
  readonly count: number;
}

/** A rectangle of cells, or a box of voxels: its spans along x, y and, of a volume, z. */
export type Region = readonly Span[];

/** How large a plane or a volume is, along the same axes. */
export type Size = readonly number[];

/** All of a plane, or of a volume. */
export const wholeOf = (size: Size): Region => size.map((count) => ({ first: 0, count }));

export const cellsOf = (region: Region): number =>
  region.reduce((cells, { count }) => cells * count, 1);

/** The remainder that is never negative. */
export const modulo = (a: number, b: number): number => ((a % b) + b) % b;

/**
 * The cells on which those of a region depend that a step looks at from `reach` cells away: they shrink
 * to the region in one step. Where an axis is too short for that, all of it, turned so that the region
 * lies in its middle: what depends on fewer cells later on is without a gap in it.
 */
export function before(region: Region, size: Size, edges: Edges, reach: number): Region {
  return region.map(({ first, count }, axis) => {
    const length = size[axis]!;
    if (edges !== "wrap") {
      const from = Math.max(0, first - reach), to = Math.min(length, first + count + reach);
      return { first: from, count: to - from };
    }
    if (count + 2 * reach <= length) return { first: first - reach, count: count + 2 * reach };
    return { first: first - Math.floor((length - count) / 2), count: length };
  });
}

/** The cells that must be known for those of a region to be known `steps` later. */
export function haloOf(
  region: Region,
  steps: number,
  size: Size,
  edges: Edges,
  reach = 1,
): Region {
  let halo = region;
  for (let i = 0; i < steps && !isWhole(halo, size); i++) halo = before(halo, size, edges, reach);
  return halo;
}

/** Whether a region has every cell: then it depends on no others. */
const isWhole = (region: Region, size: Size): boolean =>
  region.every(({ count }, axis) => count >= size[axis]!);

/** Where on an axis a region's cells are kept, the cell `at` is. */
export const indexIn = (span: Span, at: number, length: number, edges: Edges): number =>
  edges === "wrap" ? modulo(at - span.first, length) : at - span.first;

/** Whether `outer` has all cells of `inner`. */
export function covers(outer: Region, inner: Region, size: Size, edges: Edges): boolean {
  return inner.every(({ first, count }, axis) => {
    const span = outer[axis]!;
    if (edges === "wrap" && span.count >= size[axis]!) return true;
    const from = indexIn(span, first, size[axis]!, edges);
    return from >= 0 && from + count <= span.count;
  });
}
