import type { Region } from "./region.ts";

/** Bytes of scratch that a block's planes take, so that they stay in a core's second-level cache. */
const CACHE = 3 << 18;
/** Cells in a row from which on longer rows gain nothing. */
const ROW = 512;

/**
 * Cuts a region into blocks, such that `planes` arrays of a block's float32 cells stay in the cache, with
 * `margin` more on every side: long rows, as many of them as fit.
 */
export function blocksOf(region: Region, planes: number, margin: number): Region[] {
  const cells = CACHE / 4 / planes;
  const wide = Math.min(ROW, 2 * cells ** (1 / region.length));
  const [x, ...others] = region;
  const widths = [Math.min(x!.count, Math.ceil(wide))];
  const rest = cells / (widths[0]! + 2 * margin);
  const side = rest ** (1 / others.length) - 2 * margin;
  for (const { count } of others) widths.push(Math.min(count, Math.max(8, Math.floor(side))));
  return region.reduce<Region[]>(
    (blocks, span, axis) => blocks.flatMap((block) => cut(span, widths[axis]!, block)),
    [[]],
  );
}

/** Adds to a block's spans those of each piece of another axis, all pieces about as long. */
function cut({ first, count }: Region[number], width: number, block: Region): Region[] {
  const pieces = Math.ceil(count / width);
  return Array.from({ length: pieces }, (_, i) => {
    const from = Math.floor(i * count / pieces), to = Math.floor((i + 1) * count / pieces);
    return [...block, { first: first + from, count: to - from }];
  });
}
